-- What composed statements have in other words on PostgreSQL.

-- name: changed_session
-- The session of a row as a whole, where one of the changes with these numbers was of it. So many equal numbers make one plan for all.
case when id = any (array(select session_id from session_events
                           where session_events.workspace_id = :workspace_id and n = any (:changes::bigint[])))
  then (select row({session}) from sessions as s where s.workspace_id = :workspace_id and s.id = sessions.id) end
