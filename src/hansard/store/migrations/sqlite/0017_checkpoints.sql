-- Checkpoints: opaque bytes of a framework that belong to a session. facts and versions are JSON objects: the scalar part of the
-- metadata, and which version of each channel a checkpoint refers to. Several checkpoints share a blob. Writes wait for the next one.

create table checkpoints (
  workspace_id text not null,
  session_id text not null,
  ns text not null,
  id text not null,
  parent_id text,
  run_id text,
  type text not null,
  meta_type text not null,
  facts text not null,
  versions text not null,
  created_at integer not null,
  meta blob not null,
  data blob not null,
  primary key (workspace_id, session_id, ns, id)
);
create index checkpoints_by_session on checkpoints (workspace_id, session_id, id);
create index checkpoints_by_id on checkpoints (workspace_id, id);
create index checkpoints_by_run on checkpoints (workspace_id, run_id) where run_id is not null;

create table checkpoint_blobs (
  workspace_id text not null,
  session_id text not null,
  ns text not null,
  channel text not null,
  version text not null,
  type text not null,
  data blob,
  primary key (workspace_id, session_id, ns, channel, version)
);

create table checkpoint_writes (
  workspace_id text not null,
  session_id text not null,
  ns text not null,
  checkpoint_id text not null,
  task_id text not null,
  idx integer not null,
  task_path text not null,
  channel text not null,
  type text not null,
  data blob not null,
  primary key (workspace_id, session_id, ns, checkpoint_id, task_id, idx)
);
