-- Sessions in the order of activity are walked in two pieces, those of the archive and the others, which have an index each already.

drop index sessions_by_active;
drop index sessions_archived;
create index sessions_archived on sessions (workspace_id, active_at, id) include (version) where archived_at is not null;
