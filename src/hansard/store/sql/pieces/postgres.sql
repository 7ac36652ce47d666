-- What statements, composed ones and those that go together with others, have in other words on PostgreSQL.

-- name: among_changed
-- An array, so that each session is looked up: a join would have one plan for few changes and for many.
id = any (array(select changed_id from changes))

-- name: event_put
-- Together with generation_next, which takes the generation: the table shows it from the next statement on.
insert into session_events (workspace_id, n, type, session_id, seq, at, was_updated_at, was_active_at, was_title)
select :workspace_id::text, generation - :back::bigint, :type::text, :session_id::text, :seq::bigint, :at::bigint,
  :was_updated_at::bigint, :was_active_at::bigint, :was_title::text
  from {generation_next}

-- name: event_put_rows
insert into session_events (workspace_id, n, type, session_id, seq, at, was_updated_at, was_active_at, was_title)
select (:workspace_id::text[])[1], generation - back, type, session_id, seq, at, was_updated_at, was_active_at, was_title
  from {generation_next},
    unnest(:back::bigint[], :type::text[], :session_id::text[], :seq::bigint[], :at::bigint[],
      :was_updated_at::bigint[], :was_active_at::bigint[], :was_title::text[])
    as given (back, type, session_id, seq, at, was_updated_at, was_active_at, was_title)

-- name: message_id
-- The id of a message, of whose row this is said.
id

-- name: spent_tokens
-- What a session spent, as Session.spent has it: field by field the greater of what its messages and its runs report.
greatest(input_tokens, (runs_spent::json ->> 'input_tokens')::bigint)
  + greatest(output_tokens, (runs_spent::json ->> 'output_tokens')::bigint)

-- name: spent_nanos
greatest(cost_nanos, (runs_spent::json ->> 'cost_nanos')::bigint)
