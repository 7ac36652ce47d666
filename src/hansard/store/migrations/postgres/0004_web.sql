-- Sign-ins to the page, saved views, share links, bulk actions and their undo, statistics by day.
-- Secrets are kept as digests only.

create table sign_ins (
  workspace_id text collate "C" not null,
  digest text collate "C" not null,
  purpose text collate "C" not null,
  key_id text collate "C" not null,
  created_at bigint not null,
  expires_at bigint not null,
  primary key (workspace_id, digest)
);
create index sign_ins_by_expiry on sign_ins (workspace_id, expires_at);

create table views (
  workspace_id text collate "C" not null,
  id text collate "C" not null,
  name text not null,
  query text not null,
  created_at bigint not null,
  primary key (workspace_id, id)
);

create table shares (
  workspace_id text collate "C" not null,
  id text collate "C" not null,
  session_id text collate "C" not null,
  digest text collate "C" not null,
  created_by text collate "C" not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint,
  primary key (workspace_id, id)
);
create index shares_by_session on shares (workspace_id, session_id, created_at, id);

create table bulk_actions (
  workspace_id text collate "C" not null,
  id text collate "C" not null,
  action text collate "C" not null,
  created_at bigint not null,
  undone_at bigint,
  primary key (workspace_id, id)
);
create index bulk_actions_by_age on bulk_actions (workspace_id, created_at);

-- What a bulk action changed: the version that it left, and what its undo writes back.
create table bulk_changes (
  workspace_id text collate "C" not null,
  action_id text collate "C" not null,
  session_id text collate "C" not null,
  version bigint not null,
  before text not null,
  primary key (workspace_id, action_id, session_id)
);
create index bulk_changes_by_session on bulk_changes (workspace_id, session_id);

-- How far the statistics have followed the workspace: up to this generation; walked is the last session of a first walk.
create table stats_marks (
  workspace_id text collate "C" not null primary key,
  generation bigint not null,
  walked text collate "C"
);

-- What each session counts for at present, so that a change can be taken back.
create table stats_sessions (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  day bigint not null,
  hour bigint not null,
  channel text collate "C" not null,
  app text collate "C" not null,
  agent text collate "C" not null,
  state text collate "C" not null,
  messages bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_nanos bigint not null,
  resolved bigint not null,
  unresolved bigint not null,
  duration bigint,
  primary key (workspace_id, session_id)
);

-- day counts days since 1970 in UTC: the day on which the sessions began. A value that is missing is ''.
create table stats_days (
  workspace_id text collate "C" not null,
  day bigint not null,
  channel text collate "C" not null,
  app text collate "C" not null,
  agent text collate "C" not null,
  state text collate "C" not null,
  sessions bigint not null,
  messages bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_nanos bigint not null,
  resolved bigint not null,
  unresolved bigint not null,
  primary key (workspace_id, day, channel, app, agent, state)
);

-- Sessions by the hour of the day in which they began (what = 'hour'), and by how long they took to resolve (what = 'resolve').
create table stats_slots (
  workspace_id text collate "C" not null,
  day bigint not null,
  what text collate "C" not null,
  slot bigint not null,
  channel text collate "C" not null,
  app text collate "C" not null,
  agent text collate "C" not null,
  state text collate "C" not null,
  count bigint not null,
  primary key (workspace_id, day, what, slot, channel, app, agent, state)
);
