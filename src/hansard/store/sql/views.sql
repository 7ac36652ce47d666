-- Saved views.

-- name: view_list
select id, name, query, created_at from views where workspace_id = :workspace_id order by created_at, id

-- name: view_named
select id from views where workspace_id = :workspace_id and name = :name limit 1

-- name: view_put
insert into views (workspace_id, id, name, query, created_at) values (:workspace_id, :id, :name, :query, :created_at)
on conflict (workspace_id, id) do update set name = excluded.name, query = excluded.query

-- name: view_delete
delete from views where workspace_id = :workspace_id and id = :id returning id
