-- What only PostgreSQL spells this way.

-- name: store_clock
-- The moment itself, not the beginning of the transaction: it may have waited for a lock.
select (extract(epoch from clock_timestamp()) * 1000000)::bigint

-- name: session_lock
select {session} from sessions where workspace_id = :workspace_id and id = :id for update

-- name: session_lock_by_own_id
select {session} from sessions where workspace_id = :workspace_id and own_id = :own_id for update

-- name: session_lock_by_own_ids
-- Several at once, in the order of their ids, each with the hash of the last message where the row has it.
select {session}, case when hash_seq = last_seq then last_hash end from sessions
 where workspace_id = :workspace_id and own_id = any (array(select json_array_elements_text(:own_ids::text::json)))
 order by id for update

-- name: model_calls_of_traces
select trace_id, session_id, body from model_calls
 where workspace_id = :workspace_id and trace_id = any (array(select json_array_elements_text(:traces::text::json))) and span_id <> ''

-- name: model_calls_behind
-- Which of the sessions know calls from a time on.
select p.value ->> 0 from json_array_elements(:places::text::json) as p(value)
 cross join lateral (
  select 1 from model_calls where workspace_id = :workspace_id and session_id = p.value ->> 0 and at >= (p.value ->> 1)::bigint limit 1
) as c

-- name: message_client_ids
-- What the messages of sessions are known by, those behind a number of each.
select p.value ->> 0, m.seq, m.client_id from json_array_elements(:places::text::json) as p(value)
 cross join lateral (
  select seq, client_id from messages
   where workspace_id = :workspace_id and session_id = p.value ->> 0 and seq > (p.value ->> 1)::bigint and deleted_at is null offset 0
) as m
 order by m.seq

-- name: run_by_places
-- Runs of several sessions.
select r.* from json_array_elements(:places::text::json) as p(value)
 cross join lateral (
  select {run} from runs where workspace_id = :workspace_id and session_id = p.value ->> 0 and id = p.value ->> 1 limit 1
) as r

-- name: session_by_ids
select {session} from sessions
 where workspace_id = :workspace_id and id = any (array(select json_array_elements_text(:ids::text::json)))

-- name: message_holding
-- Which messages of users and assistants have JSON that looks like this, in any case of ASCII letters: the next ones of each session.
select p.value ->> 0, m.seq from json_array_elements(:places::text::json) as p(value)
 cross join lateral (
  select seq from messages
   where workspace_id = :workspace_id and session_id = p.value ->> 0 and seq > (p.value ->> 1)::bigint
     and role in ('user', 'assistant') and deleted_at is null and parts ilike :pattern
   order by seq limit :limit
) as m
 order by 1, 2

-- name: session_names_taken
-- Which of these names a session has: as its id or as its caller's.
select id from sessions where workspace_id = :workspace_id and id = any (array(select json_array_elements_text(:names::text::json)))
union all
select own_id from sessions where workspace_id = :workspace_id and own_id is not null and own_id = any (array(select json_array_elements_text(:names::text::json)))

-- name: client_ids_known
select client_id from messages where workspace_id = :workspace_id and session_id = :session_id
   and client_id = any (array(select json_array_elements_text(:client_ids::text::json)))

-- name: run_by_ids
select {run} from runs
 where workspace_id = :workspace_id and session_id = :session_id and id = any (array(select json_array_elements_text(:ids::text::json)))

-- name: run_lock
select {run} from runs where workspace_id = :workspace_id and session_id = :session_id and id = :id for update

-- name: session_peek
-- What an append must know of its session, with the hash of the last message where the row has it; locks the row until commit.
-- Only columns of the row itself: it is read again after the wait for the lock, a subquery would see the state from before.
select {append_head}
  from sessions where workspace_id = :workspace_id and id = :id for update

-- name: session_peek_by_own_id
-- The same by the caller's own id, which a session keeps.
select {append_head}
  from sessions where workspace_id = :workspace_id and own_id = :own_id for update

-- name: recount_lock
select walked from recounts where workspace_id = :workspace_id for update

-- name: stats_position_lock
select generation, walked from stats_progress where workspace_id = :workspace_id for update

-- name: stats_counted_of
select session_id, channel, app, agent, model, user_id, state, own_after, seq, excess, spans
  from stats_by_session where workspace_id = :workspace_id and session_id = any (array(select json_array_elements_text(:session_ids::text::json)))

