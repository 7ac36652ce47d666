-- Checkpoints: opaque bytes of a framework that belong to a session. facts and versions are JSON objects: the scalar part of the
-- metadata, and which version of each channel a checkpoint refers to. Several checkpoints share a blob. Writes wait for the next one.

create table checkpoints (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  ns text collate "C" not null,
  id text collate "C" not null,
  parent_id text collate "C",
  run_id text collate "C",
  type text collate "C" not null,
  meta_type text collate "C" not null,
  facts text not null,
  versions text not null,
  created_at bigint not null,
  meta bytea not null,
  data bytea not null,
  primary key (workspace_id, session_id, ns, id)
);
create index checkpoints_by_session on checkpoints (workspace_id, session_id, id);
create index checkpoints_by_id on checkpoints (workspace_id, id);
create index checkpoints_by_run on checkpoints (workspace_id, run_id) where run_id is not null;

create table checkpoint_blobs (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  ns text collate "C" not null,
  channel text collate "C" not null,
  version text collate "C" not null,
  type text collate "C" not null,
  data bytea,
  primary key (workspace_id, session_id, ns, channel, version)
);

create table checkpoint_writes (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  ns text collate "C" not null,
  checkpoint_id text collate "C" not null,
  task_id text collate "C" not null,
  idx bigint not null,
  task_path text collate "C" not null,
  channel text collate "C" not null,
  type text collate "C" not null,
  data bytea not null,
  primary key (workspace_id, session_id, ns, checkpoint_id, task_id, idx)
);
