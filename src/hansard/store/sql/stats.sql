-- Figures: sums in quarters of an hour, made from what each session is counted as.

-- name: stats_position_get
select generation, walked from stats_progress where workspace_id = :workspace_id

-- name: stats_behind
-- The next workspaces that are not counted to the end; a read across workspaces, for the task that counts.
select c.workspace_id from workspace_counters as c left join stats_progress as p on p.workspace_id = c.workspace_id
 where (c.generation > coalesce(p.generation, 0) or p.walked is not null) and c.workspace_id > :after
 order by c.workspace_id limit :limit

-- name: stats_position_put
insert into stats_progress (workspace_id, generation, walked) values (:workspace_id, :generation, '') on conflict do nothing
returning workspace_id

-- name: stats_park
-- A server of the version before shall count nothing here: what it finds is behind everything.
insert into stats_positions (workspace_id, generation, walked) values (:workspace_id, 9223372036854775807, null)
on conflict (workspace_id) do update set generation = excluded.generation, walked = null

-- name: stats_uncount_runs
-- What runs were counted as by a server of the version before, before this one began.
update runs set uncounted = 1, counted = null where workspace_id = :workspace_id and (uncounted = 0 or counted is not null)

-- name: stats_position_move
update stats_progress set generation = :generation, walked = :walked where workspace_id = :workspace_id

-- name: stats_walk
-- The next sessions of a first walk through the workspace.
select {session} from sessions where workspace_id = :workspace_id and id > :after order by id limit :limit

-- name: stats_counted_get
select session_id, channel, app, agent, model, user_id, state, own_after, seq, excess, spans
  from stats_by_session where workspace_id = :workspace_id and session_id = :session_id

-- name: stats_counted_put
insert into stats_by_session (workspace_id, session_id, channel, app, agent, model, user_id, state, own_after, seq, excess, spans)
values (:workspace_id, :session_id, :channel, :app, :agent, :model, :user_id, :state, :own_after, :seq, :excess, :spans)
on conflict (workspace_id, session_id) do update set
  channel = excluded.channel, app = excluded.app, agent = excluded.agent, model = excluded.model, user_id = excluded.user_id,
  state = excluded.state, own_after = excluded.own_after, seq = excluded.seq, excess = excluded.excess, spans = excluded.spans

-- name: stats_counted_delete
delete from stats_by_session where workspace_id = :workspace_id and session_id = :session_id

-- name: stats_spans_delete
delete from stats_long_spans where workspace_id = :workspace_id and session_id = :session_id

-- name: run_counted
-- What a run was counted as, in the state that was read; one that changed since is counted again.
update runs set counted = :counted, uncounted = case when state = :state then 0 else 1 end
 where workspace_id = :workspace_id and session_id = :session_id and id = :id

-- name: stats_span_add
-- What one session counts for that counts for much, by time and by the model of its messages.
insert into stats_long_spans (
  workspace_id, session_id, slot, model, what, bucket, sessions, messages, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, resolved, unresolved, runs, failed_runs)
values (
  :workspace_id, :session_id, :slot, :model, :what, :bucket, :sessions, :messages, :input_tokens, :output_tokens,
  :cache_read_tokens, :cache_write_tokens, :reasoning_tokens, :cost_nanos, :resolved, :unresolved, :runs, :failed_runs)
on conflict (workspace_id, session_id, slot, model, what, bucket) do update set
  sessions = stats_long_spans.sessions + excluded.sessions,
  messages = stats_long_spans.messages + excluded.messages,
  input_tokens = case when stats_long_spans.input_tokens + excluded.input_tokens > 2305843009213693952 then 2305843009213693952
    else stats_long_spans.input_tokens + excluded.input_tokens end,
  output_tokens = case when stats_long_spans.output_tokens + excluded.output_tokens > 2305843009213693952 then 2305843009213693952
    else stats_long_spans.output_tokens + excluded.output_tokens end,
  cache_read_tokens = case when stats_long_spans.cache_read_tokens + excluded.cache_read_tokens > 2305843009213693952 then 2305843009213693952
    else stats_long_spans.cache_read_tokens + excluded.cache_read_tokens end,
  cache_write_tokens = case when stats_long_spans.cache_write_tokens + excluded.cache_write_tokens > 2305843009213693952 then 2305843009213693952
    else stats_long_spans.cache_write_tokens + excluded.cache_write_tokens end,
  reasoning_tokens = case when stats_long_spans.reasoning_tokens + excluded.reasoning_tokens > 2305843009213693952 then 2305843009213693952
    else stats_long_spans.reasoning_tokens + excluded.reasoning_tokens end,
  cost_nanos = case when stats_long_spans.cost_nanos + excluded.cost_nanos > 2305843009213693952 then 2305843009213693952
    else stats_long_spans.cost_nanos + excluded.cost_nanos end,
  resolved = stats_long_spans.resolved + excluded.resolved,
  unresolved = stats_long_spans.unresolved + excluded.unresolved,
  runs = stats_long_spans.runs + excluded.runs,
  failed_runs = stats_long_spans.failed_runs + excluded.failed_runs

-- name: stats_cell_add
-- A sum stays at 2^62 when it reaches it.
insert into stats_sums (
  workspace_id, slot, channel, app, agent, model, state, what, bucket, sessions, messages, input_tokens,
  output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, resolved, unresolved, runs,
  failed_runs)
values (
  :workspace_id, :slot, :channel, :app, :agent, :model, :state, :what, :bucket, :sessions, :messages, :input_tokens,
  :output_tokens, :cache_read_tokens, :cache_write_tokens, :reasoning_tokens, :cost_nanos, :resolved, :unresolved,
  :runs, :failed_runs)
