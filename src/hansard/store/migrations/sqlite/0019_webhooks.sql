-- Webhooks, and what is on its way to them. cursor is the last event that was turned into deliveries; next_at is null when a delivery is over.

create table webhooks (
  workspace_id text not null,
  id text not null,
  url text not null,
  types text not null,
  cursor integer not null,
  created_at integer not null,
  disabled_at integer,
  primary key (workspace_id, id)
) without rowid;

create table webhook_deliveries (
  workspace_id text not null,
  webhook_id text not null,
  id text not null,
  type text not null,
  body text not null,
  state text not null,
  attempts integer not null,
  next_at integer,
  status integer,
  error text,
  created_at integer not null,
  updated_at integer not null,
  primary key (workspace_id, webhook_id, id)
) without rowid;
create index webhook_deliveries_by_time on webhook_deliveries (next_at) where next_at is not null;
