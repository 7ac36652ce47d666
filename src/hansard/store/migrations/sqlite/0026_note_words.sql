-- The words of a session's notes, by which lists and searches find it.

create table note_words (
  workspace_id text not null,
  word text not null,
  session_id text not null,
  primary key (workspace_id, word, session_id)
) without rowid;
create index note_words_by_session on note_words (workspace_id, session_id, word);

-- Those of notes from before are written where sessions are counted again (store/verbs/recounts.py).
insert into recounts (workspace_id, walked) select distinct workspace_id, '' from notes where true
on conflict (workspace_id) do update set walked = '';

insert into sqlite_stat1 (tbl, idx, stat) values
  ('note_words', 'note_words', '100000 1000 10 1'),
  ('note_words', 'note_words_by_session', '100000 1000 10 1');
analyze sqlite_schema;