on conflict (workspace_id, slot, channel, app, agent, model, state, what, bucket) do update set
  sessions = stats_sums.sessions + excluded.sessions,
  messages = stats_sums.messages + excluded.messages,
  input_tokens = case when stats_sums.input_tokens + excluded.input_tokens > 4611686018427387904 then 4611686018427387904
    else stats_sums.input_tokens + excluded.input_tokens end,
  output_tokens = case when stats_sums.output_tokens + excluded.output_tokens > 4611686018427387904 then 4611686018427387904
    else stats_sums.output_tokens + excluded.output_tokens end,
  cache_read_tokens = case when stats_sums.cache_read_tokens + excluded.cache_read_tokens > 4611686018427387904 then 4611686018427387904
    else stats_sums.cache_read_tokens + excluded.cache_read_tokens end,
  cache_write_tokens = case when stats_sums.cache_write_tokens + excluded.cache_write_tokens > 4611686018427387904 then 4611686018427387904
    else stats_sums.cache_write_tokens + excluded.cache_write_tokens end,
  reasoning_tokens = case when stats_sums.reasoning_tokens + excluded.reasoning_tokens > 4611686018427387904 then 4611686018427387904
    else stats_sums.reasoning_tokens + excluded.reasoning_tokens end,
  cost_nanos = case when stats_sums.cost_nanos + excluded.cost_nanos > 4611686018427387904 then 4611686018427387904
    else stats_sums.cost_nanos + excluded.cost_nanos end,
  resolved = stats_sums.resolved + excluded.resolved,
  unresolved = stats_sums.unresolved + excluded.unresolved,
  runs = stats_sums.runs + excluded.runs,
  failed_runs = stats_sums.failed_runs + excluded.failed_runs

-- name: stats_user_cell_add
-- As stats_cell_add, for each end user.
insert into stats_user_sums (
  workspace_id, slot, user_id, channel, app, agent, model, state, what, bucket, sessions, messages, input_tokens,
  output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, resolved, unresolved, runs,
  failed_runs)
values (
  :workspace_id, :slot, :user_id, :channel, :app, :agent, :model, :state, :what, :bucket, :sessions, :messages,
  :input_tokens, :output_tokens, :cache_read_tokens, :cache_write_tokens, :reasoning_tokens, :cost_nanos, :resolved,
  :unresolved, :runs, :failed_runs)
on conflict (workspace_id, slot, user_id, channel, app, agent, model, state, what, bucket) do update set
  sessions = stats_user_sums.sessions + excluded.sessions,
  messages = stats_user_sums.messages + excluded.messages,
  input_tokens = case when stats_user_sums.input_tokens + excluded.input_tokens > 4611686018427387904 then 4611686018427387904
    else stats_user_sums.input_tokens + excluded.input_tokens end,
  output_tokens = case when stats_user_sums.output_tokens + excluded.output_tokens > 4611686018427387904 then 4611686018427387904
    else stats_user_sums.output_tokens + excluded.output_tokens end,
  cache_read_tokens = case when stats_user_sums.cache_read_tokens + excluded.cache_read_tokens > 4611686018427387904 then 4611686018427387904
    else stats_user_sums.cache_read_tokens + excluded.cache_read_tokens end,
  cache_write_tokens = case when stats_user_sums.cache_write_tokens + excluded.cache_write_tokens > 4611686018427387904 then 4611686018427387904
    else stats_user_sums.cache_write_tokens + excluded.cache_write_tokens end,
  reasoning_tokens = case when stats_user_sums.reasoning_tokens + excluded.reasoning_tokens > 4611686018427387904 then 4611686018427387904
    else stats_user_sums.reasoning_tokens + excluded.reasoning_tokens end,
  cost_nanos = case when stats_user_sums.cost_nanos + excluded.cost_nanos > 4611686018427387904 then 4611686018427387904
    else stats_user_sums.cost_nanos + excluded.cost_nanos end,
  resolved = stats_user_sums.resolved + excluded.resolved,
  unresolved = stats_user_sums.unresolved + excluded.unresolved,
  runs = stats_user_sums.runs + excluded.runs,
  failed_runs = stats_user_sums.failed_runs + excluded.failed_runs

-- name: stats_span_clear
delete from stats_long_spans
 where workspace_id = :workspace_id and session_id = :session_id and slot = :slot and model = :model and what = :what and bucket = :bucket
   and sessions = 0 and messages = 0 and input_tokens = 0 and output_tokens = 0 and cache_read_tokens = 0 and cache_write_tokens = 0 and reasoning_tokens = 0 and cost_nanos = 0 and resolved = 0 and unresolved = 0 and runs = 0 and failed_runs = 0

-- name: stats_cell_clear
-- A cell of which nothing is left names nobody's app or user any more.
delete from stats_sums
 where workspace_id = :workspace_id and slot = :slot and channel = :channel and app = :app and agent = :agent and model = :model and state = :state and what = :what and bucket = :bucket
   and sessions = 0 and messages = 0 and input_tokens = 0 and output_tokens = 0 and cache_read_tokens = 0 and cache_write_tokens = 0 and reasoning_tokens = 0 and cost_nanos = 0 and resolved = 0 and unresolved = 0 and runs = 0 and failed_runs = 0

-- name: stats_user_cell_clear
delete from stats_user_sums
 where workspace_id = :workspace_id and slot = :slot and user_id = :user_id and channel = :channel and app = :app and agent = :agent and model = :model and state = :state and what = :what and bucket = :bucket
   and sessions = 0 and messages = 0 and input_tokens = 0 and output_tokens = 0 and cache_read_tokens = 0 and cache_write_tokens = 0 and reasoning_tokens = 0 and cost_nanos = 0 and resolved = 0 and unresolved = 0 and runs = 0 and failed_runs = 0
