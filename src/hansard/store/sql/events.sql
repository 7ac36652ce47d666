-- What happened in a workspace, in the order of its generation.

-- name: generation_get
select generation from workspace_counters where workspace_id = :workspace_id

-- name: generation_next
-- Take the workspace's next generation; locks the row until commit, so it comes last in a transaction.
update workspace_counters set generation = generation + :by where workspace_id = :workspace_id returning generation

-- name: event_put
-- Behind generation_next: the event of a generation that was taken just now, so far behind the last of them.
insert into session_events (workspace_id, n, type, session_id, seq, at, was_updated_at, was_active_at, was_title)
select workspace_id, generation - :back, :type, :session_id, cast(:seq as bigint), cast(:at as bigint),
  cast(:was_updated_at as bigint), cast(:was_active_at as bigint), :was_title
  from workspace_counters where workspace_id = :workspace_id

-- name: event_list
select n, type, session_id, seq, at from session_events
 where workspace_id = :workspace_id and n > :after order by n limit :limit

-- name: event_first
select min(n) from session_events where workspace_id = :workspace_id

-- name: event_trim
delete from session_events where workspace_id = :workspace_id and n <= :until

-- name: event_indexed
-- What search has not indexed yet is kept.
select generation from search_workspaces where workspace_id = :workspace_id

-- name: event_delete_of_session
-- The index has the end of the session's id, which is by chance.
delete from session_events where workspace_id = :workspace_id and substr(session_id, 27) = substr(:id, 27) and session_id = :id

-- name: event_forget_title
update session_events set was_title = null
 where workspace_id = :workspace_id and substr(session_id, 27) = substr(:session_id, 27) and session_id = :session_id
   and was_title in (:title, :other)

-- name: event_sessions
-- Which sessions changed behind a generation, up to the newest of :limit events.
select session_id, n from session_events where workspace_id = :workspace_id and n > :after order by n limit :limit

-- name: event_old
-- The newest of the :limit oldest events that is old enough to forget.
select max(n) from (select n, at from session_events where workspace_id = :workspace_id order by n limit :limit) as oldest
 where at < :before or n <= :beyond
