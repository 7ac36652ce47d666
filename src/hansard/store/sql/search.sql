-- The word index.

-- name: search_workspace_put
insert into search_workspaces (workspace_id, generation) values (:workspace_id, 0) on conflict do nothing

-- name: search_workspace_seen
update search_workspaces set generation = :generation where workspace_id = :workspace_id and generation < :generation

-- name: search_workspace_follow
update search_workspaces set generation = :until where workspace_id = :workspace_id and generation = :before

-- name: search_behind
-- The next workspaces that have changes which the index has not seen; a read across workspaces, for the task that indexes.
select c.workspace_id from workspace_counters as c left join search_workspaces as x on x.workspace_id = c.workspace_id
 where c.generation > coalesce(x.generation, 0) and c.workspace_id > :after order by c.workspace_id limit :limit

-- name: search_events_until
-- The last of the next events that the index has not seen.
select max(n) from (
  select n from session_events where workspace_id = :workspace_id and n > :after order by n limit :limit
) as next

-- name: search_changed
-- The sessions that changed in a stretch of events, how far each is indexed, and the generation of its last change but appends.
select s.id, coalesce(x.seq, 0), coalesce(x.titled, 0), s.last_seq, s.title, e.changed
  from (select session_id, max(case when type = 'message.appended' then 0 else n end) as changed
          from session_events where workspace_id = :workspace_id and n > :after and n <= :until group by session_id) as e
  join sessions as s on s.workspace_id = :workspace_id and s.id = e.session_id
  left join search_sessions as x on x.workspace_id = :workspace_id and x.session_id = e.session_id
 where s.last_seq > coalesce(x.seq, 0) or (s.title is not null and coalesce(x.titled, 0) = 0)

-- name: search_lacking
-- The next sessions, in the order of their ids, of which something is not indexed, and how far each is.
select s.id, coalesce(x.seq, 0), coalesce(x.titled, 0), s.last_seq, s.title
  from sessions as s
  left join search_sessions as x on x.workspace_id = :workspace_id and x.session_id = s.id
 where s.workspace_id = :workspace_id and s.id > :after
   and (s.last_seq > coalesce(x.seq, 0) or (s.title is not null and coalesce(x.titled, 0) = 0))
 order by s.id limit :limit

-- name: search_session_seen
update search_sessions set seq = :seq, titled = :titled where workspace_id = :workspace_id and session_id = :session_id

-- name: search_session_delete
delete from search_sessions where workspace_id = :workspace_id and session_id = :id

-- name: id_named
-- What has an id: sessions (1, by our id, theirs in two spellings, or the form of theirs that is a file name), messages (2), an end user (3).
select 1 as kind, id, cast(null as bigint) as seq, user_id, app from sessions where workspace_id = :workspace_id and id = :session_id
union all
select 1, id, null, user_id, app from sessions where workspace_id = :workspace_id and own_id in (:name, :spelling)
union all
select 1, id, null, user_id, app from (
  select id, user_id, app from sessions where workspace_id = :workspace_id and safe_id = :safe_id order by id limit 1
) as by_safe_id
union all
select 2, session_id, seq, user_id, app from (
  select m.session_id, m.seq, s.user_id, s.app from (
    select id as ident, user_id, app from sessions where workspace_id = :workspace_id and substr(id, 27) = :tail limit :limit
  ) as s join messages as m on m.workspace_id = :workspace_id and m.session_id = s.ident and m.seq = :seq
   where {message_id} = :message_id and m.deleted_at is null
) as by_id
union all
select 2, session_id, seq, user_id, app from (
  select m.session_id, m.seq, s.user_id, s.app from messages as m
    join sessions as s on s.workspace_id = :workspace_id and s.id = m.session_id
   where m.workspace_id = :workspace_id and m.client_id = :name and m.deleted_at is null limit :limit
) as by_client_id
union all
select 3, '', null, user_id, app from (
  select user_id, app from sessions where workspace_id = :workspace_id and user_id = :name limit 1
) as by_user_id
