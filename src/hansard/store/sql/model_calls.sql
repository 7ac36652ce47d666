-- Calls of models that telemetry told of.

-- name: trace_claim
-- What the spans of a trace said before, or say now where it is new; the trace is locked until the transaction ends.
insert into model_calls (workspace_id, trace_id, span_id, session_id, at, taken_at, body) values (:workspace_id, :trace_id, '', '', 0, :now, :body)
on conflict (workspace_id, trace_id, span_id) do update set taken_at = excluded.taken_at
returning trace_id, body

-- name: model_call_put
insert into model_calls (workspace_id, trace_id, span_id, session_id, at, taken_at, body)
values (:workspace_id, :trace_id, :span_id, :session_id, :at, :now, :body)
on conflict (workspace_id, trace_id, span_id) do update
  set session_id = excluded.session_id, at = excluded.at, taken_at = excluded.taken_at, body = excluded.body

-- name: model_calls_of_session
-- The latest calls of a session, from a time on.
select session_id, body from model_calls where workspace_id = :workspace_id and session_id = :session_id and at >= :since
 order by at desc limit :limit

-- name: model_call_delete_of_session
delete from model_calls
 where workspace_id = :workspace_id and (session_id = :id or span_id = '' and trace_id in (
   select trace_id from model_calls as own where own.workspace_id = :workspace_id and own.session_id = :id))

-- name: model_call_trim
delete from model_calls where workspace_id = :workspace_id and taken_at < :before and (trace_id, span_id) in (
  select trace_id, span_id from model_calls as old where old.workspace_id = :workspace_id and old.taken_at < :before limit :limit)
returning 1

-- name: workspace_purge_model_calls
delete from model_calls where workspace_id = :workspace_id
