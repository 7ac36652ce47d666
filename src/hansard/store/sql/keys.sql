-- Keys.

-- name: key_put
insert into keys (id, workspace_id, name, scopes, digest, user_id, app, created_at, expires_at)
values (:id, :workspace_id, :name, :scopes, :digest, :user_id, :app, :created_at, :expires_at)

-- name: key_find
-- The one look-up that cannot know its workspace.
select id, workspace_id, name, scopes, digest, user_id, app, created_at, expires_at, last_used_at, revoked_at, lifetime_us
  from keys where id = :id

-- name: key_list
select id, workspace_id, name, scopes, digest, user_id, app, created_at, expires_at, last_used_at, revoked_at, lifetime_us
  from keys where workspace_id = :workspace_id order by created_at, id

-- name: key_expire
-- The lifetime that it was given stays known, 0 for one without an end: rotated again, it is passed on.
update keys
   set lifetime_us = coalesce(lifetime_us, case when expires_at is null then 0 else expires_at - created_at end), expires_at = :expires_at
 where workspace_id = :workspace_id and id = :id and (expires_at is null or expires_at > :expires_at)

-- name: key_revoke
update keys set revoked_at = coalesce(revoked_at, :now) where workspace_id = :workspace_id and id = :id returning id

-- name: key_used
update keys set last_used_at = :now where workspace_id = :workspace_id and id = :id
