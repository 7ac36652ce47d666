-- A message's id carries its number and the end of its session's id, by which the session is found: so an id that somebody pastes into a search
-- leads to the message, and no message is in an index for that.

create index sessions_by_tail on sessions (workspace_id, substr(id, 27));
