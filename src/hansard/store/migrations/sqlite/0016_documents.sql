-- Documents: small bodies under a key of a session, an end user, an app or the workspace, with a revision of their own.
-- owner is the session's id, the app and the user as a JSON list, the app, or nothing; encoding is json or bytes.

create table documents (
  workspace_id text not null,
  scope text not null,
  owner text not null,
  key text not null,
  revision integer not null,
  type text not null,
  encoding text not null,
  app text,
  user_id text,
  session_id text,
  created_at integer not null,
  updated_at integer not null,
  expires_at integer,
  body blob not null,
  primary key (workspace_id, scope, owner, key)
);
create index documents_by_user on documents (workspace_id, user_id) where user_id is not null;
create index documents_by_expiry on documents (workspace_id, expires_at) where expires_at is not null;
