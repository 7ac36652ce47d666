-- What only SQLite spells this way.

-- name: store_clock
-- wall_clock, monotonic_clock and boot are functions of store/sqlite/machine_clock.py. Without a value of this boot, which a full
-- disk may keep from being stored, the wall clock has to do.
select coalesce(
  (select monotonic_clock() + cast(substr(value, length(boot()) + 2) as integer) from store_facts
    where name = 'store_clock' and substr(value, 1, length(boot())) = boot()),
  wall_clock())

-- name: store_clock_set
insert into store_facts (name, value) values ('store_clock', boot() || ' ' || (wall_clock() - monotonic_clock()))
on conflict (name) do update set value = excluded.value where substr(store_facts.value, 1, length(boot())) <> boot()

-- name: session_lock
-- The writer is alone: reading is enough.
select {session} from sessions where workspace_id = :workspace_id and id = :id

-- name: session_lock_by_own_id
select {session} from sessions where workspace_id = :workspace_id and own_id = :own_id

-- name: session_lock_by_own_ids
-- Several at once, each with the hash of the last message where the row has it.
select {session}, case when hash_seq = last_seq then last_hash end from sessions
 where workspace_id = :workspace_id and own_id in (select value from json_each(:own_ids))

-- name: model_calls_of_traces
select trace_id, session_id, body from model_calls
 where workspace_id = :workspace_id and trace_id in (select value from json_each(:traces)) and span_id <> ''

-- name: model_calls_behind
-- Which of the sessions know calls from a time on.
select p.value ->> 0 from json_each(:places) as p
 where exists (select 1 from model_calls where workspace_id = :workspace_id and session_id = p.value ->> 0 and at >= p.value ->> 1)

-- name: message_client_ids
-- What the messages of sessions are known by, those behind a number of each.
select p.value ->> 0, m.seq, m.client_id from json_each(:places) as p
 cross join messages as m on m.workspace_id = :workspace_id and m.session_id = p.value ->> 0 and m.seq > p.value ->> 1 and m.deleted_at is null
 order by p.key, m.seq

-- name: run_by_places
-- Runs of several sessions.
select {run} from runs
 where workspace_id = :workspace_id and (session_id, id) in (select value ->> 0, value ->> 1 from json_each(:places))

-- name: session_by_ids
select {session} from sessions where workspace_id = :workspace_id and id in (select value from json_each(:ids))

-- name: message_put
-- packed and unpacked are functions of store/packing.py: parts are kept without what most have, long ones compressed. short_id and message_id
-- are those of store/message_ids.py: an id is kept without what it says of the session and seq.
insert into messages (workspace_id, session_id, seq, id, client_id, role, sender, sender_id, model, run_id, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, created_at, hash, parts, metadata,
  item_format, item_hash, edited_at, edit_hash)
values (:workspace_id, :session_id, :seq, short_id(:id, :session_id, :seq, (select short from storage_form)), :client_id, :role, :sender, :sender_id,
  :model, :run_id, :input_tokens, :output_tokens, :cache_read_tokens, :cache_write_tokens, :reasoning_tokens, :cost_nanos, :created_at, :hash,
  packed(:parts, (select short from storage_form)), :metadata, :item_format, :item_hash, :edited_at, :edit_hash)

-- name: message_edit
-- As message_put: what it says is replaced, its hash stays.
update messages
   set role = :role, parts = packed(:parts, (select short from storage_form)), metadata = :metadata, sender = :sender, sender_id = :sender_id, model = :model, run_id = :run_id,
       input_tokens = :input_tokens, output_tokens = :output_tokens, cache_read_tokens = :cache_read_tokens,
       cache_write_tokens = :cache_write_tokens, reasoning_tokens = :reasoning_tokens, cost_nanos = :cost_nanos,
       item_format = :item_format, item_hash = :item_hash, edited_at = :edited_at, edit_hash = :edit_hash
 where workspace_id = :workspace_id and session_id = :session_id and seq = :seq

-- name: message_item_list
-- The items of these messages.
select seq, encoding, data from message_items
 where workspace_id = :workspace_id and session_id = :session_id and seq in (select value from json_each(:seqs))

-- name: message_item_sizes
-- How many bytes they have.
select seq, octet_length(data) from message_items
 where workspace_id = :workspace_id and session_id = :session_id and seq in (select value from json_each(:seqs))

-- name: document_lock
-- The writer is alone: reading is enough.
select revision, encoding, body, created_at from documents
 where workspace_id = :workspace_id and scope = :scope and owner = :owner and key = :key

-- name: document_of_sessions
-- The document of this key that each of some sessions has.
select scope, owner, key, revision, type, encoding, octet_length(body), app, user_id, session_id, created_at, updated_at, expires_at, body
  from documents
 where workspace_id = :workspace_id and scope = 'session' and owner in (select value from json_each(:ids)) and key = :key
   and (expires_at is null or expires_at > :now)

