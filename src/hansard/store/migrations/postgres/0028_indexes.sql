-- Sessions in the order of activity are walked in two pieces, those of the archive and the others, which have an index each already.

drop index sessions_by_active;
drop index sessions_archived;
create index sessions_archived on sessions (workspace_id, active_at, id) include (version) where archived_at is not null;

-- The end of a session's id, which is by chance, tells its events from others as well as the whole does.
drop index session_events_by_session;
create index session_events_by_tail on session_events (workspace_id, substr(session_id, 27));
