-- Checkpoints of sessions, the values of their channels, and what tasks wrote since.

-- name: checkpoint_put
-- The same id again replaces what is there.
insert into checkpoints (workspace_id, session_id, ns, id, parent_id, run_id, type, data, meta_type, meta, facts, versions, created_at)
values (:workspace_id, :session_id, :ns, :id, :parent_id, :run_id, :type, :data, :meta_type, :meta, :facts, :versions, :created_at)
on conflict (workspace_id, session_id, ns, id) do update
   set parent_id = excluded.parent_id, run_id = excluded.run_id, type = excluded.type, data = excluded.data,
       meta_type = excluded.meta_type, meta = excluded.meta, facts = excluded.facts, versions = excluded.versions

-- name: checkpoint_keep
insert into checkpoints (workspace_id, session_id, ns, id, parent_id, run_id, type, data, meta_type, meta, facts, versions, created_at)
values (:workspace_id, :session_id, :ns, :id, :parent_id, :run_id, :type, :data, :meta_type, :meta, :facts, :versions, :created_at)
on conflict do nothing
returning id

-- name: checkpoint_blob_keep
insert into checkpoint_blobs (workspace_id, session_id, ns, channel, version, type, data)
values (:workspace_id, :session_id, :ns, :channel, :version, :type, :data)
on conflict do nothing

-- name: checkpoint_write_keep
insert into checkpoint_writes (workspace_id, session_id, ns, checkpoint_id, task_id, idx, task_path, channel, type, data)
values (:workspace_id, :session_id, :ns, :checkpoint_id, :task_id, :idx, :task_path, :channel, :type, :data)
on conflict do nothing

-- name: checkpoint_write_replace
insert into checkpoint_writes (workspace_id, session_id, ns, checkpoint_id, task_id, idx, task_path, channel, type, data)
values (:workspace_id, :session_id, :ns, :checkpoint_id, :task_id, :idx, :task_path, :channel, :type, :data)
on conflict (workspace_id, session_id, ns, checkpoint_id, task_id, idx) do update
   set task_path = excluded.task_path, channel = excluded.channel, type = excluded.type, data = excluded.data

-- name: checkpoint_get
select ns, id, parent_id, run_id, type, data, meta_type, meta, facts, versions, created_at from checkpoints
 where workspace_id = :workspace_id and session_id = :session_id and ns = :ns and id = :id

-- name: checkpoint_heads
-- The newest checkpoints of a namespace, without what they hold.
select ns, id, facts, octet_length(data) + octet_length(meta) from checkpoints
 where workspace_id = :workspace_id and session_id = :session_id and ns = :ns and id < :before
 order by id desc limit :limit

-- name: checkpoint_heads_with_id
select ns, id, facts, octet_length(data) + octet_length(meta) from checkpoints
 where workspace_id = :workspace_id and session_id = :session_id and id = :id and ns >= :since and ns <= :until
 order by ns limit :limit

-- name: checkpoint_heads_of_session
-- Those of every namespace: the newest first, then by the namespace.
select ns, id, facts, octet_length(data) + octet_length(meta) from checkpoints
 where workspace_id = :workspace_id and session_id = :session_id and (id < :before or (id = :before and ns > :before_ns))
 order by id desc, ns limit :limit

-- name: checkpoint_heads_of_workspace
-- Those of every session.
select c.session_id, c.ns, c.id, c.facts, s.own_id, s.user_id, s.app from checkpoints as c
  join sessions as s on s.workspace_id = :workspace_id and s.id = c.session_id
 where c.workspace_id = :workspace_id and (c.id < :before or (c.id = :before and (c.session_id, c.ns) > (:before_session, :before_ns)))
 order by c.id desc, c.session_id, c.ns limit :limit

-- name: checkpoint_of_run
select c.session_id, c.ns, c.id, s.user_id, s.app from checkpoints as c
  join sessions as s on s.workspace_id = :workspace_id and s.id = c.session_id
 where c.workspace_id = :workspace_id and c.run_id = :run_id order by c.session_id, c.ns, c.id limit :limit

