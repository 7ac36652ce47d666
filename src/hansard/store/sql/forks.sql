-- Forks that are being copied.

-- name: pending_fork_put
insert into pending_forks (workspace_id, session_id, source_id, copied, touched_at)
values (:workspace_id, :session_id, :source_id, 0, :now)

-- name: pending_fork_touch
-- The copy goes on, and its row is locked until commit; nothing comes back when somebody took it away.
update pending_forks set copied = :copied, touched_at = :now
 where workspace_id = :workspace_id and session_id = :session_id and touched_at = :seen
returning session_id

-- name: pending_fork_end
delete from pending_forks where workspace_id = :workspace_id and session_id = :session_id and touched_at = :seen
returning session_id

-- name: pending_fork_cancel
-- End all copies of a session; their messages are the caller's to remove.
delete from pending_forks where workspace_id = :workspace_id and source_id = :source_id
returning session_id, copied

-- name: pending_fork_lapsed
-- Copies that did not go on since a time; a read across workspaces, for the task that takes them away.
select workspace_id, session_id from pending_forks where touched_at < :before order by touched_at limit :limit

-- name: pending_fork_take_away
-- Nothing comes back while the copy goes on.
update pending_forks set touched_at = 0
 where workspace_id = :workspace_id and session_id = :session_id and touched_at < :before
returning copied

-- name: pending_fork_shorten
update pending_forks set copied = :copied where workspace_id = :workspace_id and session_id = :session_id

-- name: pending_fork_drop
delete from pending_forks where workspace_id = :workspace_id and session_id = :session_id

-- name: message_delete_behind
delete from messages where workspace_id = :workspace_id and session_id = :session_id and seq > :after
