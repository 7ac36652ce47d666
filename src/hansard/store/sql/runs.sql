-- Runs, and the leases that may have lapsed.

-- name: run_put
insert into runs (workspace_id, session_id, id, state, agent, model, workflow_id, error, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, lease_us,
  lease_expires_at, heartbeat_at, created_at, started_at, finished_at, updated_at, exclusive_at, metadata)
values (:workspace_id, :session_id, :id, :state, :agent, :model, :workflow_id, :error, :input_tokens, :output_tokens,
  :cache_read_tokens, :cache_write_tokens, :reasoning_tokens, :cost_nanos,
  :lease_us, :lease_expires_at, :heartbeat_at, :created_at, :started_at, :finished_at, :updated_at, :exclusive_at, :metadata)
on conflict do nothing
returning id

-- name: run_get
select {run} from runs where workspace_id = :workspace_id and session_id = :session_id and id = :id

-- name: run_list
select {run} from runs where workspace_id = :workspace_id and session_id = :session_id and (created_at, id) < (:before_at, :before_id)
 order by created_at desc, id desc limit :limit

-- name: run_all
select {run} from runs where workspace_id = :workspace_id and session_id = :session_id order by created_at, id

-- name: run_open
select id, exclusive_at from runs where workspace_id = :workspace_id and session_id = :session_id and state in ('queued', 'running', 'waiting')

-- name: run_update
update runs
   set state = :state, error = :error, input_tokens = :input_tokens, output_tokens = :output_tokens,
       cache_read_tokens = :cache_read_tokens, cache_write_tokens = :cache_write_tokens, reasoning_tokens = :reasoning_tokens,
       cost_nanos = :cost_nanos, uncounted = case when state <> :state then 1 else uncounted end,
       lease_us = :lease_us, lease_expires_at = :lease_expires_at, heartbeat_at = :heartbeat_at, started_at = :started_at,
       finished_at = :finished_at, updated_at = :updated_at
 where workspace_id = :workspace_id and session_id = :session_id and id = :id

-- name: run_count_of_session
select count(*) from runs where workspace_id = :workspace_id and session_id = :session_id

-- name: run_delete_of_session
delete from runs where workspace_id = :workspace_id and session_id = :id

-- name: run_lapsed
select session_id, id from runs where workspace_id = :workspace_id and lease_expires_at <= :now order by lease_expires_at limit :limit

-- name: lapse_earlier
-- Writes the row even where nothing changes: the lock keeps a reset from missing a run that is not committed yet.
update workspace_counters set next_lapse_at = case when next_lapse_at is null or next_lapse_at > :at then :at else next_lapse_at end
 where workspace_id = :workspace_id

-- name: lapse_reset
-- The caller holds the row's lock since an earlier statement, so that this one sees every run that took it before.
update workspace_counters
   set next_lapse_at = (select min(lease_expires_at) from runs where runs.workspace_id = :workspace_id and lease_expires_at is not null)
 where workspace_id = :workspace_id

-- name: lapse_due
-- Which workspaces have a lease that may have lapsed; the one read across workspaces that the reaper needs.
select workspace_id from workspace_counters where next_lapse_at <= :now order by next_lapse_at limit :limit
