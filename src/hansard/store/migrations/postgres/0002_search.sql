-- The search index, and what cursors need to hold a walk still while writers run.

-- A session's place in the other orders before a change; was_title only where the title changed.
alter table session_events add column was_active_at bigint;
alter table session_events add column was_title text collate "C";

-- Which of a workspace's changes the index has seen: those up to this generation.
create table search_workspaces (
  workspace_id text collate "C" not null primary key,
  generation bigint not null
);

-- How far a session is indexed: its messages up to seq, and its title or not.
create table search_sessions (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  seq bigint not null,
  titled bigint not null,
  primary key (workspace_id, session_id)
);

-- Words arrive folded, each behind its workspace's code; seq 0 is the title. In a table of its own, so that appends do not pay for the index.
create table search_index (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  seq bigint not null,
  words tsvector not null,
  primary key (workspace_id, session_id, seq)
);
-- A search reads through what is pending: little, though inserts are cheapest in heaps.
create index search_index_by_words on search_index using gin (words) with (gin_pending_list_limit = 256);

-- What few sessions have: asking for the others walks the plain order.
create index sessions_by_model on sessions (workspace_id, model, updated_at, id) where model is not null;
create index sessions_by_trigger on sessions (workspace_id, trigger_type, updated_at, id) where trigger_type is not null;
create index sessions_archived on sessions (workspace_id, updated_at, id) where archived_at is not null;
create index sessions_ended on sessions (workspace_id, updated_at, id) where ended_at is not null;
create index sessions_empty on sessions (workspace_id, updated_at, id) where message_count = 0;
