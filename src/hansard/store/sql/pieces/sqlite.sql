-- What composed statements have in other words on SQLite.

-- name: changed_session
-- Nothing is saved by what comes along: another statement costs no way there and back.
null
