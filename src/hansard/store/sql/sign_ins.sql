-- Sign-ins to the page and to dashboards.

-- name: sign_in_put
insert into sign_ins (workspace_id, digest, purpose, key_id, created_at, expires_at)
values (:workspace_id, :digest, :purpose, :key_id, :now, :expires_at)

-- name: sign_in_get
select key_id, expires_at from sign_ins
 where workspace_id = :workspace_id and digest = :digest and purpose = :purpose and expires_at > :now

-- name: sign_in_delete
delete from sign_ins where workspace_id = :workspace_id and digest = :digest returning key_id

-- name: sign_in_trim
delete from sign_ins where workspace_id = :workspace_id and expires_at <= :now
