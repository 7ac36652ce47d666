-- Webhooks, and what is on its way to them. cursor is the last event that was turned into deliveries; next_at is null when a delivery is over.

create table webhooks (
  workspace_id text collate "C" not null,
  id text collate "C" not null,
  url text not null,
  types text not null,
  cursor bigint not null,
  created_at bigint not null,
  disabled_at bigint,
  primary key (workspace_id, id)
);

create table webhook_deliveries (
  workspace_id text collate "C" not null,
  webhook_id text collate "C" not null,
  id text collate "C" not null,
  type text not null,
  body text not null,
  state text not null,
  attempts bigint not null,
  next_at bigint,
  status bigint,
  error text,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (workspace_id, webhook_id, id)
);
create index webhook_deliveries_by_time on webhook_deliveries (next_at) where next_at is not null;
