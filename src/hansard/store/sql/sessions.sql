-- Sessions and their tags.

-- name: moves_updated
-- Where sessions stood before their first change behind a generation, in the order of the last change.
select e.session_id, e.was_updated_at from session_events as e
  join (select min(n) as n from session_events where workspace_id = :workspace_id and n > :since and was_updated_at is not null group by session_id) as f
    on e.n = f.n
 where e.workspace_id = :workspace_id

-- name: moves_active
-- As moves_updated, in the order of the last message.
select e.session_id, e.was_active_at from session_events as e
  join (select min(n) as n from session_events where workspace_id = :workspace_id and n > :since and was_active_at is not null group by session_id) as f
    on e.n = f.n
 where e.workspace_id = :workspace_id

-- name: moves_title
-- As moves_updated, in the order of the titles.
select e.session_id, e.was_title from session_events as e
  join (select min(n) as n from session_events where workspace_id = :workspace_id and n > :since and was_title is not null group by session_id) as f
    on e.n = f.n
 where e.workspace_id = :workspace_id

-- name: session_put
-- Create the session, or do nothing when one of its names is taken.
insert into sessions ({session_columns}) values ({session_parameters})
on conflict do nothing
returning id

-- name: session_get
select {session} from sessions where workspace_id = :workspace_id and id = :id

-- name: session_get_by_own_id
select {session} from sessions where workspace_id = :workspace_id and own_id = :own_id

-- name: session_standing
-- What is enough to show what is kept of a session.
select id, own_id, user_id, app, version, created_at from sessions where workspace_id = :workspace_id and id = :id

-- name: session_standing_by_own_id
select id, own_id, user_id, app, version, created_at from sessions where workspace_id = :workspace_id and own_id = :own_id

-- name: session_id_by_own_id
select id from sessions where workspace_id = :workspace_id and own_id = :own_id

-- name: session_update
-- Write the whole row again; the caller has read it under a lock in the same transaction.
update sessions set {session_assignments}
 where workspace_id = :workspace_id and id = :id

-- name: session_continue
-- The same for a session to which messages were added, with the end of the hash chain.
update sessions set {session_assignments}, hash_seq = :last_seq, last_hash = :last_hash
 where workspace_id = :workspace_id and id = :id

-- name: session_move
--- Put a session below another one; session_update leaves it where it is.
update sessions set parent_id = :parent_id where workspace_id = :workspace_id and id = :id

-- name: session_extend
-- Take the next message numbers, keep the summary and the end of the hash chain; locks the session row until commit.
-- Sums stay at 2^53 when they reach it.
update sessions
   set version = version + 1, last_seq = last_seq + :count, message_count = message_count + :count,
       title = coalesce(title, :title), title_by = case when title is null then :title_by else title_by end,
       title_folded = case when title is null then :title_folded else title_folded end,
       untitled = case when title is null then :untitled else untitled end,
       preview = coalesce(preview, :preview), last_preview = coalesce(:last_preview, last_preview), last_role = :last_role,
       failed_calls = failed_calls + :failed_calls, tools = :tools,
       input_tokens = case when input_tokens + :input_tokens > 9007199254740992 then 9007199254740992 else input_tokens + :input_tokens end,
       output_tokens = case when output_tokens + :output_tokens > 9007199254740992 then 9007199254740992 else output_tokens + :output_tokens end,
       cache_read_tokens = case when cache_read_tokens + :cache_read_tokens > 9007199254740992 then 9007199254740992 else cache_read_tokens + :cache_read_tokens end,
       cache_write_tokens = case when cache_write_tokens + :cache_write_tokens > 9007199254740992 then 9007199254740992 else cache_write_tokens + :cache_write_tokens end,
       reasoning_tokens = case when reasoning_tokens + :reasoning_tokens > 9007199254740992 then 9007199254740992 else reasoning_tokens + :reasoning_tokens end,
       cost_nanos = case when cost_nanos + :cost_nanos > 9007199254740992 then 9007199254740992 else cost_nanos + :cost_nanos end,
       first_message_at = case when first_message_at <= :first_at then first_message_at else :first_at end,
       last_message_at = case when last_message_at >= :last_at then last_message_at else :last_at end,
       active_at = case when last_seq > 0 and active_at >= :last_at then active_at else :last_at end,
       used_at = case when used_at >= :used_at then used_at else :used_at end, updated_at = :now,
       hash_seq = last_seq + :count, last_hash = :last_hash
 where workspace_id = :workspace_id and id = :id
returning last_seq

-- name: session_delete
delete from sessions where workspace_id = :workspace_id and id = :id

-- name: session_children
-- The sessions that branched from it, and which of them are no forks.
select id, forked_seq is null from sessions where workspace_id = :workspace_id and parent_id = :id

-- name: tag_put
insert into session_tags (workspace_id, tag, session_id) values (:workspace_id, :tag, :session_id) on conflict do nothing

-- name: tag_delete_of_session
delete from session_tags where workspace_id = :workspace_id and session_id = :id

-- name: metadata_put
insert into session_metadata (workspace_id, name, value, session_id) values (:workspace_id, :name, :value, :session_id)
on conflict do nothing

-- name: metadata_delete_of_session
delete from session_metadata where workspace_id = :workspace_id and session_id = :id

-- name: metadata_names
-- The keys of the workspace's metadata, found by skipping from one to the next in the index; looks at :most of them.
with recursive walk(name, n) as (
  select min(name), 1 from session_metadata where workspace_id = :workspace_id
  union all
  select (select min(name) from session_metadata where workspace_id = :workspace_id and name > walk.name), n + 1
    from walk where walk.name is not null and n < :most)
select name from walk where name is not null order by name

-- name: metadata_values
-- The values of a key, as metadata_names finds the keys.
with recursive walk(value, n) as (
  select min(value), 1 from session_metadata where workspace_id = :workspace_id and name = :name
  union all
  select (select min(value) from session_metadata where workspace_id = :workspace_id and name = :name and value > walk.value), n + 1
    from walk where walk.value is not null and n < :most)
select value from walk where value is not null order by value

-- name: tool_put
insert into session_tools (workspace_id, name, session_id) values (:workspace_id, :name, :session_id) on conflict do nothing

-- name: tool_delete
delete from session_tools where workspace_id = :workspace_id and name = :name and session_id = :session_id

-- name: tool_delete_of_session
delete from session_tools where workspace_id = :workspace_id and session_id = :id

-- name: session_id_by_safe_id
select id from sessions where workspace_id = :workspace_id and safe_id = :safe_id order by id limit 1

-- name: session_ids_from
select id from sessions where workspace_id = :workspace_id and id >= :first and id < :behind order by id limit :limit

-- name: session_own_ids_from
select id from sessions where workspace_id = :workspace_id and own_id >= :first and own_id < :behind order by own_id limit :limit

-- name: session_id_walk
select id from sessions where workspace_id = :workspace_id and id > :after order by id limit :limit

-- name: session_walk
-- Every session of a workspace in the order of its id.
select {session} from sessions where workspace_id = :workspace_id and id > :after order by id limit :limit

-- name: orphan_messages
-- Messages whose session is not there, is not about to be (those of a fork are stored before it), and is not being removed.
select session_id, count(*) from messages as m
 where workspace_id = :workspace_id and not exists (select 1 from sessions as s where s.workspace_id = :workspace_id and s.id = m.session_id)
   and not exists (select 1 from pending_forks as f where f.workspace_id = :workspace_id and f.session_id = m.session_id)
   and not exists (select 1 from removals as r where r.workspace_id = :workspace_id and r.session_id = m.session_id)
 group by session_id order by session_id limit 100
