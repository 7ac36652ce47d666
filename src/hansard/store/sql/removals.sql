-- Messages of deleted sessions that are still to be removed.

-- name: removal_put
insert into removals (workspace_id, session_id, last_seq, handle, indexed)
values (:workspace_id, :session_id, :last_seq, :handle, :indexed)

-- name: removal_take
-- What is left of a session, its row locked until commit; nothing when all is gone.
update removals set last_seq = last_seq where workspace_id = :workspace_id and session_id = :session_id
returning last_seq, handle, indexed

-- name: removal_stretch
-- The last messages that are there, and their bytes.
select seq, octet_length(parts) + octet_length(metadata) from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq <= :last_seq order by seq desc limit :limit

-- name: removal_shorten
update removals set last_seq = :last_seq where workspace_id = :workspace_id and session_id = :session_id

-- name: removal_drop
delete from removals where workspace_id = :workspace_id and session_id = :session_id

-- name: removal_list
select session_id from removals where workspace_id = :workspace_id order by session_id limit :limit

-- name: removal_pending
-- The next workspaces with something to remove; a read across workspaces, for the task that removes it.
select workspace_id from removals where workspace_id > :after order by workspace_id limit 1
