-- Sessions from before that are counted again.

-- name: recount_pending
-- The next workspaces that are not done; a read across workspaces, for the task that counts.
select workspace_id from recounts where workspace_id > :after order by workspace_id limit :limit

-- name: recount_left
-- How many sessions are still to be counted again; for whoever waits for the end.
select count(*) from sessions
 where workspace_id = :workspace_id
   and id > (select walked from recounts where recounts.workspace_id = :workspace_id)

-- name: recount_move
update recounts set walked = :walked where workspace_id = :workspace_id

-- name: recount_end
delete from recounts where workspace_id = :workspace_id
