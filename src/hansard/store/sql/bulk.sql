-- Changes of many sessions, and their undoing.

-- name: bulk_put
insert into bulk_actions (workspace_id, id, action, created_at) values (:workspace_id, :id, :action, :created_at)

-- name: bulk_get
select action, created_at, undone_at from bulk_actions where workspace_id = :workspace_id and id = :id

-- name: bulk_undone
update bulk_actions set undone_at = :now where workspace_id = :workspace_id and id = :id and undone_at is null returning id

-- name: bulk_change_put
insert into bulk_changes (workspace_id, action_id, session_id, version, before)
values (:workspace_id, :action_id, :session_id, :version, :before)
on conflict do nothing

-- name: bulk_change_list
select session_id, version, before from bulk_changes
 where workspace_id = :workspace_id and action_id = :action_id and session_id > :after order by session_id limit :limit

-- name: bulk_change_delete_of_session
delete from bulk_changes where workspace_id = :workspace_id and session_id = :id

-- name: bulk_change_trim
delete from bulk_changes where workspace_id = :workspace_id
   and action_id in (select id from bulk_actions where bulk_actions.workspace_id = :workspace_id and created_at < :before)

-- name: bulk_trim
delete from bulk_actions where workspace_id = :workspace_id and created_at < :before
