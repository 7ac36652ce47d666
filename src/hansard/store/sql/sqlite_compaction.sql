-- What brings a store from before to the smaller form (store/sqlite/compaction.py).

-- name: compact_due
-- Whether the store has the smaller form already, and how far it is on its way there; nothing when it was made so, or is done.
select short, coalesce(workspace_id, ''), coalesce(session_id, ''), coalesce(seq, 0), handle from storage_form where short = 0 or workspace_id is not null

-- name: compact_total
-- How many messages there are, and how many sessions in the search index.
select (select coalesce(sum(message_count), 0) from sessions), (select count(*) from search_sessions)

-- name: compact_begin_handles
-- Handles go on so far above those that were given that no row of theirs is one of before.
insert into search_sessions (number, workspace_id, session_id, seq, titled)
select coalesce(max(seq), 0) + 1 << 19, '', '', 0, 0 from sqlite_sequence where name = 'search_sessions'

-- name: compact_begin
update storage_form set short = 1, first_handle = (select number from search_sessions where workspace_id = ''), workspace_id = '', session_id = '', seq = 0

-- name: compact_begun
delete from search_sessions where workspace_id = ''

-- name: compact_stretch
select workspace_id, session_id, seq, octet_length(parts) from messages
 where (workspace_id, session_id, seq) > (:workspace_id, :session_id, :seq) order by workspace_id, session_id, seq limit :limit

-- name: compact_messages
update messages
   set id = case typeof(id) when 'text' then short_id(id, session_id, seq, 1) else id end,
       parts = case typeof(parts) when 'text' then packed(parts, 1) else parts end
 where (workspace_id, session_id, seq) > (:workspace_id, :session_id, :seq)
   and (workspace_id, session_id, seq) <= (:until_workspace, :until_session, :until_seq)

-- name: compact_move
update storage_form set workspace_id = :until_workspace, session_id = :until_session, seq = :until_seq

-- name: compact_move_handle
update storage_form set handle = :handle

-- name: compact_sessions
-- The next sessions whose rows are those of before.
select x.number, x.workspace_id, x.session_id, x.seq, x.titled, s.title, printf('%x_', w.number) from search_sessions as x
  join sessions as s on s.workspace_id = x.workspace_id and s.id = x.session_id
  join search_workspaces as w on w.workspace_id = x.workspace_id
 where x.number > :after and x.number < (select first_handle from storage_form) order by x.number limit :limit

-- name: compact_documents
select seq, role, parts from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq <= :until and deleted_at is null order by seq

-- name: compact_next_handle
update sqlite_sequence set seq = seq + 1 where name = 'search_sessions' returning seq

-- name: compact_rehandle
update search_sessions set number = :moved where number = :handle

-- name: compact_changes
select total_changes()

-- name: search_overwrite
-- Whether a word that is taken out of the index is overwritten in the file's pages at once.
insert into search_index (search_index, rank) values ('secure-delete', :on)

-- name: search_merge
insert into search_index (search_index, rank) values ('merge', :pages)

-- name: compact_end
update storage_form set workspace_id = null, session_id = null, seq = null, handle = null
