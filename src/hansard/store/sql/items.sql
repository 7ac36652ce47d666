-- Items: the foreign originals of messages, apart from them, so that no list of messages reads one.

-- name: message_item_put
insert into message_items (workspace_id, session_id, seq, encoding, data) values (:workspace_id, :session_id, :seq, :encoding, :data)

-- name: message_item_delete
delete from message_items where workspace_id = :workspace_id and session_id = :session_id and seq = :seq

-- name: message_item_delete_behind
delete from message_items where workspace_id = :workspace_id and session_id = :session_id and seq > :after

-- name: message_item_range
-- The items of a stretch of messages.
select seq, encoding, data from message_items
 where workspace_id = :workspace_id and session_id = :session_id and seq > :after and seq <= :until
