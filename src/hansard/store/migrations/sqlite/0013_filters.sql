-- Lists are in the order of activity and leave out the archive: the filters' indexes have that order.

drop index sessions_by_branch;
create index sessions_by_branch on sessions (workspace_id, branch, active_at, id, version, archived_at);
drop index sessions_by_state;
create index sessions_by_state on sessions (workspace_id, state, active_at, id, version, archived_at) where state <> 'completed';
drop index sessions_by_channel;
create index sessions_by_channel on sessions (workspace_id, channel, active_at, id, version, archived_at) where channel is not null;
drop index sessions_by_app;
create index sessions_by_app on sessions (workspace_id, app, active_at, id, version, archived_at) where app is not null;
drop index sessions_by_agent;
create index sessions_by_agent on sessions (workspace_id, agent, active_at, id, version, archived_at) where agent is not null;
drop index sessions_by_user;
create index sessions_by_user on sessions (workspace_id, user_id, active_at, id, version, archived_at) where user_id is not null;
drop index sessions_by_assignee;
create index sessions_by_assignee on sessions (workspace_id, assignee, active_at, id, version, archived_at) where assignee is not null;
drop index sessions_by_kind;
create index sessions_by_kind on sessions (workspace_id, kind, active_at, id) where kind <> 'session';
drop index sessions_by_resolution;
create index sessions_by_resolution on sessions (workspace_id, resolution, active_at, id) where resolution <> 'open';
drop index sessions_by_workflow;
create index sessions_by_workflow on sessions (workspace_id, workflow_id, active_at, id) where workflow_id is not null;
drop index sessions_by_parent;
create index sessions_by_parent on sessions (workspace_id, parent_id, active_at, id) where parent_id is not null;
drop index sessions_by_intent;
create index sessions_by_intent on sessions (workspace_id, intent, active_at, id) where intent is not null;
drop index sessions_by_model;
create index sessions_by_model on sessions (workspace_id, model, active_at, id) where model is not null;
drop index sessions_by_trigger;
create index sessions_by_trigger on sessions (workspace_id, trigger_type, active_at, id) where trigger_type is not null;
drop index sessions_archived;
create index sessions_archived on sessions (workspace_id, active_at, id) where archived_at is not null;
drop index sessions_ended;
create index sessions_ended on sessions (workspace_id, active_at, id) where ended_at is not null;
drop index sessions_empty;
create index sessions_empty on sessions (workspace_id, active_at, id) where message_count = 0;
create index sessions_listed on sessions (workspace_id, active_at, id, version) where archived_at is null;

-- How many sessions of the archive have each value, so that lists without the archive have exact totals.
insert into session_counts (workspace_id, facet, value, count)
select workspace_id, 'archived.branch', cast(branch as text), count(*) from sessions where archived_at is not null group by workspace_id, branch;
insert into session_counts (workspace_id, facet, value, count)
select workspace_id, 'archived.state', state, count(*) from sessions where archived_at is not null and state is not null group by workspace_id, state;
insert into session_counts (workspace_id, facet, value, count)
select workspace_id, 'archived.channel', channel, count(*) from sessions where archived_at is not null and channel is not null group by workspace_id, channel;
insert into session_counts (workspace_id, facet, value, count)
select workspace_id, 'archived.kind', kind, count(*) from sessions where archived_at is not null group by workspace_id, kind;
insert into session_counts (workspace_id, facet, value, count)
select workspace_id, 'archived.app', app, count(*) from sessions where archived_at is not null and app is not null group by workspace_id, app;
insert into session_counts (workspace_id, facet, value, count)
select workspace_id, 'archived.agent', agent, count(*) from sessions where archived_at is not null and agent is not null group by workspace_id, agent;
insert into session_counts (workspace_id, facet, value, count)
select workspace_id, 'archived.resolution', resolution, count(*) from sessions where archived_at is not null group by workspace_id, resolution;

-- What lists find by metadata: the texts, numbers and flags at the top of it.
create table session_metadata (
  workspace_id text not null,
  name text not null,
  value text not null,
  session_id text not null,
  primary key (workspace_id, name, value, session_id)
) without rowid;
create index session_metadata_by_session on session_metadata (workspace_id, session_id);

-- How far the rows of sessions from before are filled in (verbs/refill.py): the last session of a workspace, null when all are.
create table refills (
  workspace_id text not null primary key,
  walked text
) without rowid;
insert into store_facts (name, value) values ('refill', 'due') on conflict (name) do update set value = excluded.value;

insert into sqlite_stat1 (tbl, idx, stat) values
  ('sessions', 'sessions_listed', '950000 9500 1 1 1'),
  ('sessions', 'sessions_by_branch', '1000000 10000 4000 1 1 1 1'),
  ('sessions', 'sessions_by_kind', '100000 1000 300 1 1'),
  ('sessions', 'sessions_by_state', '100000 1000 200 1 1 1 1'),
  ('sessions', 'sessions_by_resolution', '300000 3000 1500 1 1'),
  ('sessions', 'sessions_by_channel', '1000000 10000 1500 1 1 1 1'),
  ('sessions', 'sessions_by_app', '1000000 10000 1500 1 1 1 1'),
  ('sessions', 'sessions_by_agent', '1000000 10000 1500 1 1 1 1'),
  ('sessions', 'sessions_by_user', '1000000 10000 10 1 1 1 1'),
  ('sessions', 'sessions_by_workflow', '300000 3000 50 1 1'),
  ('sessions', 'sessions_by_assignee', '100000 1000 50 1 1 1 1'),
  ('sessions', 'sessions_by_parent', '100000 1000 3 1 1'),
  ('sessions', 'sessions_by_intent', '500000 5000 100 1 1'),
  ('sessions', 'sessions_by_model', '1000000 10000 1500 1 1'),
  ('sessions', 'sessions_by_trigger', '300000 3000 500 1 1'),
  ('sessions', 'sessions_archived', '50000 500 1 1'),
  ('sessions', 'sessions_ended', '500000 5000 1 1'),
  ('sessions', 'sessions_empty', '20000 200 1 1'),
  ('session_metadata', 'session_metadata', '2000000 20000 7000 20 1'),
  ('session_metadata', 'session_metadata_by_session', '2000000 20000 3');
analyze sqlite_schema;
