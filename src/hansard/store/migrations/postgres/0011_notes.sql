-- Notes and scores of sessions and messages (seq 0 is the session itself), and who looks after a session.

create table notes (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  id text collate "C" not null,
  seq bigint not null,
  text text collate "C" not null,
  author text collate "C" not null,
  created_by text collate "C" not null,
  created_at bigint not null,
  primary key (workspace_id, session_id, id)
);

-- An author has one score of a name for a session or message.
create table scores (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  seq bigint not null,
  name text collate "C" not null,
  author text collate "C" not null,
  id text collate "C" not null,
  value double precision,
  label text collate "C",
  comment text collate "C",
  created_by text collate "C" not null,
  created_at bigint not null,
  primary key (workspace_id, session_id, seq, name, author)
);
create index scores_by_name on scores (workspace_id, name, session_id);

alter table sessions add column assignee text collate "C";
create index sessions_by_assignee on sessions (workspace_id, assignee, updated_at, id, version) where assignee is not null;
