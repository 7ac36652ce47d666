-- What statements have in other words on SQLite.

-- name: changed_session
-- Nothing is saved by what comes along: another statement costs no way there and back.
null

-- name: among_changed
id in (select changed_id from changes)

-- name: message_id
-- The id of a message, of whose row this is said.
message_id(session_id, seq, id)
