-- How this store is written. short: messages are kept without what is known of them anyway (store/message_ids.py, store/packing.py). first_handle: sessions with
-- this handle and higher ones lie close together in the search index (store/search_rows.py). A store from before stays as it was, which is all that
-- servers of the version before can read, until store/sqlite/compaction.py brings it to the smaller form. The other columns say how far that is:
-- the last message, later the last handle; null when nothing is under way.

create table storage_form (
  short integer not null,
  first_handle integer not null,
  workspace_id text,
  session_id text,
  seq integer,
  handle integer
);
insert into storage_form (short, first_handle)
select not old, case when old then 1 << 51 else 0 end from (select exists (select 1 from workspaces) as old);

-- Titles in falling order are read from the index of rising ones, in two pieces.
drop index sessions_by_title;
delete from sqlite_stat1 where idx = 'sessions_by_title';
analyze sqlite_schema;
