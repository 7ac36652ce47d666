-- Documents: small bodies under a key of a session, an end user, an app or the workspace, with a revision of their own.
-- owner is the session's id, the app and the user as a JSON list, the app, or nothing; encoding is json or bytes.

create table documents (
  workspace_id text collate "C" not null,
  scope text collate "C" not null,
  owner text collate "C" not null,
  key text collate "C" not null,
  revision bigint not null,
  type text collate "C" not null,
  encoding text collate "C" not null,
  app text collate "C",
  user_id text collate "C",
  session_id text collate "C",
  created_at bigint not null,
  updated_at bigint not null,
  expires_at bigint,
  body bytea not null,
  primary key (workspace_id, scope, owner, key)
);
create index documents_by_user on documents (workspace_id, user_id) where user_id is not null;
create index documents_by_expiry on documents (workspace_id, expires_at) where expires_at is not null;
