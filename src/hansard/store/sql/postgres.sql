-- What only PostgreSQL spells this way.

-- name: session_lock
select {session} from sessions where workspace_id = :workspace_id and id = :id for update

-- name: session_by_ids
select {session} from sessions
 where workspace_id = :workspace_id and id = any (select json_array_elements_text(:ids::text::json))

-- name: message_by_client_ids
select {message} from messages
 where workspace_id = :workspace_id and session_id = :session_id
   and client_id = any (select json_array_elements_text(:client_ids::text::json)) and deleted_at is null

-- name: message_said
-- What users and assistants said in several sessions.
select {message} from messages
 where workspace_id = :workspace_id and session_id = any (select json_array_elements_text(:session_ids::text::json))
   and role in ('user', 'assistant') and deleted_at is null
 order by session_id, seq

-- name: client_ids_known
select client_id from messages where workspace_id = :workspace_id and session_id = :session_id
   and client_id = any (select json_array_elements_text(:client_ids::text::json))

-- name: run_by_ids
select {run} from runs
 where workspace_id = :workspace_id and session_id = :session_id and id = any (select json_array_elements_text(:ids::text::json))

-- name: run_lock
select {run} from runs where workspace_id = :workspace_id and session_id = :session_id and id = :id for update

-- name: session_peek
-- What an append must know of its session, with the hash of the last message; locks the session row until commit.
select id, own_id, user_id, app, last_seq, updated_at,
       (select hash from messages as m where m.workspace_id = s.workspace_id and m.session_id = s.id and m.seq = s.last_seq)
  from sessions as s where workspace_id = :workspace_id and id = :id for update of s

-- name: stats_mark_lock
select generation, walked from stats_marks where workspace_id = :workspace_id for update

-- name: stats_sessions_of
select session_id, day, hour, channel, app, agent, state, messages, input_tokens, output_tokens, cost_nanos, resolved, unresolved, duration
  from stats_sessions where workspace_id = :workspace_id and session_id = any (select json_array_elements_text(:session_ids::text::json))

-- name: idempotency_forget_message
update idempotency_keys set answer = null where workspace_id = :workspace_id and session_id = :id and position(:needle::bytea in answer) > 0

-- name: workspace_counters_lock
select workspace_id from workspace_counters where workspace_id = :workspace_id for update
