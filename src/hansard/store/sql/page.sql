-- Sign-ins, saved views and share links.

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

-- name: view_list
select id, name, query, created_at from views where workspace_id = :workspace_id order by created_at, id

-- name: view_named
select id from views where workspace_id = :workspace_id and name = :name limit 1

-- name: view_put
insert into views (workspace_id, id, name, query, created_at) values (:workspace_id, :id, :name, :query, :created_at)
on conflict (workspace_id, id) do update set name = excluded.name, query = excluded.query

-- name: view_delete
delete from views where workspace_id = :workspace_id and id = :id returning id

-- name: share_put
insert into shares (workspace_id, id, session_id, digest, created_by, created_at, expires_at)
values (:workspace_id, :id, :session_id, :digest, :created_by, :created_at, :expires_at)

-- name: share_get
select id, session_id, digest, created_by, created_at, expires_at, revoked_at from shares where workspace_id = :workspace_id and id = :id

-- name: share_list
select id, session_id, digest, created_by, created_at, expires_at, revoked_at from shares
 where workspace_id = :workspace_id and session_id = :session_id order by created_at, id

-- name: share_revoke
update shares set revoked_at = coalesce(revoked_at, :now)
 where workspace_id = :workspace_id and session_id = :session_id and id = :id
returning id

-- name: share_delete_of_session
delete from shares where workspace_id = :workspace_id and session_id = :id