-- name: checkpoint_write_list
select task_id, idx, task_path, channel, type, data from checkpoint_writes
 where workspace_id = :workspace_id and session_id = :session_id and ns = :ns and checkpoint_id = :checkpoint_id
 order by task_path, task_id, idx

-- name: checkpoint_namespaces
select distinct ns from checkpoints where workspace_id = :workspace_id and session_id = :session_id order by ns

-- name: checkpoint_ids_beyond
-- All but the newest checkpoints of a namespace.
select id from checkpoints
 where workspace_id = :workspace_id and session_id = :session_id and ns = :ns
 order by id desc limit :limit offset :keep

-- name: checkpoint_versions
select versions from checkpoints where workspace_id = :workspace_id and session_id = :session_id and ns = :ns

-- name: checkpoint_blob_names
select channel, version from checkpoint_blobs where workspace_id = :workspace_id and session_id = :session_id and ns = :ns

-- name: checkpoint_delete
delete from checkpoints where workspace_id = :workspace_id and session_id = :session_id and ns = :ns and id = :id

-- name: checkpoint_write_delete
delete from checkpoint_writes where workspace_id = :workspace_id and session_id = :session_id and ns = :ns and checkpoint_id = :id

-- name: checkpoint_blob_delete
delete from checkpoint_blobs
 where workspace_id = :workspace_id and session_id = :session_id and ns = :ns and channel = :channel and version = :version

-- name: checkpoint_walk
-- Every checkpoint of a session, whole.
select ns, id, parent_id, run_id, type, data, meta_type, meta, facts, versions, created_at from checkpoints
 where workspace_id = :workspace_id and session_id = :session_id order by ns, id

-- name: checkpoint_blob_walk
select ns, channel, version, type, data from checkpoint_blobs
 where workspace_id = :workspace_id and session_id = :session_id order by ns, channel, version

-- name: checkpoint_write_walk
select ns, checkpoint_id, task_id, idx, task_path, channel, type, data from checkpoint_writes
 where workspace_id = :workspace_id and session_id = :session_id order by ns, checkpoint_id, task_id, idx

-- name: checkpoint_copy
insert into checkpoints (workspace_id, session_id, ns, id, parent_id, run_id, type, data, meta_type, meta, facts, versions, created_at)
select workspace_id, :copy_id, ns, id, parent_id, run_id, type, data, meta_type, meta, facts, versions, created_at
  from checkpoints where workspace_id = :workspace_id and session_id = :session_id

-- name: checkpoint_blob_copy
insert into checkpoint_blobs (workspace_id, session_id, ns, channel, version, type, data)
select workspace_id, :copy_id, ns, channel, version, type, data
  from checkpoint_blobs where workspace_id = :workspace_id and session_id = :session_id

-- name: checkpoint_write_copy
insert into checkpoint_writes (workspace_id, session_id, ns, checkpoint_id, task_id, idx, task_path, channel, type, data)
select workspace_id, :copy_id, ns, checkpoint_id, task_id, idx, task_path, channel, type, data
  from checkpoint_writes where workspace_id = :workspace_id and session_id = :session_id

-- name: checkpoint_delete_of_session
delete from checkpoints where workspace_id = :workspace_id and session_id = :id

-- name: checkpoint_blob_delete_of_session
delete from checkpoint_blobs where workspace_id = :workspace_id and session_id = :id

-- name: checkpoint_write_delete_of_session
delete from checkpoint_writes where workspace_id = :workspace_id and session_id = :id

-- name: checkpoint_orphans
-- Checkpoints whose session is not there.
select session_id, count(*) from checkpoints as c
 where workspace_id = :workspace_id
   and not exists (select 1 from sessions as s where s.workspace_id = :workspace_id and s.id = c.session_id)
 group by session_id order by session_id limit 100

-- name: workspace_purge_checkpoints
delete from checkpoints where workspace_id = :workspace_id

-- name: workspace_purge_checkpoint_blobs
delete from checkpoint_blobs where workspace_id = :workspace_id

-- name: workspace_purge_checkpoint_writes
delete from checkpoint_writes where workspace_id = :workspace_id
