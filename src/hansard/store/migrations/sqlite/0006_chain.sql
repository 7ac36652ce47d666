-- The end of a session's hash chain, in the session's own row: whoever locks the row has it.
-- last_hash is the hash of message hash_seq. It holds while hash_seq is last_seq. Otherwise an append reads the hash from that
-- message: an older server writes neither column, and a session from before has none until its next append.

alter table sessions add column hash_seq integer;
alter table sessions add column last_hash blob;
