-- Deleted sessions whose messages are still to be removed, up to last_seq; they go in several transactions, the last ones first.
-- handle is the session's in the word index, indexed up to which message it knows them; null when it knew none.

create table removals (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  last_seq bigint not null,
  handle text collate "C",
  indexed bigint not null,
  primary key (workspace_id, session_id)
);
