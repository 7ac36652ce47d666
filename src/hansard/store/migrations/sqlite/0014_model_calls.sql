-- Calls of models that telemetry told of, by their spans, for as long as more of them may come. They hold marks of messages, no texts.
-- The row with the span '' has what the spans of its trace say of a session. session_id is where a call's messages are, '' for nowhere.

create table model_calls (
  workspace_id text not null,
  trace_id text not null,
  span_id text not null,
  session_id text not null,
  at integer not null,
  taken_at integer not null,
  body text not null,
  primary key (workspace_id, trace_id, span_id)
) without rowid;
create index model_calls_by_session on model_calls (workspace_id, session_id, at);
create index model_calls_by_age on model_calls (workspace_id, taken_at);
