-- A message's id carries its number and the end of its session's id, by which the session is found: so an id that somebody pastes into a search
-- leads to the message, and no message is in an index for that. The statistics keep the planner from using this index for anything else.

create index sessions_by_tail on sessions (workspace_id, substr(id, 27));

insert into sqlite_stat1 (tbl, idx, stat) values ('sessions', 'sessions_by_tail', '1000000 10000 1');
analyze sqlite_schema;
