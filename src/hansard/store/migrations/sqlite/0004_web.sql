-- Sign-ins to the page, saved views, share links, bulk actions and their undo, statistics by day.
-- Secrets are kept as digests only.

create table sign_ins (
  workspace_id text not null,
  digest text not null,
  purpose text not null,
  key_id text not null,
  created_at integer not null,
  expires_at integer not null,
  primary key (workspace_id, digest)
) without rowid;
create index sign_ins_by_expiry on sign_ins (workspace_id, expires_at);

create table views (
  workspace_id text not null,
  id text not null,
  name text not null,
  query text not null,
  created_at integer not null,
  primary key (workspace_id, id)
) without rowid;

create table shares (
  workspace_id text not null,
  id text not null,
  session_id text not null,
  digest text not null,
  created_by text not null,
  created_at integer not null,
  expires_at integer not null,
  revoked_at integer,
  primary key (workspace_id, id)
) without rowid;
create index shares_by_session on shares (workspace_id, session_id, created_at, id);

create table bulk_actions (
  workspace_id text not null,
  id text not null,
  action text not null,
  created_at integer not null,
  undone_at integer,
  primary key (workspace_id, id)
) without rowid;
create index bulk_actions_by_age on bulk_actions (workspace_id, created_at);

-- What a bulk action changed: the version that it left, and what its undo writes back.
create table bulk_changes (
  workspace_id text not null,
  action_id text not null,
  session_id text not null,
  version integer not null,
  before text not null,
  primary key (workspace_id, action_id, session_id)
) without rowid;
create index bulk_changes_by_session on bulk_changes (workspace_id, session_id);

-- How far the statistics have followed the workspace: up to this generation; walked is the last session of a first walk.
create table stats_marks (
  workspace_id text not null primary key,
  generation integer not null,
  walked text
);

-- What each session counts for at present, so that a change can be taken back.
create table stats_sessions (
  workspace_id text not null,
  session_id text not null,
  day integer not null,
  hour integer not null,
  channel text not null,
  app text not null,
  agent text not null,
  state text not null,
  messages integer not null,
  input_tokens integer not null,
  output_tokens integer not null,
  cost_nanos integer not null,
  resolved integer not null,
  unresolved integer not null,
  duration integer,
  primary key (workspace_id, session_id)
) without rowid;

-- day counts days since 1970 in UTC: the day on which the sessions began. A value that is missing is ''.
create table stats_days (
  workspace_id text not null,
  day integer not null,
  channel text not null,
  app text not null,
  agent text not null,
  state text not null,
  sessions integer not null,
  messages integer not null,
  input_tokens integer not null,
  output_tokens integer not null,
  cost_nanos integer not null,
  resolved integer not null,
  unresolved integer not null,
  primary key (workspace_id, day, channel, app, agent, state)
) without rowid;

-- Sessions by the hour of the day in which they began (what = 'hour'), and by how long they took to resolve (what = 'resolve').
create table stats_slots (
  workspace_id text not null,
  day integer not null,
  what text not null,
  slot integer not null,
  channel text not null,
  app text not null,
  agent text not null,
  state text not null,
  count integer not null,
  primary key (workspace_id, day, what, slot, channel, app, agent, state)
) without rowid;
