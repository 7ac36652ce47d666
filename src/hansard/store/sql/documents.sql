-- Documents: small bodies of sessions, end users, apps and workspaces. One that is past expires_at counts as absent.

-- name: document_get
select scope, owner, key, revision, type, encoding, octet_length(body), app, user_id, session_id, created_at, updated_at, expires_at, body
  from documents
 where workspace_id = :workspace_id and scope = :scope and owner = :owner and key = :key
   and (expires_at is null or expires_at > :now)

-- name: document_drop_expired
-- One that is past its time makes room.
delete from documents
 where workspace_id = :workspace_id and scope = :scope and owner = :owner and key = :key and expires_at <= :now

-- name: document_put
-- Nothing comes back where there is one.
insert into documents (workspace_id, scope, owner, key, revision, type, encoding, app, user_id, session_id, created_at, updated_at, expires_at, body)
values (:workspace_id, :scope, :owner, :key, :revision, :type, :encoding, :app, :user_id, :session_id, :now, :now, :expires_at, :body)
on conflict do nothing
returning revision

-- name: document_restore
insert into documents (workspace_id, scope, owner, key, revision, type, encoding, app, user_id, session_id, created_at, updated_at, expires_at, body)
values (:workspace_id, :scope, :owner, :key, :revision, :type, :encoding, :app, :user_id, :session_id, :created_at, :updated_at, :expires_at, :body)
on conflict do nothing

-- name: document_update
update documents
   set revision = revision + 1, type = :type, encoding = :encoding, updated_at = :now, expires_at = :expires_at, body = :body
 where workspace_id = :workspace_id and scope = :scope and owner = :owner and key = :key
returning revision

-- name: document_delete
delete from documents where workspace_id = :workspace_id and scope = :scope and owner = :owner and key = :key

-- name: document_list
-- The documents of one owner, in the order of their keys' bytes, without their bodies.
select scope, owner, key, revision, type, encoding, octet_length(body), app, user_id, session_id, created_at, updated_at, expires_at
  from documents
 where workspace_id = :workspace_id and scope = :scope and owner = :owner and key > :after and key >= :since and key < :until
   and (expires_at is null or expires_at > :now)
 order by key limit :limit

-- name: document_list_across
-- The same of all owners between two, such as all users of an app.
select scope, owner, key, revision, type, encoding, octet_length(body), app, user_id, session_id, created_at, updated_at, expires_at
  from documents
 where workspace_id = :workspace_id and scope = :scope and owner >= :owner_since and owner < :owner_until
   and (owner, key) > (:after_owner, :after) and key >= :since and key < :until
   and (expires_at is null or expires_at > :now)
 order by owner, key limit :limit

-- name: document_walk
-- The next documents of a session, whole.
select scope, owner, key, revision, type, encoding, octet_length(body), app, user_id, session_id, created_at, updated_at, expires_at, body
  from documents
 where workspace_id = :workspace_id and scope = 'session' and owner = :session_id and key > :after
 order by key limit :limit

-- name: document_walk_scope
-- The next documents of all owners within a scope, whole.
select scope, owner, key, revision, type, encoding, octet_length(body), app, user_id, session_id, created_at, updated_at, expires_at, body
  from documents
 where workspace_id = :workspace_id and scope = :scope and (owner, key) > (:after_owner, :after)
 order by owner, key limit :limit

-- name: document_copy
insert into documents (workspace_id, scope, owner, key, revision, type, encoding, app, user_id, session_id, created_at, updated_at, expires_at, body)
select workspace_id, scope, :copy_id, key, revision, type, encoding, app, user_id, :copy_id, created_at, updated_at, expires_at, body
  from documents where workspace_id = :workspace_id and scope = 'session' and owner = :session_id

-- name: document_delete_of_session
delete from documents where workspace_id = :workspace_id and scope = 'session' and owner = :id

-- name: document_delete_of_user
delete from documents where workspace_id = :workspace_id and user_id = :user_id returning key

-- name: document_expire
-- Up to :limit documents that are past their time.
delete from documents
 where workspace_id = :workspace_id and expires_at <= :now and (scope, owner, key) in (
  select scope, owner, key from documents where workspace_id = :workspace_id and expires_at <= :now limit :limit
 )
returning key

-- name: document_orphans
-- Documents whose session is not there.
select owner, count(*) from documents as d
 where workspace_id = :workspace_id and scope = 'session'
   and not exists (select 1 from sessions as s where s.workspace_id = :workspace_id and s.id = d.owner)
 group by owner order by owner limit 100

-- name: workspace_purge_documents
delete from documents where workspace_id = :workspace_id
