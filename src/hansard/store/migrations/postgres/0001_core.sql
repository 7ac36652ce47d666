-- Workspaces, keys, sessions, messages, runs, events, counters, idempotency.
-- Times are integer microseconds, JSON is text, facts are nullable times.
-- The workspace comes first in every key and index of a tenant's table.

create table workspaces (
  id text collate "C" not null primary key,
  name text collate "C" not null unique,
  created_at bigint not null,
  settings text not null
);

-- One hot row per workspace: the generation grows with every change of it.
create table workspace_counters (
  workspace_id text collate "C" not null primary key,
  generation bigint not null,
  next_lapse_at bigint
);
create index workspace_counters_by_lapse on workspace_counters (next_lapse_at) where next_lapse_at is not null;

-- How many sessions have this value: exact totals without counting.
create table session_counts (
  workspace_id text collate "C" not null,
  facet text collate "C" not null,
  value text collate "C" not null,
  count bigint not null,
  primary key (workspace_id, facet, value)
);

create table keys (
  id text collate "C" not null primary key,
  workspace_id text collate "C" not null,
  name text not null,
  scopes text not null,
  digest text not null,
  user_id text collate "C",
  app text collate "C",
  created_at bigint not null,
  expires_at bigint,
  last_used_at bigint,
  revoked_at bigint
);
create index keys_by_workspace on keys (workspace_id, created_at, id);

create table sessions (
  workspace_id text collate "C" not null,
  id text collate "C" not null,
  own_id text collate "C",
  safe_id text collate "C",
  version bigint not null,
  kind text collate "C" not null,
  channel text collate "C",
  app text collate "C",
  agent text collate "C",
  model text collate "C",
  user_id text collate "C",
  workflow_id text collate "C",
  workflow_name text,
  trigger_type text collate "C",
  parent_id text collate "C",
  branch bigint not null,
  forked_seq bigint,
  created_by text collate "C",
  title text,
  title_by text collate "C",
  title_folded text collate "C" not null,
  untitled bigint not null,
  preview text,
  last_preview text,
  last_role text collate "C",
  state text collate "C",
  run_id text collate "C",
  run_error text,
  resolution text collate "C" not null,
  resolved_at bigint,
  intent text collate "C",
  sub_intent text collate "C",
  message_count bigint not null,
  last_seq bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_nanos bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  active_at bigint not null,
  first_message_at bigint,
  last_message_at bigint,
  ended_at bigint,
  archived_at bigint,
  read_at bigint,
  tags text not null,
  trail text not null,
  external_ids text not null,
  metadata text not null,
  primary key (workspace_id, id)
);
create unique index sessions_by_own_id on sessions (workspace_id, own_id) where own_id is not null;
create index sessions_by_safe_id on sessions (workspace_id, safe_id) where safe_id is not null;
-- A page of a list reads ids and versions from the index alone.
create index sessions_by_updated on sessions (workspace_id, updated_at, id) include (version);
create index sessions_by_created on sessions (workspace_id, created_at, id) include (version);
create index sessions_by_active on sessions (workspace_id, active_at, id) include (version, message_count);
create index sessions_by_title on sessions (workspace_id, title_folded, id);
create index sessions_by_titled on sessions (workspace_id, untitled, title_folded, id);
create index sessions_by_branch on sessions (workspace_id, branch, updated_at, id) include (version);
-- The common value of a facet has no entries: asking for it walks the plain order instead.
create index sessions_by_kind on sessions (workspace_id, kind, updated_at, id) where kind <> 'session';
create index sessions_by_state on sessions (workspace_id, state, updated_at, id) include (version) where state <> 'completed';
create index sessions_by_resolution on sessions (workspace_id, resolution, updated_at, id) where resolution <> 'open';
create index sessions_by_channel on sessions (workspace_id, channel, updated_at, id) include (version) where channel is not null;
create index sessions_by_app on sessions (workspace_id, app, updated_at, id) include (version) where app is not null;
create index sessions_by_agent on sessions (workspace_id, agent, updated_at, id) include (version) where agent is not null;
create index sessions_by_user on sessions (workspace_id, user_id, updated_at, id) include (version) where user_id is not null;
create index sessions_by_workflow on sessions (workspace_id, workflow_id, updated_at, id) where workflow_id is not null;
create index sessions_by_parent on sessions (workspace_id, parent_id, updated_at, id) where parent_id is not null;
create index sessions_by_intent on sessions (workspace_id, intent, updated_at, id) where intent is not null;

create table session_tags (
  workspace_id text collate "C" not null,
  tag text collate "C" not null,
  session_id text collate "C" not null,
  primary key (workspace_id, tag, session_id)
);
create index session_tags_by_session on session_tags (workspace_id, session_id);

create table messages (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  seq bigint not null,
  id text collate "C" not null,
  client_id text collate "C",
  role text collate "C" not null,
  sender text collate "C",
  sender_id text collate "C",
  model text collate "C",
  run_id text collate "C",
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_nanos bigint not null,
  created_at bigint not null,
  deleted_at bigint,
  hash bytea not null,
  parts text not null,
  metadata text not null,
  primary key (workspace_id, session_id, seq)
);
create unique index messages_by_client_id on messages (workspace_id, session_id, client_id) where client_id is not null;

create table runs (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  id text collate "C" not null,
  state text collate "C" not null,
  agent text collate "C",
  model text collate "C",
  workflow_id text collate "C",
  error text,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_nanos bigint not null,
  lease_us bigint,
  lease_expires_at bigint,
  heartbeat_at bigint,
  created_at bigint not null,
  started_at bigint,
  finished_at bigint,
  updated_at bigint not null,
  metadata text not null,
  primary key (workspace_id, session_id, id)
);
create index runs_by_created on runs (workspace_id, session_id, created_at, id);
create index runs_by_lease on runs (workspace_id, lease_expires_at) where lease_expires_at is not null;

-- What happened, in the order of the workspace's generation; trimmed by age.
-- was_updated_at is the session's place in the list before the change: cursors need it to show a moved session once.
create table session_events (
  workspace_id text collate "C" not null,
  n bigint not null,
  type text collate "C" not null,
  session_id text collate "C" not null,
  seq bigint,
  at bigint not null,
  was_updated_at bigint,
  primary key (workspace_id, n)
);
create index session_events_by_session on session_events (workspace_id, session_id, n);

create table idempotency_keys (
  workspace_id text collate "C" not null,
  key text collate "C" not null,
  digest text collate "C" not null,
  status bigint,
  answer bytea,
  created_at bigint not null,
  primary key (workspace_id, key)
);
create index idempotency_keys_by_age on idempotency_keys (workspace_id, created_at);

-- What the store itself must remember, such as the secret that seals its cursors.
create table store_facts (
  name text collate "C" not null primary key,
  value text not null
);