-- name: document_sizes_of_sessions
-- How many bytes they have.
select owner, octet_length(body) from documents
 where workspace_id = :workspace_id and scope = 'session' and owner in (select value from json_each(:ids)) and key = :key
   and (expires_at is null or expires_at > :now)

-- name: checkpoint_blob_list
-- The values of channels in these versions, which are given as [channel, version].
with wanted as (select value ->> 0 as wanted_channel, value ->> 1 as wanted_version from json_each(:pairs))
select channel, version, type, data from wanted cross join checkpoint_blobs
    on workspace_id = :workspace_id and session_id = :session_id and ns = :ns and channel = wanted_channel and version = wanted_version
 order by channel, version

-- name: message_named
-- The messages of any session that have one of these client ids, with what their sessions are called and whose they are.
select m.session_id, m.seq, s.own_id, s.user_id, s.app from json_each(:client_ids) as wanted
  cross join messages as m on m.workspace_id = :workspace_id and m.client_id = wanted.value
  cross join sessions as s on s.workspace_id = :workspace_id and s.id = m.session_id
 where m.deleted_at is null order by m.session_id, m.seq limit :limit

-- name: message_holding
-- Which messages of users and assistants have JSON that looks like this, in any case of ASCII letters: the next ones of each session.
select p.value ->> 0, m.value from json_each(:places) as p
 cross join json_each((
  select json_group_array(seq) from (
    select seq from messages
     where workspace_id = :workspace_id and session_id = p.value ->> 0 and seq > (p.value ->> 1)
       and role in ('user', 'assistant') and deleted_at is null and unpacked(parts) like :pattern
     order by seq limit :limit
  )
)) as m
 order by 1, 2

-- name: session_names_taken
-- Which of these names a session has: as its id or as its caller's.
select id from sessions where workspace_id = :workspace_id and id in (select value from json_each(:names))
union all
select own_id from sessions where workspace_id = :workspace_id and own_id is not null and own_id in (select value from json_each(:names))

-- name: client_ids_known
select client_id from messages where workspace_id = :workspace_id and session_id = :session_id
   and client_id in (select value from json_each(:client_ids))

-- name: run_by_ids
select {run} from runs
 where workspace_id = :workspace_id and session_id = :session_id and id in (select value from json_each(:ids))

-- name: run_lock
select {run} from runs where workspace_id = :workspace_id and session_id = :session_id and id = :id

-- name: session_peek
-- What an append must know of its session, with the hash of the last message where the row has it.
select {append_head}
  from sessions where workspace_id = :workspace_id and id = :id

-- name: session_peek_by_own_id
select {append_head}
  from sessions where workspace_id = :workspace_id and own_id = :own_id

-- name: recount_lock
select walked from recounts where workspace_id = :workspace_id

-- name: stats_position_lock
select generation, walked from stats_progress where workspace_id = :workspace_id

-- name: stats_counted_of
select session_id, channel, app, agent, model, user_id, state, own_after, seq, excess, spans
  from stats_by_session where workspace_id = :workspace_id and session_id in (select value from json_each(:session_ids))

-- name: stats_spans_of
select session_id, slot, model, what, bucket,
  sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, resolved, unresolved, runs, failed_runs
  from stats_long_spans where workspace_id = :workspace_id and session_id in (select value from json_each(:session_ids))

-- name: stats_heads_of
-- The rows with what sessions count for as such, without their messages and runs.
select session_id, slot, model, what, bucket,
  sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, resolved, unresolved, runs, failed_runs
  from stats_long_spans where workspace_id = :workspace_id and session_id in (select value from json_each(:session_ids)) and sessions <> 0

-- name: stats_runs_of
-- Runs that are not counted as they stand.
select session_id, id, state, model, started_at, finished_at, counted from runs
 where workspace_id = :workspace_id and session_id in (select value from json_each(:session_ids)) and uncounted = 1 limit :limit

-- name: stats_messages_of
-- What the messages of sessions spent, each from behind one seq up to another.
select m.session_id, m.seq, m.created_at, coalesce(m.model, ''), m.input_tokens, m.output_tokens,
  m.cache_read_tokens, m.cache_write_tokens, m.reasoning_tokens, m.cost_nanos
  from json_each(:places) as p cross join messages as m
 where m.workspace_id = :workspace_id and m.session_id = p.value ->> 0 and m.seq > (p.value ->> 1) and m.seq <= (p.value ->> 2)
   and m.deleted_at is null

-- name: idempotency_forget_message
update idempotency_keys set answer = null
 where workspace_id = :workspace_id and session_id = :id
   and (instr(answer, :needle) > 0 or instr(answer, :second) > 0 or instr(answer, :third) > 0)

