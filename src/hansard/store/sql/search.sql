-- The word index.

-- name: search_workspace_put
insert into search_workspaces (workspace_id, generation) values (:workspace_id, 0) on conflict do nothing

-- name: search_workspace_seen
update search_workspaces set generation = :generation where workspace_id = :workspace_id and generation < :generation

-- name: search_workspace_follow
update search_workspaces set generation = :until where workspace_id = :workspace_id and generation = :before

-- name: search_behind
-- The next workspaces that have changes which the index has not seen; a read across workspaces, for the task that indexes.
select c.workspace_id from workspace_counters as c left join search_workspaces as x on x.workspace_id = c.workspace_id
 where c.generation > coalesce(x.generation, 0) and c.workspace_id > :after order by c.workspace_id limit :limit

-- name: search_events_until
-- The last of the next events that the index has not seen.
select max(n) from (
  select n from session_events where workspace_id = :workspace_id and n > :after order by n limit :limit
) as next

-- name: search_changed
-- The sessions that changed in a stretch of events, and how far each is indexed.
select s.id, coalesce(x.seq, 0), coalesce(x.titled, 0), s.last_seq, s.title
  from (select distinct session_id from session_events where workspace_id = :workspace_id and n > :after and n <= :until) as e
  join sessions as s on s.workspace_id = :workspace_id and s.id = e.session_id
  left join search_sessions as x on x.workspace_id = :workspace_id and x.session_id = e.session_id
 where s.last_seq > coalesce(x.seq, 0) or (s.title is not null and coalesce(x.titled, 0) = 0)

-- name: search_lacking
-- The next sessions, in the order of their ids, of which something is not indexed, and how far each is.
select s.id, coalesce(x.seq, 0), coalesce(x.titled, 0), s.last_seq, s.title
  from sessions as s
  left join search_sessions as x on x.workspace_id = :workspace_id and x.session_id = s.id
 where s.workspace_id = :workspace_id and s.id > :after
   and (s.last_seq > coalesce(x.seq, 0) or (s.title is not null and coalesce(x.titled, 0) = 0))
 order by s.id limit :limit

-- name: search_session_seen
update search_sessions set seq = :seq, titled = :titled where workspace_id = :workspace_id and session_id = :session_id

-- name: search_alive
-- Which messages of a stretch are there.
select seq from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq > :after and seq <= :until and deleted_at is null

-- name: search_session_delete
delete from search_sessions where workspace_id = :workspace_id and session_id = :id
