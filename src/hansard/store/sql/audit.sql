-- The audit log.

-- name: audit_head_put
insert into audit_heads (workspace_id, n, hash) values (:workspace_id, 0, :hash) on conflict do nothing

-- name: audit_head_next
-- Take the next place in the log, with the hash before it; locks the head until commit, so it comes last in a transaction.
update audit_heads set n = n + 1 where workspace_id = :workspace_id returning n, hash

-- name: audit_head_set
update audit_heads set hash = :hash where workspace_id = :workspace_id

-- name: audit_head_get
select n, hash from audit_heads where workspace_id = :workspace_id

-- name: audit_workspaces
-- Whose logs there are, those of deleted workspaces included.
select workspace_id from audit_heads order by workspace_id

-- name: audit_put
insert into audit_log (workspace_id, n, at, actor, action, object, result, details, hash)
values (:workspace_id, :n, :at, :actor, :action, :object, :result, :details, :hash)

-- name: audit_list
-- Backwards from a place.
select n, at, actor, action, object, result, details, hash from audit_log
 where workspace_id = :workspace_id and n < :before order by n desc limit :limit

-- name: audit_walk
select n, at, actor, action, object, result, details, hash from audit_log
 where workspace_id = :workspace_id and n > :after order by n limit :limit