-- name: stats_spans_of
select session_id, slot, model, what, bucket,
  sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, resolved, unresolved, runs, failed_runs
  from stats_long_spans where workspace_id = :workspace_id and session_id = any (array(select json_array_elements_text(:session_ids::text::json)))

-- name: stats_heads_of
-- The rows with what sessions count for as such, without their messages and runs.
select session_id, slot, model, what, bucket,
  sessions, messages, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, resolved, unresolved, runs, failed_runs
  from stats_long_spans where workspace_id = :workspace_id and session_id = any (array(select json_array_elements_text(:session_ids::text::json))) and sessions <> 0

-- name: stats_runs_of
-- Runs that are not counted as they stand.
select session_id, id, state, model, started_at, finished_at, counted from runs
 where workspace_id = :workspace_id and session_id = any (array(select json_array_elements_text(:session_ids::text::json))) and uncounted = 1 limit :limit

-- name: stats_messages_of
-- What the messages of sessions spent, each from behind one seq up to another.
select m.session_id, m.seq, m.created_at, coalesce(m.model, ''), m.input_tokens, m.output_tokens,
  m.cache_read_tokens, m.cache_write_tokens, m.reasoning_tokens, m.cost_nanos
  from json_array_elements(:places::text::json) as p(value)
  join messages as m on m.session_id = p.value ->> 0 and m.seq > (p.value ->> 1)::bigint and m.seq <= (p.value ->> 2)::bigint
 where m.workspace_id = :workspace_id and m.deleted_at is null

-- name: idempotency_forget_message
update idempotency_keys set answer = null
 where workspace_id = :workspace_id and session_id = :id
   and (position(:needle::bytea in answer) > 0 or position(:second::bytea in answer) > 0 or position(:third::bytea in answer) > 0)

-- name: workspace_counters_lock
select workspace_id from workspace_counters where workspace_id = :workspace_id for update

-- name: search_workspace_get
-- The code need not be unique: the workspace is a condition of its own. It keeps most others' words apart.
select right(workspace_id, 3), generation from search_workspaces where workspace_id = :workspace_id

-- name: search_workspace_lock
select right(workspace_id, 3), generation from search_workspaces where workspace_id = :workspace_id for update

-- name: search_begin
-- The generation, the code in front of the workspace's words, the generation that the index has seen, and whether it is made anew.
select c.generation, right(x.workspace_id, 3), x.generation,
       exists (select 1 from recounts where workspace_id = :workspace_id) from workspace_counters as c
  left join search_workspaces as x on x.workspace_id = c.workspace_id where c.workspace_id = :workspace_id

-- name: search_session_put
-- Nothing for a session that is gone.
insert into search_sessions (workspace_id, session_id, seq, titled)
select workspace_id, id, 0, 0 from sessions
 where workspace_id = :workspace_id and id = any (array(select json_array_elements_text(:ids::text::json)))
on conflict do nothing

-- name: search_indexed
-- The sessions' handles in the index, how far they are indexed, and what must be indexed now.
select x.session_id, x.session_id, x.seq, x.titled, s.title from search_sessions as x
  join sessions as s on s.workspace_id = :workspace_id and s.id = x.session_id
 where x.workspace_id = :workspace_id and x.session_id = any (array(select json_array_elements_text(:ids::text::json)))

-- name: search_put
insert into search_index (workspace_id, session_id, seq, words) values (:workspace_id, :handle, :seq, :vector::text::tsvector)

-- name: search_forget
delete from search_index where workspace_id = :workspace_id and session_id = :handle and seq = :seq

-- name: search_erase_messages
delete from search_index where workspace_id = :workspace_id and session_id = :session_id and seq > :after

-- name: search_erase_title
delete from search_index where workspace_id = :workspace_id and session_id = :id and seq = 0

-- name: workspace_purge_search_index
delete from search_index where workspace_id = :workspace_id

-- name: search_erasures
-- Rows go with their words: there is never anything left to do.
select null, null, null, null, null where :limit::bigint < 0

-- name: search_erased
-- As search_erasures.
select :handle::text, :seq::bigint where false

