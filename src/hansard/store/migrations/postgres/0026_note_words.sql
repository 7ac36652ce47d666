-- The words of a session's notes, by which lists and searches find it.

create table note_words (
  workspace_id text collate "C" not null,
  word text collate "C" not null,
  session_id text collate "C" not null,
  primary key (workspace_id, word, session_id)
);
create index note_words_by_session on note_words (workspace_id, session_id, word);

-- Those of notes from before are written where sessions are counted again (store/verbs/recounts.py).
insert into recounts (workspace_id, walked) select distinct workspace_id, '' from notes
on conflict (workspace_id) do update set walked = '';
