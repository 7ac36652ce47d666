-- The search index, and what cursors need to hold a walk still while writers run.

-- A session's place in the other orders before a change; was_title only where the title changed.
alter table session_events add column was_active_at integer;
alter table session_events add column was_title text;

-- Which of a workspace's changes the index has seen: those up to this generation. The number becomes the code in front of its words.
create table search_workspaces (
  number integer primary key autoincrement,
  workspace_id text not null unique,
  generation integer not null
);

-- How far a session is indexed: its messages up to seq, and its title or not. The number and a message's seq together are its row of the index.
create table search_sessions (
  number integer primary key autoincrement,
  workspace_id text not null,
  session_id text not null,
  seq integer not null,
  titled integer not null,
  unique (workspace_id, session_id)
);

-- Words arrive folded, each behind its workspace's code. secure-delete takes a deleted word out of the file's pages at once.
create virtual table search_index using fts5 (words, content = '', columnsize = 0, tokenize = "ascii tokenchars '_='");
insert into search_index (search_index, rank) values ('secure-delete', 1);

-- What is to be taken out of the index: the words of deleted messages, here until then.
create table search_erasures (
  doc integer primary key,
  code text not null,
  role text not null,
  parts text not null
);

-- What few sessions have: asking for the others walks the plain order.
create index sessions_by_model on sessions (workspace_id, model, updated_at, id) where model is not null;
create index sessions_by_trigger on sessions (workspace_id, trigger_type, updated_at, id) where trigger_type is not null;
create index sessions_archived on sessions (workspace_id, updated_at, id) where archived_at is not null;
create index sessions_ended on sessions (workspace_id, updated_at, id) where ended_at is not null;
create index sessions_empty on sessions (workspace_id, updated_at, id) where message_count = 0;

-- What SQLite's planner is told of the sizes, since it is never let count: a filter's index leaves fewer rows than the workspace has.
analyze;
delete from sqlite_stat1;
insert into sqlite_stat1 (tbl, idx, stat) values
  ('sessions', 'sessions', '1000000 10000 1'),
  ('sessions', 'sessions_by_own_id', '500000 5000 1'),
  ('sessions', 'sessions_by_safe_id', '100000 1000 1'),
  ('sessions', 'sessions_by_updated', '1000000 10000 1 1 1'),
  ('sessions', 'sessions_by_created', '1000000 10000 1 1 1'),
  ('sessions', 'sessions_by_active', '1000000 10000 1 1 1 1'),
  ('sessions', 'sessions_by_title', '1000000 10000 2 1'),
  ('sessions', 'sessions_by_titled', '1000000 10000 5000 2 1'),
  ('sessions', 'sessions_by_branch', '1000000 10000 4000 1 1 1'),
  ('sessions', 'sessions_by_kind', '100000 1000 300 1 1'),
  ('sessions', 'sessions_by_state', '100000 1000 200 1 1 1'),
  ('sessions', 'sessions_by_resolution', '300000 3000 1500 1 1'),
  ('sessions', 'sessions_by_channel', '1000000 10000 1500 1 1 1'),
  ('sessions', 'sessions_by_app', '1000000 10000 1500 1 1 1'),
  ('sessions', 'sessions_by_agent', '1000000 10000 1500 1 1 1'),
  ('sessions', 'sessions_by_user', '1000000 10000 10 1 1 1'),
  ('sessions', 'sessions_by_workflow', '300000 3000 50 1 1'),
  ('sessions', 'sessions_by_parent', '100000 1000 3 1 1'),
  ('sessions', 'sessions_by_intent', '500000 5000 100 1 1'),
  ('sessions', 'sessions_by_model', '1000000 10000 1500 1 1'),
  ('sessions', 'sessions_by_trigger', '300000 3000 500 1 1'),
  ('sessions', 'sessions_archived', '50000 500 1 1'),
  ('sessions', 'sessions_ended', '500000 5000 1 1'),
  ('sessions', 'sessions_empty', '20000 200 1 1'),
  ('session_tags', 'session_tags', '1000000 10000 200 1'),
  ('session_tags', 'session_tags_by_session', '1000000 10000 2'),
  ('messages', 'messages', '5000000 50000 5 1'),
  ('messages', 'messages_by_client_id', '2000000 20000 5 1');
analyze sqlite_schema;