-- name: search_hits
-- The matching messages of the sessions whose handles are given.
with theirs as materialized (
  select session_id, seq, words from search_index
   where workspace_id = :workspace_id and session_id = any (array(select json_array_elements_text(:handles::text::json)))
)
select session_id, seq from theirs where words @@ :tsquery::text::tsquery
 order by session_id desc, seq desc limit greatest(:limit, 10000)

-- name: search_handles
select value, value from json_array_elements_text(:ids::text::json) as value where :workspace_id::text is not null

-- name: search_probe
-- The matching messages of each of some sessions, as JSON; nothing for those without.
with theirs as materialized (
  select session_id, seq, words from search_index
   where workspace_id = :workspace_id and session_id = any (array(select json_array_elements_text(:handles::text::json)))
)
select session_id, json_agg(seq)::text from (
  select session_id, seq from theirs where words @@ :tsquery::text::tsquery order by seq desc limit :limit
) as matching group by session_id

-- name: search_among
-- Which of many sessions have a match: their own rows are looked at, not the index of words.
with theirs as materialized (
  select session_id, words from search_index
   where workspace_id = :workspace_id and session_id = any (array(select json_array_elements_text(:handles::text::json)))
)
select distinct session_id from theirs where words @@ :tsquery::text::tsquery

-- name: search_which
-- Which of a few sessions have a match, as search_among.
with theirs as materialized (
  select session_id, words from search_index
   where workspace_id = :workspace_id and session_id = any (array(select json_array_elements_text(:handles::text::json)))
)
select distinct session_id from theirs where words @@ :tsquery::text::tsquery

-- name: search_matching
-- The matching messages of the sessions with the greatest ids: the session, its handle and the seq. A word that is frequent among
-- the newest messages is answered from them: then there may be more up to the last column. The planner is not asked, since it plans
-- for no word in particular.
with newest as materialized (
  select session_id, seq, words from search_index where workspace_id = :workspace_id order by session_id desc limit 2000
), near as materialized (
  select session_id, seq from newest where words @@ :tsquery::text::tsquery
), edge as materialized (
  select min(session_id) as floor from newest having count(*) = 2000 and (select count(distinct session_id) from near) > 25
)
select session_id, session_id as handle, seq, floor from near, edge where session_id > floor
union all
select session_id, session_id, seq, null from (
  select session_id, seq from search_index
   where workspace_id || '' = :workspace_id and words @@ :tsquery::text::tsquery and not exists (select 1 from edge)
   order by session_id desc, seq desc limit :limit
) as far

-- name: search_session_ids
select value, value from json_array_elements_text(:handles::text::json) as value where :workspace_id::text is not null

-- name: search_unseen
-- Where the messages of sessions are, each from behind one seq up to another, and how many bytes they take.
select m.session_id, m.seq, octet_length(m.parts) + octet_length(m.metadata)
  from json_array_elements(:stretches::text::json) as p(value)
  join messages as m on m.session_id = p.value ->> 0 and m.seq > (p.value ->> 1)::bigint and m.seq <= (p.value ->> 2)::bigint
 where m.workspace_id = :workspace_id and m.deleted_at is null order by 1, 2

-- name: title_matching
-- The sessions whose title matches; a title is the document with the number 0.
select session_id from search_index
 where workspace_id || '' = :workspace_id and seq = 0 and words @@ :tsquery::text::tsquery limit :limit

-- name: search_all
-- Every session with a match.
select distinct session_id, session_id as handle from search_index where workspace_id || '' = :workspace_id and words @@ :tsquery::text::tsquery

-- name: search_count
-- How many sessions have a match, up to a limit.
select count(*) from (
  select distinct session_id from search_index where workspace_id = :workspace_id and words @@ :tsquery::text::tsquery limit :limit
) as hit

-- name: message_at_positions
-- Messages of several sessions, by [session, seq].
select {message} from messages
 where workspace_id = :workspace_id and deleted_at is null
   and (session_id, seq) in (select place ->> 0, (place ->> 1)::bigint from json_array_elements(:positions::text::json) as place)

-- name: message_sizes_at_positions
-- How many bytes they take.
select session_id, seq, octet_length(parts) + octet_length(metadata) from messages
 where workspace_id = :workspace_id and deleted_at is null
   and (session_id, seq) in (select place ->> 0, (place ->> 1)::bigint from json_array_elements(:positions::text::json) as place)