-- name: workspace_counters_lock
-- The writer is alone: reading is enough.
select workspace_id from workspace_counters where workspace_id = :workspace_id

-- name: search_workspace_get
select printf('%x_', number), generation from search_workspaces where workspace_id = :workspace_id

-- name: search_workspace_lock
-- The writer is alone: reading is enough.
select printf('%x_', number), generation from search_workspaces where workspace_id = :workspace_id

-- name: search_begin
-- The generation, the code in front of the workspace's words, the generation that the index has seen, and whether it is made anew.
select c.generation, case when x.number is not null then printf('%x_', x.number) end, x.generation,
       exists (select 1 from recounts where workspace_id = :workspace_id) from workspace_counters as c
  left join search_workspaces as x on x.workspace_id = c.workspace_id where c.workspace_id = :workspace_id

-- name: search_session_put
-- Nothing for a session that is gone.
insert into search_sessions (workspace_id, session_id, seq, titled)
select workspace_id, id, 0, 0 from sessions where workspace_id = :workspace_id and id in (select value from json_each(:ids))
on conflict do nothing

-- name: search_indexed
-- The sessions' handles in the index, how far they are indexed, and what must be indexed now.
-- cross join: in this order, since SQLite would walk the workspace instead.
select x.session_id, x.number, x.seq, x.titled, s.title
  from json_each(:ids) as wanted
  cross join search_sessions as x on x.workspace_id = :workspace_id and x.session_id = wanted.value
  cross join sessions as s on s.workspace_id = :workspace_id and s.id = x.session_id

-- name: search_put
insert into search_index (rowid, words) values ({row_of(:handle, :seq)}, :words)

-- name: search_forget
insert into search_index (search_index, rowid, words) values ('delete', {row_of(:handle, :seq)}, forgotten(:words))

-- name: search_erase_messages
-- Set aside the words of a session's last messages, which are about to be removed.
insert into search_erasures (doc, code, role, parts)
select {row_of(:handle, seq)}, :code, role, parts from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq > :after and seq <= :indexed and deleted_at is null

-- name: search_erase_title
-- As search_erase_messages, for the title of a session that is about to be deleted.
insert into search_erasures (doc, code, role, parts)
select {row_of(x.number, 0)}, :code, 'title', json_array(json_object('type', 'text', 'content', s.title)) from search_sessions as x
  join sessions as s on s.workspace_id = x.workspace_id and s.id = x.session_id
 where x.workspace_id = :workspace_id and x.session_id = :id and x.titled = 1

-- name: workspace_purge_search_index
-- As search_erase_messages, for all sessions of a workspace that is about to be deleted, and for what is left of deleted ones.
insert into search_erasures (doc, code, role, parts)
select {row_of(x.number, m.seq)}, printf('%x_', w.number), m.role, m.parts from search_workspaces as w
  join search_sessions as x on x.workspace_id = w.workspace_id
  join messages as m on m.workspace_id = x.workspace_id and m.session_id = x.session_id and m.seq <= x.seq and m.deleted_at is null
 where w.workspace_id = :workspace_id
union all
select {row_of(r.handle, m.seq)}, printf('%x_', w.number), m.role, m.parts from search_workspaces as w
  join removals as r on r.workspace_id = w.workspace_id
  join messages as m on m.workspace_id = r.workspace_id and m.session_id = r.session_id and m.seq <= min(r.last_seq, r.indexed) and m.deleted_at is null
 where w.workspace_id = :workspace_id and r.handle is not null
union all
select {row_of(x.number, 0)}, printf('%x_', w.number), 'title', json_array(json_object('type', 'text', 'content', s.title)) from search_workspaces as w
  join search_sessions as x on x.workspace_id = w.workspace_id and x.titled = 1
  join sessions as s on s.workspace_id = x.workspace_id and s.id = x.session_id
 where w.workspace_id = :workspace_id

-- name: search_erasures
select {handle_of(doc)}, {seq_of(doc)}, code, role, parts from search_erasures limit :limit

-- name: search_erased
delete from search_erasures where doc = {row_of(:handle, :seq)}

-- name: search_hits
-- The matching messages of the sessions that were indexed last, whatever handles are given.
select {handle_of(doc)}, {seq_of(doc)} from (
  select doc from (select rowid as doc from search_index where search_index match :match and rowid < {far()} order by rowid desc limit :limit)
  union all
  select doc from (select rowid as doc from search_index where search_index match :match and rowid >= {far()} order by rowid desc limit :limit)
) order by 1 desc, 2 desc limit :limit

-- name: search_handles
select x.session_id, x.number from json_each(:ids) as wanted
  cross join search_sessions as x on x.workspace_id = :workspace_id and x.session_id = wanted.value

