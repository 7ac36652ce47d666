-- Messages.

-- name: message_put
insert into messages (workspace_id, session_id, seq, id, client_id, role, sender, sender_id, model, run_id, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, created_at, hash, parts, metadata,
  item_format, item_hash, edited_at, edit_hash)
values (:workspace_id, :session_id, :seq, :id, :client_id, :role, :sender, :sender_id, :model, :run_id, :input_tokens, :output_tokens,
  :cache_read_tokens, :cache_write_tokens, :reasoning_tokens, :cost_nanos, :created_at, :hash, :parts, :metadata,
  :item_format, :item_hash, :edited_at, :edit_hash)

-- name: message_hash
select hash from messages where workspace_id = :workspace_id and session_id = :session_id and seq = :seq

-- name: message_get
select {message} from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq = :seq and deleted_at is null

-- name: message_id_at
-- The id that a seq has, deleted or not.
select {message_id} from messages where workspace_id = :workspace_id and session_id = :session_id and seq = :seq

-- name: message_get_by_client_id
select {message} from messages
 where workspace_id = :workspace_id and session_id = :session_id and client_id = :client_id and deleted_at is null

-- name: message_times
-- When the first and the last message were written, by their own times.
select min(created_at), max(created_at) from messages
 where workspace_id = :workspace_id and session_id = :session_id and deleted_at is null

-- name: message_erase
-- The row stays, empty, so that seq and the hash chain have no hole.
update messages
   set deleted_at = :now, parts = '[]', metadata = '{}', client_id = null, sender_id = null, input_tokens = 0, output_tokens = 0,
       cache_read_tokens = 0, cache_write_tokens = 0, reasoning_tokens = 0, cost_nanos = 0,
       item_format = null, item_hash = null, edited_at = null, edit_hash = null
 where workspace_id = :workspace_id and session_id = :session_id and seq = :seq and deleted_at is null
returning seq

-- name: message_edit
-- What it says is replaced; its hash stays, so that the messages behind it still follow it.
update messages
   set role = :role, parts = :parts, metadata = :metadata, sender = :sender, sender_id = :sender_id, model = :model, run_id = :run_id,
       input_tokens = :input_tokens, output_tokens = :output_tokens, cache_read_tokens = :cache_read_tokens,
       cache_write_tokens = :cache_write_tokens, reasoning_tokens = :reasoning_tokens, cost_nanos = :cost_nanos,
       item_format = :item_format, item_hash = :item_hash, edited_at = :edited_at, edit_hash = :edit_hash
 where workspace_id = :workspace_id and session_id = :session_id and seq = :seq

-- name: message_mark_deleted
-- A message that came in deleted already.
update messages set deleted_at = :at where workspace_id = :workspace_id and session_id = :session_id and seq = :seq

-- name: message_deleted
-- Which of a session's messages are empty.
select seq from messages
 where workspace_id = :workspace_id and session_id = :session_id and deleted_at is not null

-- name: message_count_of_session
select count(*) from messages where workspace_id = :workspace_id and session_id = :id

-- name: message_chain
-- Everything the hash chain covers, tombstones included.
select seq, deleted_at, hash, {message} from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq > :after order by seq limit :limit

-- name: message_chain_sizes
-- What message_chain would give, in bytes.
select seq, octet_length(parts) + octet_length(metadata) from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq > :after order by seq limit :limit

-- name: session_last_hash
-- The end of the chain as the session's row holds it, null where it does not.
select case when hash_seq = last_seq then last_hash end from sessions where workspace_id = :workspace_id and id = :id

-- name: message_rehash
update messages set hash = :hash where workspace_id = :workspace_id and session_id = :session_id and seq = :seq

-- name: session_rehash
-- The end of a chain that was mended; whoever knew the session knows it no longer.
update sessions set version = version + 1, hash_seq = last_seq, last_hash = :hash where workspace_id = :workspace_id and id = :id