-- name: message_item_list
-- The items of these messages.
select seq, encoding, data from message_items
 where workspace_id = :workspace_id and session_id = :session_id
   and seq = any (array(select json_array_elements_text(:seqs::text::json)::bigint))

-- name: message_item_sizes
-- How many bytes they have.
select seq, octet_length(data) from message_items
 where workspace_id = :workspace_id and session_id = :session_id
   and seq = any (array(select json_array_elements_text(:seqs::text::json)::bigint))

-- name: document_lock
select revision, encoding, body, created_at from documents
 where workspace_id = :workspace_id and scope = :scope and owner = :owner and key = :key for update

-- name: document_of_sessions
-- The document of this key that each of some sessions has.
select scope, owner, key, revision, type, encoding, octet_length(body), app, user_id, session_id, created_at, updated_at, expires_at, body
  from documents
 where workspace_id = :workspace_id and scope = 'session' and owner = any (array(select json_array_elements_text(:ids::text::json))) and key = :key
   and (expires_at is null or expires_at > :now)

-- name: document_sizes_of_sessions
-- How many bytes they have.
select owner, octet_length(body) from documents
 where workspace_id = :workspace_id and scope = 'session' and owner = any (array(select json_array_elements_text(:ids::text::json))) and key = :key
   and (expires_at is null or expires_at > :now)

-- name: checkpoint_blob_list
-- The values of channels in these versions, which are given as [channel, version]. Each is sought by itself: joined as sets, and with
-- statistics from before, all of a long thread's were read for one.
select blob.channel, blob.version, blob.type, blob.data
  from (select distinct pair ->> 0 as channel, pair ->> 1 as version from json_array_elements(:pairs::text::json) as pair) as wanted
 cross join lateral (
   select channel, version, type, data from checkpoint_blobs
    where workspace_id = :workspace_id and session_id = :session_id and ns = :ns
      and channel = wanted.channel and version = wanted.version
    limit 1
 ) as blob
 order by blob.channel, blob.version

-- name: message_named
-- The messages of any session that have one of these client ids, with what their sessions are called and whose they are.
select m.session_id, m.seq, s.own_id, s.user_id, s.app from messages as m
  join sessions as s on s.workspace_id = :workspace_id and s.id = m.session_id
 where m.workspace_id = :workspace_id and m.client_id = any (array(select json_array_elements_text(:client_ids::text::json)))
   and m.deleted_at is null
 order by m.session_id, m.seq limit :limit

-- name: session_ids_by_own_ids
select own_id, id from sessions
 where workspace_id = :workspace_id and own_id = any (array(select json_array_elements_text(:own_ids::text::json)))

-- name: session_peek_many
-- As session_peek, for a batch of appends; locks the rows in the order of their ids, so that two batches never wait for each other.
select {append_head}
  from sessions
 where workspace_id = :workspace_id and id = any (array(select json_array_elements_text(:ids::text::json)))
 order by id for update

-- name: message_by_client_ids
-- The messages of several sessions that have one of these client ids.
select {message} from messages
 where workspace_id = :workspace_id and session_id = any (array(select json_array_elements_text(:session_ids::text::json)))
   and client_id = any (array(select json_array_elements_text(:client_ids::text::json))) and deleted_at is null

-- name: idempotency_take_many
-- Claim these keys; those that were free come back.
insert into idempotency_keys (workspace_id, key, digest, created_at)
select :workspace_id::text, claim ->> 'key', claim ->> 'digest', :now::bigint from json_array_elements(:claims::text::json) as claim
on conflict do nothing
returning key

-- name: tag_count
-- How many sessions have one of these tags, up to a limit.
select count(*) from (
  select 1 from session_tags where workspace_id = :workspace_id and tag = any (array(select json_array_elements_text(:tags::text::json))) limit :limit
) as tagged

-- name: session_put_rows
-- Statements whose name ends in _rows stand for the same without it, where it is run for many rows: each parameter is the list of their
-- values, so that one execution writes all. The rows of one are of one workspace, which is said as one value: so one partition is looked into.
insert into sessions ({session_columns}) select * from unnest({session_arrays})
on conflict do nothing
returning id

-- name: message_put_rows
insert into messages (workspace_id, session_id, seq, id, client_id, role, sender, sender_id, model, run_id, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos,
  created_at, hash, parts, metadata, item_format, item_hash, edited_at, edit_hash)