-- name: search_probe
-- The matching messages of each of some sessions, as JSON.
select h.value, (
  select json_group_array(seq) from (
    select {seq_of(doc)} as seq from (
      select doc from (
        select rowid as doc from search_index where search_index match :match
           and rowid between {row_of(h.value, 0)} and {last_of(h.value)} order by rowid desc limit :limit)
      union all
      select doc from (
        select rowid as doc from search_index where search_index match :match
           and {has_far(h.value)} and rowid between {far_of(h.value)} and {last_far_of(h.value)} order by rowid desc limit :limit)
    ) order by 1 desc limit :limit
  )
) from json_each(:handles) as h

-- name: search_which
-- Which of a few sessions have a match; each is looked at by itself.
select h.value from json_each(:handles) as h where exists (
  select 1 from search_index where search_index match :match and search_index.rowid between {row_of(h.value, 0)} and {last_of(h.value)}
) or {has_far(h.value)} and exists (
  select 1 from search_index where search_index match :match and search_index.rowid between {far_of(h.value)} and {last_far_of(h.value)}
)

-- name: search_among
-- Which of many sessions have a match: one pass over all matches.
select distinct {handle_of(rowid)} from search_index
 where search_index match :match and {handle_of(rowid)} in (select value from json_each(:handles))

-- name: search_matching
-- The matching messages of the sessions that were indexed last: the session where it is known here, its handle and the seq.
-- Up to the handle in the last column there may be more.
select null, {handle_of(doc)}, {seq_of(doc)}, null from (
  select doc from (select rowid as doc from search_index where search_index match :match and rowid < {far()} order by rowid desc limit :limit)
  union all
  select doc from (select rowid as doc from search_index where search_index match :match and rowid >= {far()} order by rowid desc limit :limit)
) order by 2 desc, 3 desc limit :limit

-- name: search_session_ids
select x.number, x.session_id from json_each(:handles) as h
  cross join search_sessions as x on x.number = h.value and x.workspace_id = :workspace_id

-- name: search_unseen
-- Where the messages of sessions are, each from behind one seq up to another, and how many bytes they take.
select m.session_id, m.seq, octet_length(m.parts) + octet_length(m.metadata) from json_each(:stretches) as p cross join messages as m
 where m.workspace_id = :workspace_id and m.session_id = p.value ->> 0 and m.seq > (p.value ->> 1) and m.seq <= (p.value ->> 2)
   and m.deleted_at is null order by 1, 2

-- name: title_matching
-- The sessions whose title matches; a title is the document with the number 0.
select x.session_id from (
  select {handle_of(rowid)} as handle from search_index where search_index match :match and {seq_of(rowid)} = 0 limit :limit
) as hit join search_sessions as x on x.number = hit.handle and x.workspace_id = :workspace_id

-- name: search_all
-- Every session with a match.
select x.session_id, hit.handle from (select distinct {handle_of(rowid)} as handle from search_index where search_index match :match) as hit
  join search_sessions as x on x.number = hit.handle

-- name: search_count
-- How many sessions have a match, up to a limit.
select count(*) from (select distinct {handle_of(rowid)} as handle from search_index where search_index match :match limit :limit) as hit
  join search_sessions as x on x.number = hit.handle

-- name: message_at_positions
-- Messages of several sessions, by [session, seq]; each is looked up by its whole key.
with place as (select value ->> 0 as at_session, value ->> 1 as at_seq from json_each(:positions))
select {message} from place cross join messages
    on workspace_id = :workspace_id and session_id = at_session and seq = at_seq
 where deleted_at is null

-- name: message_sizes_at_positions
-- How many bytes they take as stored.
with place as (select value ->> 0 as at_session, value ->> 1 as at_seq from json_each(:positions))
select session_id, seq, octet_length(parts) + octet_length(metadata) from place cross join messages
    on workspace_id = :workspace_id and session_id = at_session and seq = at_seq
 where deleted_at is null

-- name: session_ids_by_own_ids
select own_id, id from sessions where workspace_id = :workspace_id and own_id in (select value from json_each(:own_ids))

-- name: session_peek_many
-- What a batch of appends must know of its sessions.
select {append_head}
  from sessions where workspace_id = :workspace_id and id in (select value from json_each(:ids))

-- name: message_by_client_ids
-- The messages of several sessions that have one of these client ids.
select {message} from messages
 where workspace_id = :workspace_id and session_id in (select value from json_each(:session_ids))
   and client_id in (select value from json_each(:client_ids)) and deleted_at is null

-- name: idempotency_take_many
-- Claim these keys; those that were free come back.
insert into idempotency_keys (workspace_id, key, digest, created_at)
select :workspace_id, value ->> 'key', value ->> 'digest', :now from json_each(:claims) where true
on conflict do nothing
returning key

-- name: tag_count
-- How many sessions have one of these tags, up to a limit.
select count(*) from (
  select 1 from session_tags where workspace_id = :workspace_id and tag in (select value from json_each(:tags)) limit :limit
) as tagged
