-- Webhooks and their deliveries.

-- name: webhook_put
insert into webhooks (workspace_id, id, url, types, cursor, created_at, disabled_at)
values (:workspace_id, :id, :url, :types, :cursor, :created_at, :disabled_at)

-- name: webhook_list
select id, url, types, cursor, created_at, disabled_at from webhooks where workspace_id = :workspace_id order by created_at, id

-- name: webhook_get
select id, url, types, cursor, created_at, disabled_at from webhooks where workspace_id = :workspace_id and id = :id

-- name: webhook_update
update webhooks set url = :url, types = :types, cursor = :cursor, disabled_at = :disabled_at
 where workspace_id = :workspace_id and id = :id
returning id

-- name: webhook_delete
delete from webhooks where workspace_id = :workspace_id and id = :id returning id

-- name: webhook_behind
-- Webhooks of any workspace with events that they were not told of, for the task that tells them.
select w.workspace_id, w.id from webhooks as w
  join workspace_counters as c on c.workspace_id = w.workspace_id
 where w.cursor < c.generation and w.disabled_at is null
 order by w.workspace_id, w.id limit :limit

-- name: webhook_delivery_put
insert into webhook_deliveries (workspace_id, webhook_id, id, type, body, state, attempts, next_at, status, error, created_at, updated_at)
values (:workspace_id, :webhook_id, :id, :type, :body, :state, :attempts, :next_at, :status, :error, :created_at, :updated_at)
on conflict (workspace_id, webhook_id, id) do nothing

-- name: webhook_delivery_waiting
-- Whether so many deliveries of a webhook wait that no more are made.
select count(*) from (select 1 from webhook_deliveries
 where workspace_id = :workspace_id and webhook_id = :webhook_id and state = 'pending' limit :limit) as waiting

-- name: webhook_delivery_due
-- Deliveries of any workspace whose time has come, for the task that sends them.
select workspace_id, webhook_id, id from webhook_deliveries where next_at <= :now order by next_at limit :limit

-- name: webhook_delivery_claim
-- Take a delivery for so long; nothing when another process was faster.
update webhook_deliveries set next_at = :until, attempts = attempts + 1, updated_at = :now
 where workspace_id = :workspace_id and webhook_id = :webhook_id and id = :id and next_at <= :now
returning id, webhook_id, type, body, state, attempts, next_at, status, error, created_at, updated_at

-- name: webhook_delivery_settle
update webhook_deliveries set state = :state, next_at = :next_at, status = :status, error = :error, updated_at = :now
 where workspace_id = :workspace_id and webhook_id = :webhook_id and id = :id

-- name: webhook_delivery_list
select id, webhook_id, type, body, state, attempts, next_at, status, error, created_at, updated_at from webhook_deliveries
 where workspace_id = :workspace_id and webhook_id = :webhook_id and id < :before
 order by id desc limit :limit

-- name: webhook_delivery_get
select id, webhook_id, type, body, state, attempts, next_at, status, error, created_at, updated_at from webhook_deliveries
 where workspace_id = :workspace_id and webhook_id = :webhook_id and id = :id

-- name: webhook_delivery_trim
delete from webhook_deliveries
 where workspace_id = :workspace_id and webhook_id = :webhook_id and state <> 'pending' and updated_at < :before

-- name: webhook_delivery_delete_of_webhook
delete from webhook_deliveries where workspace_id = :workspace_id and webhook_id = :id

-- name: workspace_purge_webhooks
delete from webhooks where workspace_id = :workspace_id

-- name: workspace_purge_webhook_deliveries
delete from webhook_deliveries where workspace_id = :workspace_id