select * from unnest(:workspace_id::text[], :session_id::text[], :seq::bigint[], :id::text[], :client_id::text[], :role::text[], :sender::text[],
  :sender_id::text[], :model::text[], :run_id::text[], :input_tokens::bigint[], :output_tokens::bigint[],
  :cache_read_tokens::bigint[], :cache_write_tokens::bigint[], :reasoning_tokens::bigint[], :cost_nanos::bigint[],
  :created_at::bigint[], :hash::bytea[], :parts::text[], :metadata::text[],
  :item_format::text[], :item_hash::bytea[], :edited_at::bigint[], :edit_hash::bytea[])

-- name: message_item_put_rows
insert into message_items (workspace_id, session_id, seq, encoding, data)
select * from unnest(:workspace_id::text[], :session_id::text[], :seq::bigint[], :encoding::text[], :data::bytea[])

-- name: event_put_rows
insert into session_events (workspace_id, n, type, session_id, seq, at, was_updated_at, was_active_at, was_title)
select counters.workspace_id, generation - back, type, session_id, seq, at, was_updated_at, was_active_at, was_title
  from workspace_counters as counters,
    unnest(:back::bigint[], :type::text[], :session_id::text[], :seq::bigint[], :at::bigint[],
      :was_updated_at::bigint[], :was_active_at::bigint[], :was_title::text[])
    as given (back, type, session_id, seq, at, was_updated_at, was_active_at, was_title)
 where counters.workspace_id = (:workspace_id::text[])[1]

-- name: search_put_rows
insert into search_index (workspace_id, session_id, seq, words)
select workspace_id, handle, seq, vector::tsvector
  from unnest(:workspace_id::text[], :handle::text[], :seq::bigint[], :vector::text[]) as given (workspace_id, handle, seq, vector)

-- name: search_session_seen_rows
update search_sessions as x set seq = given.seq, titled = given.titled
  from unnest(:workspace_id::text[], :session_id::text[], :seq::bigint[], :titled::bigint[]) as given (workspace_id, session_id, seq, titled)
 where x.workspace_id = (:workspace_id::text[])[1] and given.workspace_id = x.workspace_id and x.session_id = given.session_id

-- name: tool_put_rows
insert into session_tools (workspace_id, name, session_id)
select * from unnest(:workspace_id::text[], :name::text[], :session_id::text[]) on conflict do nothing

-- name: session_extend_rows
update sessions as s set {extended_by_given}
  from unnest(:workspace_id::text[], :id::text[], :now::bigint[], :count::bigint[], :title::text[], :title_by::text[], :title_folded::text[],
    :untitled::bigint[], :preview::text[], :last_preview::text[], :last_role::text[], :failed_calls::bigint[], :tools::text[], :input_tokens::bigint[], :output_tokens::bigint[],
    :cache_read_tokens::bigint[], :cache_write_tokens::bigint[], :reasoning_tokens::bigint[], :cost_nanos::bigint[],
    :first_at::bigint[], :last_at::bigint[], :used_at::bigint[], :last_hash::bytea[])
    as given (workspace_id, id, now, count, title, title_by, title_folded, untitled, preview, last_preview, last_role, failed_calls, tools, input_tokens,
      output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, first_at, last_at, used_at, last_hash)
 where s.workspace_id = (:workspace_id::text[])[1] and given.workspace_id = s.workspace_id and s.id = given.id
returning s.last_seq

