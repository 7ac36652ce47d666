-- Cached and reasoning tokens, what a fork inherited, what runs report; statistics by the time of each message.
-- The sessions that are there are counted again (store/verbs/recounts.py), one after the other, while the store is in use.

alter table messages add column cache_read_tokens integer not null default 0;
alter table messages add column cache_write_tokens integer not null default 0;
alter table messages add column reasoning_tokens integer not null default 0;
alter table runs add column cache_read_tokens integer not null default 0;
alter table runs add column cache_write_tokens integer not null default 0;
alter table runs add column reasoning_tokens integer not null default 0;
alter table sessions add column cache_read_tokens integer not null default 0;
alter table sessions add column cache_write_tokens integer not null default 0;
alter table sessions add column reasoning_tokens integer not null default 0;
alter table sessions add column inherited text not null default '{}';
alter table sessions add column runs_spent text not null default '{}';
-- When a session was last used; 0 until it is counted again.
alter table sessions add column used_at integer not null default 0;
-- Whether the statistics have not counted a run as it stands, and what they counted it as.
alter table runs add column uncounted integer not null default 1;
alter table runs add column counted text;
create index runs_uncounted on runs (workspace_id, session_id, id) where uncounted = 1;

-- The workspaces whose sessions are from before; walked is the last session that was counted again.
create table recounts (
  workspace_id text not null primary key,
  walked text not null
);
insert into recounts (workspace_id, walked) select id, '' from workspaces;

-- These are no longer read. They stay, empty, for the servers of an older version that still run.
delete from stats_marks;
delete from stats_sessions;
delete from stats_days;
delete from stats_slots;

-- How far the statistics have followed the workspace: up to this generation; walked is the last session of a first walk.
create table stats_positions (
  workspace_id text not null primary key,
  generation integer not null,
  walked text
);

-- As what each session is counted: its facets (a value that is missing is ''), its messages behind own_after up to seq, and
-- excess, what its runs report beyond its messages.
create table stats_counted (
  workspace_id text not null,
  session_id text not null,
  channel text not null,
  app text not null,
  agent text not null,
  model text not null,
  user_id text not null,
  state text not null,
  own_after integer not null,
  seq integer not null,
  excess text not null,
  primary key (workspace_id, session_id)
) without rowid;

-- What each session counts for. slot counts quarters of an hour since 1970. what is usage (messages and tokens), session (that
-- it began), resolve or run; the bucket of the last two is how long it took, on a logarithmic scale.
create table stats_spans (
  workspace_id text not null,
  session_id text not null,
  slot integer not null,
  model text not null,
  what text not null,
  bucket integer not null,
  sessions integer not null,
  messages integer not null,
  input_tokens integer not null,
  output_tokens integer not null,
  cache_read_tokens integer not null,
  cache_write_tokens integer not null,
  reasoning_tokens integer not null,
  cost_nanos integer not null,
  resolved integer not null,
  unresolved integer not null,
  runs integer not null,
  failed_runs integer not null,
  primary key (workspace_id, session_id, slot, model, what, bucket)
) without rowid;

-- The sums of all sessions, without their end users and with them.
create table stats_cells (
  workspace_id text not null,
  slot integer not null,
  channel text not null,
  app text not null,
  agent text not null,
  model text not null,
  state text not null,
  what text not null,
  bucket integer not null,
  sessions integer not null,
  messages integer not null,
  input_tokens integer not null,
  output_tokens integer not null,
  cache_read_tokens integer not null,
  cache_write_tokens integer not null,
  reasoning_tokens integer not null,
  cost_nanos integer not null,
  resolved integer not null,
  unresolved integer not null,
  runs integer not null,
  failed_runs integer not null,
  primary key (workspace_id, what, slot, channel, app, agent, model, state, bucket)
) without rowid;

create table stats_user_cells (
  workspace_id text not null,
  slot integer not null,
  user_id text not null,
  channel text not null,
  app text not null,
  agent text not null,
  model text not null,
  state text not null,
  what text not null,
  bucket integer not null,
  sessions integer not null,
  messages integer not null,
  input_tokens integer not null,
  output_tokens integer not null,
  cache_read_tokens integer not null,
  cache_write_tokens integer not null,
  reasoning_tokens integer not null,
  cost_nanos integer not null,
  resolved integer not null,
  unresolved integer not null,
  runs integer not null,
  failed_runs integer not null,
  primary key (workspace_id, what, slot, user_id, channel, app, agent, model, state, bucket)
) without rowid;
