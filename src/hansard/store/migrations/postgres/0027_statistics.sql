-- Statistics take less room: that a session began is counted in the row of what it used then, which most sessions had beside it, and what a session counts
-- for stands in its one row, spans, while that is little. Tables of new names, since servers of the version before know nothing of it: theirs are empty from
-- now on, and the position of each workspace is behind everything, so that they count nothing; new workspaces get such a position, too.

-- Whoever migrates sees all workspaces; 'hansard secure' comes behind it anyway, for the new tables.
alter table stats_counted no force row level security;
alter table stats_spans no force row level security;
alter table stats_cells no force row level security;
alter table stats_user_cells no force row level security;

-- How far the statistics have followed the workspace: up to this generation; walked is the last session of a first walk.
create table stats_progress (
  workspace_id text collate "C" not null primary key,
  generation bigint not null,
  walked text collate "C"
);
insert into stats_progress (workspace_id, generation, walked) select workspace_id, generation, walked from stats_positions;
insert into stats_positions (workspace_id, generation, walked) select workspace_id, 9223372036854775807, null from workspace_counters where true
on conflict (workspace_id) do update set generation = excluded.generation, walked = null;

-- The sums of all sessions, without their end users and with them.
alter table stats_cells rename to stats_sums;
insert into stats_sums (workspace_id, what, slot, channel, app, agent, model, state, bucket,
  sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  cost_nanos, resolved, unresolved, runs, failed_runs)
select workspace_id, 'usage', slot, channel, app, agent, model, state, bucket,
  sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  cost_nanos, resolved, unresolved, runs, failed_runs
  from stats_sums where what = 'session'
on conflict (workspace_id, what, slot, channel, app, agent, model, state, bucket) do update set
  sessions = stats_sums.sessions + excluded.sessions, resolved = stats_sums.resolved + excluded.resolved,
  unresolved = stats_sums.unresolved + excluded.unresolved;
delete from stats_sums where what = 'session';
create table stats_cells (
  workspace_id text collate "C" not null,
  slot bigint not null,
  channel text collate "C" not null,
  app text collate "C" not null,
  agent text collate "C" not null,
  model text collate "C" not null,
  state text collate "C" not null,
  what text collate "C" not null,
  bucket bigint not null,
  sessions bigint not null,
  messages bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_tokens bigint not null,
  reasoning_tokens bigint not null,
  cost_nanos bigint not null,
  resolved bigint not null,
  unresolved bigint not null,
  runs bigint not null,
  failed_runs bigint not null,
  primary key (workspace_id, what, slot, channel, app, agent, model, state, bucket)
);

alter table stats_user_cells rename to stats_user_sums;
insert into stats_user_sums (workspace_id, what, slot, user_id, channel, app, agent, model, state, bucket,
  sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  cost_nanos, resolved, unresolved, runs, failed_runs)
select workspace_id, 'usage', slot, user_id, channel, app, agent, model, state, bucket,
  sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  cost_nanos, resolved, unresolved, runs, failed_runs
  from stats_user_sums where what = 'session'
on conflict (workspace_id, what, slot, user_id, channel, app, agent, model, state, bucket) do update set
  sessions = stats_user_sums.sessions + excluded.sessions, resolved = stats_user_sums.resolved + excluded.resolved,
  unresolved = stats_user_sums.unresolved + excluded.unresolved;
delete from stats_user_sums where what = 'session';
create table stats_user_cells (
  workspace_id text collate "C" not null,
  slot bigint not null,
  user_id text collate "C" not null,
  channel text collate "C" not null,
  app text collate "C" not null,
  agent text collate "C" not null,
  model text collate "C" not null,
  state text collate "C" not null,
  what text collate "C" not null,
  bucket bigint not null,
  sessions bigint not null,
  messages bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_tokens bigint not null,
  reasoning_tokens bigint not null,
  cost_nanos bigint not null,
  resolved bigint not null,
  unresolved bigint not null,
  runs bigint not null,
  failed_runs bigint not null,
  primary key (workspace_id, what, slot, user_id, channel, app, agent, model, state, bucket)
);

-- What sessions count for of which spans says nothing, because it is much.
alter table stats_spans rename to stats_long_spans;
insert into stats_long_spans (workspace_id, session_id, slot, model, what, bucket,
  sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  cost_nanos, resolved, unresolved, runs, failed_runs)
select workspace_id, session_id, slot, model, 'usage', bucket,
  sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  cost_nanos, resolved, unresolved, runs, failed_runs
  from stats_long_spans where what = 'session'
on conflict (workspace_id, session_id, slot, model, what, bucket) do update set
  sessions = stats_long_spans.sessions + excluded.sessions, resolved = stats_long_spans.resolved + excluded.resolved,
  unresolved = stats_long_spans.unresolved + excluded.unresolved;
delete from stats_long_spans where what = 'session';
create table stats_spans (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  slot bigint not null,
  model text collate "C" not null,
  what text collate "C" not null,
  bucket bigint not null,
  sessions bigint not null,
  messages bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_tokens bigint not null,
  reasoning_tokens bigint not null,
  cost_nanos bigint not null,
  resolved bigint not null,
  unresolved bigint not null,
  runs bigint not null,
  failed_runs bigint not null,
  primary key (workspace_id, session_id, slot, model, what, bucket)
);

-- spans: an array of [slot, model, what, bucket, figures…], in the order of the columns of stats_long_spans, without the zeros at the end.
alter table stats_counted rename to stats_by_session;
alter table stats_by_session add column spans text collate "C";
update stats_by_session set spans = (
  select case when count(*) = 0 then '[]' when count(*) <= 16 then '[' || string_agg(json_build_array(slot, model, what, bucket,
    sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
    cost_nanos, resolved, unresolved, runs, failed_runs)::text, ',') || ']' end
    from stats_long_spans as s where s.workspace_id = stats_by_session.workspace_id and s.session_id = stats_by_session.session_id);
delete from stats_long_spans where exists (
  select 1 from stats_by_session as s where s.workspace_id = stats_long_spans.workspace_id and s.session_id = stats_long_spans.session_id and s.spans is not null);
create table stats_counted (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  channel text collate "C" not null,
  app text collate "C" not null,
  agent text collate "C" not null,
  model text collate "C" not null,
  user_id text collate "C" not null,
  state text collate "C" not null,
  own_after bigint not null,
  seq bigint not null,
  excess text collate "C" not null,
  primary key (workspace_id, session_id)
);