-- name: session_extend_known_rows
-- The first of four that go together and append to sessions nobody has locked: it brings those that are as they were known, whose rows are
-- locked from then on, and the others write for these alone. Nulls stand for what is most often so.
-- What the planner is not shown, the number of rows, gives one plan for all: planning takes longer than appending one message.
update sessions as s set {extended_by_given}
  from (
    select id, now, coalesce(count, 1) as count, title, title_by, title_folded, untitled, preview, last_preview, last_role,
      coalesce(failed_calls, 0) as failed_calls, tools, coalesce(input_tokens, 0) as input_tokens, coalesce(output_tokens, 0) as output_tokens,
      coalesce(cache_read_tokens, 0) as cache_read_tokens, coalesce(cache_write_tokens, 0) as cache_write_tokens,
      coalesce(reasoning_tokens, 0) as reasoning_tokens, coalesce(cost_nanos, 0) as cost_nanos,
      coalesce(first_at, now) as first_at, coalesce(last_at, now) as last_at, coalesce(used_at, now) as used_at, last_hash, version,
      coalesce(events, 1) as events
      from unnest((select :id::text[]), :now::bigint[], :count::bigint[], :title::text[], :title_by::text[], :title_folded::text[], :untitled::bigint[],
        :preview::text[], :last_preview::text[], :last_role::text[], :failed_calls::bigint[], :tools::text[], :input_tokens::bigint[],
        :output_tokens::bigint[], :cache_read_tokens::bigint[], :cache_write_tokens::bigint[], :reasoning_tokens::bigint[],
        :cost_nanos::bigint[], :first_at::bigint[], :last_at::bigint[], :used_at::bigint[], :last_hash::bytea[], :version::bigint[],
        :events::bigint[])
        as row (id, now, count, title, title_by, title_folded, untitled, preview, last_preview, last_role, failed_calls, tools, input_tokens,
          output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, first_at, last_at, used_at, last_hash, version,
          events)
  ) as given
 where s.workspace_id = :workspace_id::text and s.id = given.id and s.version = given.version and s.hash_seq = s.last_seq
returning s.id, given.events

-- name: session_continue_rows
update sessions as s set {session_given}, hash_seq = given.last_seq, last_hash = given.last_hash
  from unnest({session_arrays}, :last_hash::bytea[]) as given ({session_columns}, last_hash)
 where s.workspace_id = (:workspace_id::text[])[1] and given.workspace_id = s.workspace_id and s.id = given.id

-- name: idempotency_settle_rows
update idempotency_keys as i set status = given.status, answer = given.answer, session_id = given.session_id
  from unnest(:workspace_id::text[], :key::text[], :status::bigint[], :answer::bytea[], :session_id::text[])
    as given (workspace_id, key, status, answer, session_id)
 where i.workspace_id = (:workspace_id::text[])[1] and given.workspace_id = i.workspace_id and i.key = given.key

-- name: message_rehash_rows
update messages as m set hash = given.hash
  from unnest(:workspace_id::text[], :session_id::text[], :seq::bigint[], :hash::bytea[]) as given (workspace_id, session_id, seq, hash)
 where m.workspace_id = (:workspace_id::text[])[1] and given.workspace_id = m.workspace_id and m.session_id = given.session_id
   and m.seq = given.seq

-- name: trace_claim_rows
insert into model_calls (workspace_id, trace_id, span_id, session_id, at, taken_at, body)
select given.workspace_id, given.trace_id, '', '', 0, given.now, given.body
  from unnest(:workspace_id::text[], :trace_id::text[], :now::bigint[], :body::text[]) as given (workspace_id, trace_id, now, body)
on conflict (workspace_id, trace_id, span_id) do update set taken_at = excluded.taken_at
returning trace_id, body

-- name: model_call_put_rows
insert into model_calls (workspace_id, trace_id, span_id, session_id, at, taken_at, body)
select * from unnest(:workspace_id::text[], :trace_id::text[], :span_id::text[], :session_id::text[], :at::bigint[], :now::bigint[], :body::text[])
on conflict (workspace_id, trace_id, span_id) do update
  set session_id = excluded.session_id, at = excluded.at, taken_at = excluded.taken_at, body = excluded.body

-- name: run_put_rows
insert into runs (workspace_id, session_id, id, state, agent, model, workflow_id, error, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, lease_us,
  lease_expires_at, heartbeat_at, created_at, started_at, finished_at, updated_at, exclusive_at, metadata)
select * from unnest(:workspace_id::text[], :session_id::text[], :id::text[], :state::text[], :agent::text[], :model::text[], :workflow_id::text[],
  :error::text[], :input_tokens::bigint[], :output_tokens::bigint[],
  :cache_read_tokens::bigint[], :cache_write_tokens::bigint[], :reasoning_tokens::bigint[], :cost_nanos::bigint[],
  :lease_us::bigint[], :lease_expires_at::bigint[], :heartbeat_at::bigint[], :created_at::bigint[], :started_at::bigint[],
  :finished_at::bigint[], :updated_at::bigint[], :exclusive_at::bigint[], :metadata::text[])
on conflict do nothing
returning id
