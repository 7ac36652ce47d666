-- Sessions in the order of activity are walked in two pieces, those of the archive and the others, which have an index each already. These have all that a
-- list needs: without archived_at SQLite would look into the row of each session, though their condition says it.

drop index sessions_by_active;
drop index sessions_listed;
create index sessions_listed on sessions (workspace_id, active_at, id, version, archived_at) where archived_at is null;
drop index sessions_archived;
create index sessions_archived on sessions (workspace_id, active_at, id, version, archived_at) where archived_at is not null;

-- The end of a session's id, which is by chance, tells its events from others as well as the whole does.
drop index session_events_by_session;
create index session_events_by_tail on session_events (workspace_id, substr(session_id, 27));

delete from sqlite_stat1 where idx in ('sessions_by_active', 'sessions_listed', 'sessions_archived', 'session_events_by_session');
insert into sqlite_stat1 (tbl, idx, stat) values
  ('sessions', 'sessions_listed', '950000 9500 1 1 1 1'),
  ('sessions', 'sessions_archived', '50000 500 1 1 1 1'),
  ('session_events', 'session_events_by_tail', '1000000 10000 5');
analyze sqlite_schema;
