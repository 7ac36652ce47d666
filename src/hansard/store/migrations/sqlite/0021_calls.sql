-- Failed calls of tools, and which tools a session's messages name: how many messages name each, so that a deletion can take it back.
-- The sessions that are there are counted again (store/verbs/recounts.py).

alter table sessions add column failed_calls integer not null default 0;
alter table sessions add column tools text not null default '{}';
create index sessions_failed_calls on sessions (workspace_id, active_at, id) where failed_calls > 0;

-- What lists find by a tool.
create table session_tools (
  workspace_id text not null,
  name text not null,
  session_id text not null,
  primary key (workspace_id, name, session_id)
) without rowid;
create index session_tools_by_session on session_tools (workspace_id, session_id);

insert into recounts (workspace_id, walked) select id, '' from workspaces where true
on conflict (workspace_id) do update set walked = '';

insert into sqlite_stat1 (tbl, idx, stat) values
  ('sessions', 'sessions_failed_calls', '100000 1000 1 1'),
  ('session_tools', 'session_tools', '2000000 20000 1000 1'),
  ('session_tools', 'session_tools_by_session', '2000000 20000 3');
analyze sqlite_schema;
