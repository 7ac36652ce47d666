-- Workspaces, keys, sessions, messages, runs, events, counters, idempotency.
-- Times are integer microseconds, JSON is text, facts are nullable times.
-- The workspace comes first in every key and index of a tenant's table.

create table workspaces (
  id text not null primary key,
  name text not null unique,
  created_at integer not null,
  settings text not null
);

-- One hot row per workspace: the generation grows with every change of it.
create table workspace_counters (
  workspace_id text not null primary key,
  generation integer not null,
  next_lapse_at integer
);
create index workspace_counters_by_lapse on workspace_counters (next_lapse_at) where next_lapse_at is not null;

-- How many sessions have this value: exact totals without counting.
create table session_counts (
  workspace_id text not null,
  facet text not null,
  value text not null,
  count integer not null,
  primary key (workspace_id, facet, value)
) without rowid;

create table keys (
  id text not null primary key,
  workspace_id text not null,
  name text not null,
  scopes text not null,
  digest text not null,
  user_id text,
  app text,
  created_at integer not null,
  expires_at integer,
  last_used_at integer,
  revoked_at integer
);
create index keys_by_workspace on keys (workspace_id, created_at, id);

create table sessions (
  workspace_id text not null,
  id text not null,
  own_id text,
  safe_id text,
  version integer not null,
  kind text not null,
  channel text,
  app text,
  agent text,
  model text,
  user_id text,
  workflow_id text,
  workflow_name text,
  trigger_type text,
  parent_id text,
  branch integer not null,
  forked_seq integer,
  created_by text,
  title text,
  title_by text,
  title_folded text not null,
  untitled integer not null,
  preview text,
  last_preview text,
  last_role text,
  state text,
  run_id text,
  run_error text,
  resolution text not null,
  resolved_at integer,
  intent text,
  sub_intent text,
  message_count integer not null,
  last_seq integer not null,
  input_tokens integer not null,
  output_tokens integer not null,
  cost_nanos integer not null,
  created_at integer not null,
  updated_at integer not null,
  active_at integer not null,
  first_message_at integer,
  last_message_at integer,
  ended_at integer,
  archived_at integer,
  read_at integer,
  tags text not null,
  trail text not null,
  external_ids text not null,
  metadata text not null,
  primary key (workspace_id, id)
) without rowid;
create unique index sessions_by_own_id on sessions (workspace_id, own_id) where own_id is not null;
create index sessions_by_safe_id on sessions (workspace_id, safe_id) where safe_id is not null;
-- A page of a list reads ids and versions from the index alone.
create index sessions_by_updated on sessions (workspace_id, updated_at, id, version);
create index sessions_by_created on sessions (workspace_id, created_at, id, version);
create index sessions_by_active on sessions (workspace_id, active_at, id, version, message_count);
create index sessions_by_title on sessions (workspace_id, title_folded, id);
create index sessions_by_titled on sessions (workspace_id, untitled, title_folded, id);
create index sessions_by_branch on sessions (workspace_id, branch, updated_at, id, version);
-- The common value of a facet has no entries: asking for it walks the plain order instead.
create index sessions_by_kind on sessions (workspace_id, kind, updated_at, id) where kind <> 'session';
create index sessions_by_state on sessions (workspace_id, state, updated_at, id, version) where state <> 'completed';
create index sessions_by_resolution on sessions (workspace_id, resolution, updated_at, id) where resolution <> 'open';
create index sessions_by_channel on sessions (workspace_id, channel, updated_at, id, version) where channel is not null;
create index sessions_by_app on sessions (workspace_id, app, updated_at, id, version) where app is not null;
create index sessions_by_agent on sessions (workspace_id, agent, updated_at, id, version) where agent is not null;
create index sessions_by_user on sessions (workspace_id, user_id, updated_at, id, version) where user_id is not null;
create index sessions_by_workflow on sessions (workspace_id, workflow_id, updated_at, id) where workflow_id is not null;
create index sessions_by_parent on sessions (workspace_id, parent_id, updated_at, id) where parent_id is not null;
create index sessions_by_intent on sessions (workspace_id, intent, updated_at, id) where intent is not null;

create table session_tags (
  workspace_id text not null,
  tag text not null,
  session_id text not null,
  primary key (workspace_id, tag, session_id)
) without rowid;
create index session_tags_by_session on session_tags (workspace_id, session_id);

create table messages (
  workspace_id text not null,
  session_id text not null,
  seq integer not null,
  id text not null,
  client_id text,
  role text not null,
  sender text,
  sender_id text,
  model text,
  run_id text,
  input_tokens integer not null,
  output_tokens integer not null,
  cost_nanos integer not null,
  created_at integer not null,
  deleted_at integer,
  hash blob not null,
  parts text not null,
  metadata text not null,
  primary key (workspace_id, session_id, seq)
) without rowid;
create unique index messages_by_client_id on messages (workspace_id, session_id, client_id) where client_id is not null;

create table runs (
  workspace_id text not null,
  session_id text not null,
  id text not null,
  state text not null,
  agent text,
  model text,
  workflow_id text,
  error text,
  input_tokens integer not null,
  output_tokens integer not null,
  cost_nanos integer not null,
  lease_us integer,
  lease_expires_at integer,
  heartbeat_at integer,
  created_at integer not null,
  started_at integer,
  finished_at integer,
  updated_at integer not null,
  metadata text not null,
  primary key (workspace_id, session_id, id)
) without rowid;
create index runs_by_created on runs (workspace_id, session_id, created_at, id);
create index runs_by_lease on runs (workspace_id, lease_expires_at) where lease_expires_at is not null;

-- What happened, in the order of the workspace's generation; trimmed by age.
-- was_updated_at is the session's place in the list before the change: cursors need it to show a moved session once.
create table session_events (
  workspace_id text not null,
  n integer not null,
  type text not null,
  session_id text not null,
  seq integer,
  at integer not null,
  was_updated_at integer,
  primary key (workspace_id, n)
) without rowid;
create index session_events_by_session on session_events (workspace_id, session_id, n);

create table idempotency_keys (
  workspace_id text not null,
  key text not null,
  digest text not null,
  status integer,
  answer blob,
  created_at integer not null,
  primary key (workspace_id, key)
) without rowid;
create index idempotency_keys_by_age on idempotency_keys (workspace_id, created_at);

-- What the store itself must remember, such as the secret that seals its cursors.
create table store_facts (
  name text not null primary key,
  value text not null
);
