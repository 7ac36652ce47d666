-- Sessions from before that are counted again.

-- name: recount_get
select walked from recounts where workspace_id = :workspace_id

-- name: recount_pending
-- The next workspaces that are not done; a read across workspaces, for the task that counts.
select workspace_id from recounts where workspace_id > :after order by workspace_id limit :limit

-- name: recount_progress
-- How many sessions are done, and how many there are; for whoever waits for the end.
select (select count(*) from sessions where sessions.workspace_id = :workspace_id and id <= walked),
       (select count(*) from sessions where sessions.workspace_id = :workspace_id)
  from recounts where workspace_id = :workspace_id

-- name: recount_move
update recounts set walked = :walked where workspace_id = :workspace_id

-- name: recount_end
delete from recounts where workspace_id = :workspace_id

-- name: message_figures
-- When messages were written and what they spent, without what they say.
select seq, created_at, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos
  from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq > :after and deleted_at is null
 order by seq limit :limit
