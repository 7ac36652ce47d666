-- Items: the foreign original of a message, kept byte for byte. They lie apart, so that no list of messages reads them.
-- encoding is json or bytes. A message that has one knows its format, and its digest, which the hash chain covers.
-- edit_hash is the hash of what a message says since it was edited, after its hash in the chain.

create table message_items (
  workspace_id text not null,
  session_id text not null,
  seq integer not null,
  encoding text not null,
  data blob not null,
  primary key (workspace_id, session_id, seq)
);
alter table messages add column item_format text;
alter table messages add column item_hash blob;
alter table messages add column edited_at integer;
alter table messages add column edit_hash blob;
create index messages_by_client on messages (workspace_id, client_id) where client_id is not null;
