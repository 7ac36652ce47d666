-- The audit log with its chain, receipts of erased users, retention rules; kept answers know their session.

alter table idempotency_keys add column session_id text collate "C";
create index idempotency_keys_by_session on idempotency_keys (workspace_id, session_id) where session_id is not null;

-- Who wrote a message by hand, for the erasing of that person; most messages have nobody.
create index messages_by_sender on messages (workspace_id, sender_id) where sender_id is not null;

-- Where each workspace's audit log ends: without it a cut-off end would not be noticed.
create table audit_heads (
  workspace_id text collate "C" not null primary key,
  n bigint not null,
  hash bytea not null
);

-- Written once, never changed, never trimmed; it outlives its workspace and quotes no content.
create table audit_log (
  workspace_id text collate "C" not null,
  n bigint not null,
  at bigint not null,
  actor text collate "C" not null,
  action text collate "C" not null,
  object text collate "C" not null,
  result text collate "C" not null,
  details text not null,
  hash bytea not null,
  primary key (workspace_id, n)
);

-- That a user was erased. The subject is a keyed digest of the user's id, which is gone with the rest.
create table receipts (
  workspace_id text collate "C" not null,
  id text collate "C" not null,
  subject text collate "C" not null,
  at bigint not null,
  body text not null,
  signature text collate "C" not null,
  primary key (workspace_id, id)
);
create index receipts_by_subject on receipts (workspace_id, subject, at);

-- How long sessions of a kind are kept after their last activity; kind '*' is for all kinds without a rule.
create table retention_rules (
  workspace_id text collate "C" not null,
  kind text collate "C" not null,
  days bigint not null,
  created_at bigint not null,
  primary key (workspace_id, kind)
);
