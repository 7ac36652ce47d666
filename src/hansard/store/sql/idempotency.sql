-- Idempotency keys and the answers kept under them.

-- name: idempotency_take
-- Claim the key; nothing comes back when it is taken.
insert into idempotency_keys (workspace_id, key, digest, created_at) values (:workspace_id, :key, :digest, :now)
on conflict do nothing
returning key

-- name: idempotency_get
select digest, status, answer, created_at from idempotency_keys where workspace_id = :workspace_id and key = :key

-- name: idempotency_retake
-- Claim a key that is past its time; nothing comes back when another was faster.
update idempotency_keys set digest = :digest, status = null, answer = null, session_id = null, created_at = :now
 where workspace_id = :workspace_id and key = :key and created_at = :seen
returning key

-- name: idempotency_settle
update idempotency_keys set status = :status, answer = :answer, session_id = :session_id where workspace_id = :workspace_id and key = :key

-- name: idempotency_forget_session
update idempotency_keys set answer = null where workspace_id = :workspace_id and session_id = :id

-- name: idempotency_trim
-- Up to :limit of the oldest. The age stands outside as well: a key that is claimed anew meanwhile is young again, and stays.
delete from idempotency_keys where workspace_id = :workspace_id and created_at < :before and key in (
  select key from idempotency_keys where workspace_id = :workspace_id and created_at < :before order by created_at limit :limit)
returning 1

-- name: idempotency_give_back
delete from idempotency_keys where workspace_id = :workspace_id and key = :key and answer is null
