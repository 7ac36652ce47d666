-- Notes and scores of sessions and messages. A seq of 0 is the session itself.

-- name: note_put
insert into notes (workspace_id, session_id, id, seq, text, author, created_by, created_at)
values (:workspace_id, :session_id, :id, :seq, :text, :author, :created_by, :created_at)
on conflict (workspace_id, session_id, id) do nothing

-- name: note_list
select id, session_id, seq, text, author, created_by, created_at from notes
 where workspace_id = :workspace_id and session_id = :session_id order by created_at, id limit :limit

-- name: note_delete
delete from notes where workspace_id = :workspace_id and session_id = :session_id and id = :id returning seq

-- name: note_delete_of_message
delete from notes where workspace_id = :workspace_id and session_id = :session_id and seq = :seq returning id

-- name: note_delete_of_session
delete from notes where workspace_id = :workspace_id and session_id = :id

-- name: note_word_put
insert into note_words (workspace_id, word, session_id) values (:workspace_id, :word, :session_id) on conflict do nothing

-- name: note_word_delete_of_session
delete from note_words where workspace_id = :workspace_id and session_id = :id

-- name: score_put
insert into scores (workspace_id, session_id, seq, name, author, id, value, label, comment, created_by, created_at)
values (:workspace_id, :session_id, :seq, :name, :author, :id, :value, :label, :comment, :created_by, :created_at)
on conflict (workspace_id, session_id, seq, name, author) do update
   set id = excluded.id, value = excluded.value, label = excluded.label, comment = excluded.comment,
       created_by = excluded.created_by, created_at = excluded.created_at

-- name: score_list
select id, session_id, seq, name, value, label, comment, author, created_by, created_at from scores
 where workspace_id = :workspace_id and session_id = :session_id order by created_at, id limit :limit

-- name: score_named
select id from scores
 where workspace_id = :workspace_id and session_id = :session_id and seq = :seq and name = :name and author = :author

-- name: score_delete
delete from scores where workspace_id = :workspace_id and session_id = :session_id and id = :id returning seq

-- name: score_delete_of_message
delete from scores where workspace_id = :workspace_id and session_id = :session_id and seq = :seq returning id

-- name: score_delete_of_session
delete from scores where workspace_id = :workspace_id and session_id = :id

-- name: score_name_after
-- The next name that the workspace judges by, from its index.
select min(name) from scores where workspace_id = :workspace_id and name > :after
