-- Forks that are being copied. Their messages are stored before their sessions, so that nobody sees them until all are there.
-- copied counts them, touched_at says when the copy last went on, 0 that it is being taken away.

create table pending_forks (
  workspace_id text collate "C" not null,
  session_id text collate "C" not null,
  source_id text collate "C" not null,
  copied bigint not null,
  touched_at bigint not null,
  primary key (workspace_id, session_id)
);
create index pending_forks_by_source on pending_forks (workspace_id, source_id);
create index pending_forks_by_age on pending_forks (touched_at);
