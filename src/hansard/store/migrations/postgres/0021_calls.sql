-- Failed calls of tools, and which tools a session's messages name: how many messages name each, so that a deletion can take it back.
-- The sessions that are there are counted again (store/verbs/recounts.py).

alter table sessions add column failed_calls bigint not null default 0;
alter table sessions add column tools text not null default '{}';
create index sessions_failed_calls on sessions (workspace_id, active_at, id) where failed_calls > 0;

-- What lists find by a tool.
create table session_tools (
  workspace_id text collate "C" not null,
  name text collate "C" not null,
  session_id text collate "C" not null,
  primary key (workspace_id, name, session_id)
);
create index session_tools_by_session on session_tools (workspace_id, session_id);

insert into recounts (workspace_id, walked) select id, '' from workspaces
on conflict (workspace_id) do update set walked = '';
