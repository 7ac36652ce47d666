-- What statements, composed ones and those that go together with others, have in other words on PostgreSQL.

-- name: among_changed
-- So that each session is looked up by its key, however many sessions there seem to be when the plan is made.
id = changed_id

-- name: each_changed
lateral

-- name: at_most_one
limit 1

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

-- name: extended_by_given
-- What session_extend does to a session ``s``, out of the row ``given``.
version = s.version + 1, last_seq = s.last_seq + given.count, message_count = s.message_count + given.count,
  title = coalesce(s.title, given.title), title_by = case when s.title is null then given.title_by else s.title_by end,
  title_folded = case when s.title is null then given.title_folded else s.title_folded end,
  untitled = case when s.title is null then given.untitled else s.untitled end,
  preview = coalesce(s.preview, given.preview), last_preview = coalesce(given.last_preview, s.last_preview), last_role = given.last_role,
  failed_calls = s.failed_calls + given.failed_calls, tools = coalesce(given.tools, s.tools),
  input_tokens = case when s.input_tokens + given.input_tokens > 9007199254740992 then 9007199254740992 else s.input_tokens + given.input_tokens end,
  output_tokens = case when s.output_tokens + given.output_tokens > 9007199254740992 then 9007199254740992 else s.output_tokens + given.output_tokens end,
  cache_read_tokens = case when s.cache_read_tokens + given.cache_read_tokens > 9007199254740992 then 9007199254740992 else s.cache_read_tokens + given.cache_read_tokens end,
  cache_write_tokens = case when s.cache_write_tokens + given.cache_write_tokens > 9007199254740992 then 9007199254740992 else s.cache_write_tokens + given.cache_write_tokens end,
  reasoning_tokens = case when s.reasoning_tokens + given.reasoning_tokens > 9007199254740992 then 9007199254740992 else s.reasoning_tokens + given.reasoning_tokens end,
  cost_nanos = case when s.cost_nanos + given.cost_nanos > 9007199254740992 then 9007199254740992 else s.cost_nanos + given.cost_nanos end,
  first_message_at = case when s.first_message_at <= given.first_at then s.first_message_at else given.first_at end,
  last_message_at = case when s.last_message_at >= given.last_at then s.last_message_at else given.last_at end,
  active_at = case when s.last_seq > 0 and s.active_at >= given.last_at then s.active_at else given.last_at end,
  used_at = case when s.used_at >= given.used_at then s.used_at else given.used_at end, updated_at = given.now,
  hash_seq = s.last_seq + given.count, last_hash = given.last_hash

-- name: message_put_known_rows
-- Together with session_extend_known, as the two behind it.
insert into messages (workspace_id, session_id, seq, id, client_id, role, sender, sender_id, model, run_id, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, created_at, hash, parts, metadata)
select :workspace_id::text, session_id, seq, id, client_id, role, sender, sender_id, model, run_id, coalesce(input_tokens, 0),
  coalesce(output_tokens, 0), coalesce(cache_read_tokens, 0), coalesce(cache_write_tokens, 0), coalesce(reasoning_tokens, 0),
  coalesce(cost_nanos, 0), created_at, hash, parts, coalesce(metadata, '{}')
  from unnest((select :session_id::text[]), :seq::bigint[], :id::text[], :client_id::text[], :role::text[], :sender::text[], :sender_id::text[],
    :model::text[], :run_id::text[], :input_tokens::bigint[], :output_tokens::bigint[], :cache_read_tokens::bigint[],
    :cache_write_tokens::bigint[], :reasoning_tokens::bigint[], :cost_nanos::bigint[], :created_at::bigint[], :hash::bytea[],
    :parts::text[], :metadata::text[])
    as given (session_id, seq, id, client_id, role, sender, sender_id, model, run_id, input_tokens, output_tokens, cache_read_tokens,
      cache_write_tokens, reasoning_tokens, cost_nanos, created_at, hash, parts, metadata)
 where session_id in (select known.id from {session_extend_known} as known)

-- name: generation_next_known
-- A generation for each event; none where no session was as it was known.
update workspace_counters as counters set generation = counters.generation + taken.by
  from (select sum(known.events) as by from {session_extend_known} as known) as taken
 where counters.workspace_id = :workspace_id and taken.by > 0
returning counters.generation

-- name: event_put_known_rows
insert into session_events (workspace_id, n, type, session_id, seq, at, was_updated_at, was_active_at, was_title)
select :workspace_id::text, generation + 1 - row_number() over (order by place desc), coalesce(type, 'message.appended'), session_id, seq, at,
  was_updated_at, was_active_at, was_title
  from {generation_next_known},
    unnest((select :type::text[]), :session_id::text[], :seq::bigint[], :at::bigint[], :was_updated_at::bigint[], :was_active_at::bigint[], :was_title::text[])
    with ordinality as given (type, session_id, seq, at, was_updated_at, was_active_at, was_title, place)
 where session_id in (select known.id from {session_extend_known} as known)
