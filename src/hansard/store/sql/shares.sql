-- Links that show one session.

-- name: share_put
insert into shares (workspace_id, id, session_id, digest, created_by, created_at, expires_at, hides)
values (:workspace_id, :id, :session_id, :digest, :created_by, :created_at, :expires_at, :hides)

-- name: share_get
select id, session_id, digest, created_by, created_at, expires_at, revoked_at, hides from shares where workspace_id = :workspace_id and id = :id

-- name: share_list
select id, session_id, digest, created_by, created_at, expires_at, revoked_at, hides from shares
 where workspace_id = :workspace_id and session_id = :session_id order by created_at, id

-- name: share_revoke
update shares set revoked_at = coalesce(revoked_at, :now)
 where workspace_id = :workspace_id and session_id = :session_id and id = :id
returning id

-- name: share_delete_of_session
delete from shares where workspace_id = :workspace_id and session_id = :id
