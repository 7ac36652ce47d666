-- Deleted sessions whose messages are still to be removed, up to last_seq; they go in several transactions, the last ones first.
-- handle is the session's in the word index, indexed up to which message it knows them; null when it knew none.

create table removals (
  workspace_id text not null,
  session_id text not null,
  last_seq integer not null,
  handle integer,
  indexed integer not null,
  primary key (workspace_id, session_id)
) without rowid;
