-- What statements have in other words on SQLite.

-- name: among_changed
id in (select changed_id from changes)

-- name: each_changed
/* SQLite looks each up by itself */

-- name: at_most_one
/* of an id */

-- name: message_id
-- The id of a message, of whose row this is said.
message_id(session_id, seq, id)

-- name: spent_tokens
-- What a session spent, as Session.spent has it: field by field the greater of what its messages and its runs report.
max(input_tokens, coalesce(runs_spent ->> 'input_tokens', 0)) + max(output_tokens, coalesce(runs_spent ->> 'output_tokens', 0))

-- name: spent_nanos
max(cost_nanos, coalesce(runs_spent ->> 'cost_nanos', 0))
