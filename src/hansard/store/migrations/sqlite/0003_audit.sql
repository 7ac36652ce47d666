-- The audit log with its chain, receipts of erased users, retention rules; kept answers know their session.

alter table idempotency_keys add column session_id text;
create index idempotency_keys_by_session on idempotency_keys (workspace_id, session_id) where session_id is not null;
insert into sqlite_stat1 (tbl, idx, stat) values
  ('idempotency_keys', 'idempotency_keys', '1000000 10000 1'),
  ('idempotency_keys', 'idempotency_keys_by_age', '1000000 10000 2'),
  ('idempotency_keys', 'idempotency_keys_by_session', '1000000 10000 5'),
  ('session_events', 'session_events', '1000000 10000 1'),
  ('session_events', 'session_events_by_session', '1000000 10000 5 1');

-- Who wrote a message by hand, for the erasing of that person; most messages have nobody.
create index messages_by_sender on messages (workspace_id, sender_id) where sender_id is not null;

-- Where each workspace's audit log ends: without it a cut-off end would not be noticed.
create table audit_heads (
  workspace_id text not null primary key,
  n integer not null,
  hash blob not null
) without rowid;

-- Written once, never changed, never trimmed; it outlives its workspace and quotes no content.
create table audit_log (
  workspace_id text not null,
  n integer not null,
  at integer not null,
  actor text not null,
  action text not null,
  object text not null,
  result text not null,
  details text not null,
  hash blob not null,
  primary key (workspace_id, n)
) without rowid;

-- That a user was erased. The subject is a keyed digest of the user's id, which is gone with the rest.
create table receipts (
  workspace_id text not null,
  id text not null,
  subject text not null,
  at integer not null,
  body text not null,
  signature text not null,
  primary key (workspace_id, id)
) without rowid;
create index receipts_by_subject on receipts (workspace_id, subject, at);

-- How long sessions of a kind are kept after their last activity; kind '*' is for all kinds without a rule.
create table retention_rules (
  workspace_id text not null,
  kind text not null,
  days integer not null,
  created_at integer not null,
  primary key (workspace_id, kind)
) without rowid;
