-- Erasure of end users, its receipts, and retention.

-- name: receipt_put
insert into receipts (workspace_id, id, subject, at, body, signature) values (:workspace_id, :id, :subject, :at, :body, :signature)

-- name: receipt_get
select body, signature from receipts where workspace_id = :workspace_id and id = :id

-- name: receipt_list
select body, signature from receipts where workspace_id = :workspace_id and subject = :subject order by at, id

-- name: user_sessions
select id from sessions where workspace_id = :workspace_id and user_id = :user_id order by updated_at, id

-- name: user_messages
-- What this person wrote by hand in the sessions of others.
select {message} from messages where workspace_id = :workspace_id and sender_id = :user_id and deleted_at is null order by session_id, seq

-- name: user_keys_delete
delete from keys where workspace_id = :workspace_id and user_id = :user_id returning id

-- name: retention_put
insert into retention_rules (workspace_id, kind, days, created_at) values (:workspace_id, :kind, :days, :now)
on conflict (workspace_id, kind) do update set days = excluded.days, created_at = excluded.created_at

-- name: retention_clear
delete from retention_rules where workspace_id = :workspace_id

-- name: retention_list
select kind, days from retention_rules where workspace_id = :workspace_id order by kind

-- name: retention_due
-- Sessions of a kind that were not used since a time, oldest first; one with a run going on or with sub-sessions stays, and so
-- does one from an earlier version until it is counted again (used_at is 0 until then).
select id from (
select id, active_at from sessions as s
 where workspace_id = :workspace_id and kind = :kind and active_at < :before and used_at > 0 and used_at < :before
   and (state is null or state not in ('queued', 'running', 'waiting')) and archived_at is null
   and not exists (select 1 from sessions as c where c.workspace_id = :workspace_id and c.parent_id = s.id)
union all
select id, active_at from sessions as s
 where workspace_id = :workspace_id and kind = :kind and active_at < :before and used_at > 0 and used_at < :before
   and (state is null or state not in ('queued', 'running', 'waiting')) and archived_at is not null
   and not exists (select 1 from sessions as c where c.workspace_id = :workspace_id and c.parent_id = s.id)
) as due order by active_at, id limit :limit

-- name: retention_count
select count(*) from (
select 1 from sessions
 where workspace_id = :workspace_id and kind = :kind and active_at < :before
   and used_at > 0 and used_at < :before and (state is null or state not in ('queued', 'running', 'waiting')) and archived_at is null
union all
select 1 from sessions
 where workspace_id = :workspace_id and kind = :kind and active_at < :before
   and used_at > 0 and used_at < :before and (state is null or state not in ('queued', 'running', 'waiting')) and archived_at is not null
) as due
