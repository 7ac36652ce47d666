-- Notes and scores of sessions and messages (seq 0 is the session itself), and who looks after a session.

create table notes (
  workspace_id text not null,
  session_id text not null,
  id text not null,
  seq integer not null,
  text text not null,
  author text not null,
  created_by text not null,
  created_at integer not null,
  primary key (workspace_id, session_id, id)
) without rowid;

-- An author has one score of a name for a session or message.
create table scores (
  workspace_id text not null,
  session_id text not null,
  seq integer not null,
  name text not null,
  author text not null,
  id text not null,
  value real,
  label text,
  comment text,
  created_by text not null,
  created_at integer not null,
  primary key (workspace_id, session_id, seq, name, author)
) without rowid;
create index scores_by_name on scores (workspace_id, name, session_id);

alter table sessions add column assignee text;
create index sessions_by_assignee on sessions (workspace_id, assignee, updated_at, id, version) where assignee is not null;
