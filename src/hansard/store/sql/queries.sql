-- Statements that read the same in SQLite and PostgreSQL.
-- A backend's own file (sqlite.sql, postgres.sql) replaces one by repeating its name, or adds one that only it can spell.
-- :name is a parameter.  {session} and {message} stand for the columns of the model, in the order of its fields.

-- name: workspace_put
insert into workspaces (id, name, created_at, settings) values (:id, :name, :created_at, :settings)
on conflict do nothing
returning id

-- name: workspace_counters_put
insert into workspace_counters (workspace_id, generation) values (:workspace_id, 0)

-- name: workspace_get
select id, name, created_at, settings from workspaces where id = :id

-- name: workspace_get_by_name
select id, name, created_at, settings from workspaces where name = :name

-- name: workspace_list
select id, name, created_at, settings from workspaces order by name

-- name: workspace_update
update workspaces set name = :name, settings = :settings where id = :id

-- name: workspace_delete
delete from workspaces where id = :workspace_id

-- name: workspace_purge_sessions
delete from sessions where workspace_id = :workspace_id

-- name: workspace_purge_session_tags
delete from session_tags where workspace_id = :workspace_id

-- name: workspace_purge_messages
delete from messages where workspace_id = :workspace_id

-- name: workspace_purge_runs
delete from runs where workspace_id = :workspace_id

-- name: workspace_purge_session_events
delete from session_events where workspace_id = :workspace_id

-- name: workspace_purge_session_counts
delete from session_counts where workspace_id = :workspace_id

-- name: workspace_purge_idempotency_keys
delete from idempotency_keys where workspace_id = :workspace_id

-- name: workspace_purge_keys
delete from keys where workspace_id = :workspace_id

-- name: workspace_purge_retention_rules
delete from retention_rules where workspace_id = :workspace_id

-- name: workspace_purge_workspace_counters
delete from workspace_counters where workspace_id = :workspace_id

-- name: generation_get
select generation from workspace_counters where workspace_id = :workspace_id

-- name: generation_next
-- Take the workspace's next generation; locks the row until commit, so it comes last in a transaction.
update workspace_counters set generation = generation + :by where workspace_id = :workspace_id returning generation

-- name: event_put
insert into session_events (workspace_id, n, type, session_id, seq, at, was_updated_at, was_active_at, was_title)
values (:workspace_id, :n, :type, :session_id, :seq, :at, :was_updated_at, :was_active_at, :was_title)

-- name: event_list
select n, type, session_id, seq, at from session_events
 where workspace_id = :workspace_id and n > :after order by n limit :limit

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

-- name: event_first
select min(n) from session_events where workspace_id = :workspace_id

-- name: event_trim
-- What search has not indexed yet is kept.
delete from session_events
 where workspace_id = :workspace_id and n <= :until
   and n <= (select generation from search_workspaces where search_workspaces.workspace_id = :workspace_id)

-- name: event_delete_of_session
delete from session_events where workspace_id = :workspace_id and session_id = :id

-- name: count_add
insert into session_counts (workspace_id, facet, value, count) values (:workspace_id, :facet, :value, :by)
on conflict (workspace_id, facet, value) do update set count = session_counts.count + excluded.count

-- name: count_list
select facet, value, count from session_counts where workspace_id = :workspace_id and facet = :facet and count > 0

-- name: key_put
insert into keys (id, workspace_id, name, scopes, digest, user_id, app, created_at, expires_at)
values (:id, :workspace_id, :name, :scopes, :digest, :user_id, :app, :created_at, :expires_at)

-- name: key_find
-- The one look-up that cannot know its workspace.
select id, workspace_id, name, scopes, digest, user_id, app, created_at, expires_at, last_used_at, revoked_at
  from keys where id = :id

-- name: key_list
select id, workspace_id, name, scopes, digest, user_id, app, created_at, expires_at, last_used_at, revoked_at
  from keys where workspace_id = :workspace_id order by created_at, id

-- name: key_expire
update keys set expires_at = :expires_at
 where workspace_id = :workspace_id and id = :id and (expires_at is null or expires_at > :expires_at)

-- name: key_revoke
update keys set revoked_at = coalesce(revoked_at, :now) where workspace_id = :workspace_id and id = :id returning id

-- name: key_used
update keys set last_used_at = :now where workspace_id = :workspace_id and id = :id

-- name: session_put
-- Create the session, or do nothing when one of its names is taken.
insert into sessions (workspace_id, id, own_id, safe_id, version, kind, channel, app, agent, model, user_id, workflow_id, workflow_name,
  trigger_type, parent_id, branch, forked_seq, created_by, title, title_by, title_folded, untitled, preview, last_preview, last_role, state,
  run_id, run_error, resolution, resolved_at, intent, sub_intent, message_count, last_seq, input_tokens, output_tokens, cost_nanos,
  created_at, updated_at, active_at, first_message_at, last_message_at, ended_at, archived_at, read_at, tags, trail, external_ids, metadata)
values (:workspace_id, :id, :own_id, :safe_id, :version, :kind, :channel, :app, :agent, :model, :user_id, :workflow_id, :workflow_name,
  :trigger, :parent_id, :branch, :forked_seq, :created_by, :title, :title_by, :title_folded, :untitled, :preview, :last_preview, :last_role,
  :state, :run_id, :run_error, :resolution, :resolved_at, :intent, :sub_intent, :message_count, :last_seq, :input_tokens, :output_tokens,
  :cost_nanos, :created_at, :updated_at, :active_at, :first_message_at, :last_message_at, :ended_at, :archived_at, :read_at, :tags, :trail,
  :external_ids, :metadata)
on conflict do nothing
returning id

-- name: session_get
select {session} from sessions where workspace_id = :workspace_id and id = :id

-- name: session_id_by_own_id
select id from sessions where workspace_id = :workspace_id and own_id = :own_id

-- name: session_update
-- Write the whole row again; the caller has read it under a lock in the same transaction.
update sessions
   set version = :version, kind = :kind, channel = :channel, app = :app, agent = :agent, model = :model, user_id = :user_id,
       workflow_id = :workflow_id, workflow_name = :workflow_name, trigger_type = :trigger, branch = :branch, title = :title,
       title_by = :title_by, title_folded = :title_folded, untitled = :untitled, preview = :preview, last_preview = :last_preview,
       last_role = :last_role, state = :state, run_id = :run_id, run_error = :run_error, resolution = :resolution,
       resolved_at = :resolved_at, intent = :intent, sub_intent = :sub_intent, message_count = :message_count, last_seq = :last_seq,
       input_tokens = :input_tokens, output_tokens = :output_tokens, cost_nanos = :cost_nanos, updated_at = :updated_at,
       active_at = :active_at, first_message_at = :first_message_at, last_message_at = :last_message_at, ended_at = :ended_at,
       archived_at = :archived_at, read_at = :read_at, tags = :tags, trail = :trail, external_ids = :external_ids, metadata = :metadata
 where workspace_id = :workspace_id and id = :id

-- name: session_extend
-- Take the next message numbers and keep the summary; locks the session row until commit.
update sessions
   set version = version + 1, last_seq = last_seq + :count, message_count = message_count + :count,
       title = coalesce(title, :title), title_by = case when title is null then :title_by else title_by end,
       title_folded = case when title is null then :title_folded else title_folded end,
       untitled = case when title is null then :untitled else untitled end,
       preview = coalesce(preview, :preview), last_preview = coalesce(:last_preview, last_preview), last_role = :last_role,
       input_tokens = input_tokens + :input_tokens, output_tokens = output_tokens + :output_tokens, cost_nanos = cost_nanos + :cost_nanos,
       first_message_at = coalesce(first_message_at, :first_at), last_message_at = :last_at, active_at = :last_at, updated_at = :now
 where workspace_id = :workspace_id and id = :id
returning last_seq

-- name: session_delete
delete from sessions where workspace_id = :workspace_id and id = :id

-- name: session_children
select id from sessions where workspace_id = :workspace_id and parent_id = :id

-- name: tag_put
insert into session_tags (workspace_id, tag, session_id) values (:workspace_id, :tag, :session_id) on conflict do nothing

-- name: tag_delete_of_session
delete from session_tags where workspace_id = :workspace_id and session_id = :id

-- name: message_put
insert into messages (workspace_id, session_id, seq, id, client_id, role, sender, sender_id, model, run_id, input_tokens, output_tokens,
  cost_nanos, created_at, hash, parts, metadata)
values (:workspace_id, :session_id, :seq, :id, :client_id, :role, :sender, :sender_id, :model, :run_id, :input_tokens, :output_tokens,
  :cost_nanos, :created_at, :hash, :parts, :metadata)

-- name: message_hash
select hash from messages where workspace_id = :workspace_id and session_id = :session_id and seq = :seq

-- name: message_get
select {message} from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq = :seq and deleted_at is null

-- name: message_get_by_client_id
select {message} from messages
 where workspace_id = :workspace_id and session_id = :session_id and client_id = :client_id and deleted_at is null

-- name: message_erase
-- The row stays, empty, so that seq and the hash chain have no hole.
update messages
   set deleted_at = :now, parts = '[]', metadata = '{}', client_id = null, sender_id = null, input_tokens = 0, output_tokens = 0, cost_nanos = 0
 where workspace_id = :workspace_id and session_id = :session_id and seq = :seq and deleted_at is null
returning seq

-- name: message_mark_deleted
-- A message that came in deleted already.
update messages set deleted_at = :at where workspace_id = :workspace_id and session_id = :session_id and seq = :seq

-- name: message_count_of_session
select count(*) from messages where workspace_id = :workspace_id and session_id = :id

-- name: message_delete_of_session
delete from messages where workspace_id = :workspace_id and session_id = :id

-- name: message_chain
-- Everything the hash chain covers, tombstones included.
select seq, deleted_at, hash, {message} from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq > :after order by seq limit :limit

-- name: run_put
insert into runs (workspace_id, session_id, id, state, agent, model, workflow_id, error, input_tokens, output_tokens, cost_nanos, lease_us,
  lease_expires_at, heartbeat_at, created_at, started_at, finished_at, updated_at, metadata)
values (:workspace_id, :session_id, :id, :state, :agent, :model, :workflow_id, :error, :input_tokens, :output_tokens, :cost_nanos,
  :lease_us, :lease_expires_at, :heartbeat_at, :created_at, :started_at, :finished_at, :updated_at, :metadata)
on conflict do nothing
returning id

-- name: run_get
select {run} from runs where workspace_id = :workspace_id and session_id = :session_id and id = :id

-- name: run_list
select {run} from runs where workspace_id = :workspace_id and session_id = :session_id
 order by created_at desc, id desc limit :limit

-- name: run_all
select {run} from runs where workspace_id = :workspace_id and session_id = :session_id order by created_at, id

-- name: run_open
select id from runs where workspace_id = :workspace_id and session_id = :session_id and state in ('queued', 'running', 'waiting') limit 1

-- name: run_update
update runs
   set state = :state, error = :error, input_tokens = :input_tokens, output_tokens = :output_tokens, cost_nanos = :cost_nanos,
       lease_us = :lease_us, lease_expires_at = :lease_expires_at, heartbeat_at = :heartbeat_at, started_at = :started_at,
       finished_at = :finished_at, updated_at = :updated_at
 where workspace_id = :workspace_id and session_id = :session_id and id = :id

-- name: run_count_of_session
select count(*) from runs where workspace_id = :workspace_id and session_id = :session_id

-- name: run_delete_of_session
delete from runs where workspace_id = :workspace_id and session_id = :id

-- name: run_lapsed
select session_id, id from runs where workspace_id = :workspace_id and lease_expires_at <= :now order by lease_expires_at limit :limit

-- name: lapse_earlier
-- Writes the row even where nothing changes: the lock keeps a reset from missing a run that is not committed yet.
update workspace_counters set next_lapse_at = case when next_lapse_at is null or next_lapse_at > :at then :at else next_lapse_at end
 where workspace_id = :workspace_id

-- name: lapse_reset
-- The caller holds the row's lock since an earlier statement, so that this one sees every run that took it before.
update workspace_counters
   set next_lapse_at = (select min(lease_expires_at) from runs where runs.workspace_id = :workspace_id and lease_expires_at is not null)
 where workspace_id = :workspace_id

-- name: lapse_due
-- Which workspaces have a lease that may have lapsed; the one read across workspaces that the reaper needs.
select workspace_id from workspace_counters where next_lapse_at <= :now order by next_lapse_at limit :limit

-- name: idempotency_take
-- Claim the key; nothing comes back when it is taken.
insert into idempotency_keys (workspace_id, key, digest, created_at) values (:workspace_id, :key, :digest, :now)
on conflict do nothing
returning key

-- name: idempotency_get
select digest, status, answer, created_at from idempotency_keys where workspace_id = :workspace_id and key = :key

-- name: idempotency_retake
-- Claim a key that is past its time; nothing comes back when another was faster.
update idempotency_keys set digest = :digest, status = null, answer = null, session_id = null, created_at = :now
 where workspace_id = :workspace_id and key = :key and created_at = :seen
returning key

-- name: idempotency_settle
update idempotency_keys set status = :status, answer = :answer, session_id = :session_id where workspace_id = :workspace_id and key = :key

-- name: idempotency_forget_session
update idempotency_keys set answer = null where workspace_id = :workspace_id and session_id = :id

-- name: idempotency_trim
delete from idempotency_keys where workspace_id = :workspace_id and created_at < :before

-- name: fact_put
insert into store_facts (name, value) values (:name, :value) on conflict do nothing

-- name: fact_get
select value from store_facts where name = :name

-- name: session_id_by_safe_id
select id from sessions where workspace_id = :workspace_id and safe_id = :safe_id order by id limit 1

-- name: event_sessions
-- Which sessions changed behind a generation, up to the newest of :limit events.
select session_id, n from session_events where workspace_id = :workspace_id and n > :after order by n limit :limit

-- name: event_until
-- The newest event that is old enough to forget.
select max(n) from session_events where workspace_id = :workspace_id and n <= :newest and at < :before

-- name: sign_in_put
insert into sign_ins (workspace_id, digest, purpose, key_id, created_at, expires_at)
values (:workspace_id, :digest, :purpose, :key_id, :now, :expires_at)

-- name: sign_in_get
select key_id, expires_at from sign_ins
 where workspace_id = :workspace_id and digest = :digest and purpose = :purpose and expires_at > :now

-- name: sign_in_delete
delete from sign_ins where workspace_id = :workspace_id and digest = :digest returning key_id

-- name: sign_in_trim
delete from sign_ins where workspace_id = :workspace_id and expires_at <= :now

-- name: view_list
select id, name, query, created_at from views where workspace_id = :workspace_id order by created_at, id

-- name: view_put
insert into views (workspace_id, id, name, query, created_at) values (:workspace_id, :id, :name, :query, :created_at)
on conflict (workspace_id, id) do update set name = excluded.name, query = excluded.query

-- name: view_delete
delete from views where workspace_id = :workspace_id and id = :id returning id

-- name: share_put
insert into shares (workspace_id, id, session_id, digest, created_by, created_at, expires_at)
values (:workspace_id, :id, :session_id, :digest, :created_by, :created_at, :expires_at)

-- name: share_get
select id, session_id, digest, created_by, created_at, expires_at, revoked_at from shares where workspace_id = :workspace_id and id = :id

-- name: share_list
select id, session_id, digest, created_by, created_at, expires_at, revoked_at from shares
 where workspace_id = :workspace_id and session_id = :session_id order by created_at, id

-- name: share_revoke
update shares set revoked_at = coalesce(revoked_at, :now)
 where workspace_id = :workspace_id and session_id = :session_id and id = :id
returning id

-- name: share_delete_of_session
delete from shares where workspace_id = :workspace_id and session_id = :id

-- name: bulk_put
insert into bulk_actions (workspace_id, id, action, created_at) values (:workspace_id, :id, :action, :created_at)

-- name: bulk_get
select action, created_at, undone_at from bulk_actions where workspace_id = :workspace_id and id = :id

-- name: bulk_undone
update bulk_actions set undone_at = :now where workspace_id = :workspace_id and id = :id and undone_at is null returning id

-- name: bulk_change_put
insert into bulk_changes (workspace_id, action_id, session_id, version, before)
values (:workspace_id, :action_id, :session_id, :version, :before)
on conflict do nothing

-- name: bulk_change_list
select session_id, version, before from bulk_changes
 where workspace_id = :workspace_id and action_id = :action_id and session_id > :after order by session_id limit :limit

-- name: bulk_change_delete_of_session
delete from bulk_changes where workspace_id = :workspace_id and session_id = :id

-- name: bulk_change_trim
delete from bulk_changes where workspace_id = :workspace_id
   and action_id in (select id from bulk_actions where bulk_actions.workspace_id = :workspace_id and created_at < :before)

-- name: bulk_trim
delete from bulk_actions where workspace_id = :workspace_id and created_at < :before

-- name: stats_mark_get
select generation, walked from stats_marks where workspace_id = :workspace_id

-- name: stats_mark_put
insert into stats_marks (workspace_id, generation, walked) values (:workspace_id, :generation, '') on conflict do nothing

-- name: stats_mark_move
update stats_marks set generation = :generation, walked = :walked where workspace_id = :workspace_id

-- name: stats_walk
-- The next sessions of a first walk through the workspace.
select {session} from sessions where workspace_id = :workspace_id and id > :after order by id limit :limit

-- name: stats_session_put
insert into stats_sessions (workspace_id, session_id, day, hour, channel, app, agent, state, messages, input_tokens, output_tokens,
  cost_nanos, resolved, unresolved, duration)
values (:workspace_id, :session_id, :day, :hour, :channel, :app, :agent, :state, :messages, :input_tokens, :output_tokens,
  :cost_nanos, :resolved, :unresolved, :duration)
on conflict (workspace_id, session_id) do update
   set day = excluded.day, hour = excluded.hour, channel = excluded.channel, app = excluded.app, agent = excluded.agent,
       state = excluded.state, messages = excluded.messages, input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
       cost_nanos = excluded.cost_nanos, resolved = excluded.resolved, unresolved = excluded.unresolved, duration = excluded.duration

-- name: stats_session_delete
delete from stats_sessions where workspace_id = :workspace_id and session_id = :session_id
returning session_id, day, hour, channel, app, agent, state, messages, input_tokens, output_tokens, cost_nanos, resolved, unresolved, duration

-- name: stats_day_add
insert into stats_days (workspace_id, day, channel, app, agent, state, sessions, messages, input_tokens, output_tokens, cost_nanos,
  resolved, unresolved)
values (:workspace_id, :day, :channel, :app, :agent, :state, :sessions, :messages, :input_tokens, :output_tokens, :cost_nanos,
  :resolved, :unresolved)
on conflict (workspace_id, day, channel, app, agent, state) do update
   set sessions = stats_days.sessions + excluded.sessions, messages = stats_days.messages + excluded.messages,
       input_tokens = stats_days.input_tokens + excluded.input_tokens, output_tokens = stats_days.output_tokens + excluded.output_tokens,
       cost_nanos = stats_days.cost_nanos + excluded.cost_nanos, resolved = stats_days.resolved + excluded.resolved,
       unresolved = stats_days.unresolved + excluded.unresolved

-- name: stats_slot_add
insert into stats_slots (workspace_id, day, what, slot, channel, app, agent, state, count)
values (:workspace_id, :day, :what, :slot, :channel, :app, :agent, :state, :by)
on conflict (workspace_id, day, what, slot, channel, app, agent, state) do update set count = stats_slots.count + excluded.count

-- name: workspace_purge_sign_ins
delete from sign_ins where workspace_id = :workspace_id

-- name: workspace_purge_views
delete from views where workspace_id = :workspace_id

-- name: workspace_purge_shares
delete from shares where workspace_id = :workspace_id

-- name: workspace_purge_bulk_actions
delete from bulk_actions where workspace_id = :workspace_id

-- name: workspace_purge_bulk_changes
delete from bulk_changes where workspace_id = :workspace_id

-- name: workspace_purge_stats_marks
delete from stats_marks where workspace_id = :workspace_id

-- name: workspace_purge_stats_sessions
delete from stats_sessions where workspace_id = :workspace_id

-- name: workspace_purge_stats_days
delete from stats_days where workspace_id = :workspace_id

-- name: workspace_purge_stats_slots
delete from stats_slots where workspace_id = :workspace_id

-- name: audit_head_put
insert into audit_heads (workspace_id, n, hash) values (:workspace_id, 0, :hash) on conflict do nothing

-- name: audit_head_next
-- Take the next place in the log, with the hash before it; locks the head until commit, so it comes last in a transaction.
update audit_heads set n = n + 1 where workspace_id = :workspace_id returning n, hash

-- name: audit_head_set
update audit_heads set hash = :hash where workspace_id = :workspace_id

-- name: audit_head_get
select n, hash from audit_heads where workspace_id = :workspace_id

-- name: audit_workspaces
-- Whose logs there are, those of deleted workspaces included.
select workspace_id from audit_heads order by workspace_id

-- name: audit_put
insert into audit_log (workspace_id, n, at, actor, action, object, result, details, hash)
values (:workspace_id, :n, :at, :actor, :action, :object, :result, :details, :hash)

-- name: audit_list
-- Backwards from a place.
select n, at, actor, action, object, result, details, hash from audit_log
 where workspace_id = :workspace_id and n < :before order by n desc limit :limit

-- name: audit_walk
select n, at, actor, action, object, result, details, hash from audit_log
 where workspace_id = :workspace_id and n > :after order by n limit :limit

-- name: receipt_put
insert into receipts (workspace_id, id, subject, at, body, signature) values (:workspace_id, :id, :subject, :at, :body, :signature)

-- name: receipt_get
select body, signature from receipts where workspace_id = :workspace_id and id = :id

-- name: receipt_list
select body, signature from receipts where workspace_id = :workspace_id and subject = :subject order by at, id

-- name: user_sessions
select id from sessions where workspace_id = :workspace_id and user_id = :user_id order by updated_at, id

-- name: user_messages
-- What this person wrote by hand in the sessions of others.
select {message} from messages where workspace_id = :workspace_id and sender_id = :user_id and deleted_at is null order by session_id, seq

-- name: user_keys_delete
delete from keys where workspace_id = :workspace_id and user_id = :user_id returning id

-- name: retention_put
insert into retention_rules (workspace_id, kind, days, created_at) values (:workspace_id, :kind, :days, :now)
on conflict (workspace_id, kind) do update set days = excluded.days, created_at = excluded.created_at

-- name: retention_clear
delete from retention_rules where workspace_id = :workspace_id

-- name: retention_list
select kind, days from retention_rules where workspace_id = :workspace_id order by kind

-- name: retention_due
-- Sessions of a kind that fell silent before a time, oldest first; one with a run going on or with sub-sessions stays.
select id from sessions as s
 where workspace_id = :workspace_id and kind = :kind and active_at < :before
   and (state is null or state not in ('queued', 'running', 'waiting'))
   and not exists (select 1 from sessions as c where c.workspace_id = :workspace_id and c.parent_id = s.id)
 order by active_at, id limit :limit

-- name: retention_count
select count(*) from sessions
 where workspace_id = :workspace_id and kind = :kind and active_at < :before and (state is null or state not in ('queued', 'running', 'waiting'))

-- name: session_id_walk
select id from sessions where workspace_id = :workspace_id and id > :after order by id limit :limit

-- name: session_walk
-- Every session of a workspace in the order of its id.
select {session} from sessions where workspace_id = :workspace_id and id > :after order by id limit :limit

-- name: orphan_messages
-- Messages and runs whose session is not there.
select session_id, count(*) from messages as m
 where workspace_id = :workspace_id and not exists (select 1 from sessions as s where s.workspace_id = :workspace_id and s.id = m.session_id)
 group by session_id order by session_id limit 100

-- name: search_workspace_put
insert into search_workspaces (workspace_id, generation) values (:workspace_id, 0) on conflict do nothing

-- name: search_workspace_seen
update search_workspaces set generation = :generation where workspace_id = :workspace_id and generation < :generation

-- name: search_workspace_follow
update search_workspaces set generation = :until where workspace_id = :workspace_id and generation = :before

-- name: search_behind
-- Which workspaces have changes that the index has not seen; a read across workspaces, for the task that indexes.
select c.workspace_id from workspace_counters as c left join search_workspaces as x on x.workspace_id = c.workspace_id
 where c.generation > coalesce(x.generation, 0) limit :limit

-- name: search_events_until
-- The last of the next events that the index has not seen.
select max(n) from (
  select n from session_events where workspace_id = :workspace_id and n > :after order by n limit :limit
) as next

-- name: search_changed
-- The sessions that changed in a stretch of events, and how far each is indexed.
select s.id, coalesce(x.seq, 0), coalesce(x.titled, 0), s.last_seq, s.title
  from (select distinct session_id from session_events where workspace_id = :workspace_id and n > :after and n <= :until) as e
  join sessions as s on s.workspace_id = :workspace_id and s.id = e.session_id
  left join search_sessions as x on x.workspace_id = :workspace_id and x.session_id = e.session_id
 where s.last_seq > coalesce(x.seq, 0) or (s.title is not null and coalesce(x.titled, 0) = 0)

-- name: search_session_seen
update search_sessions set seq = :seq, titled = :titled where workspace_id = :workspace_id and session_id = :session_id

-- name: search_alive
-- Which messages of a stretch are there.
select seq from messages
 where workspace_id = :workspace_id and session_id = :session_id and seq > :after and seq <= :until and deleted_at is null

-- name: search_session_delete
delete from search_sessions where workspace_id = :workspace_id and session_id = :id

-- name: workspace_purge_search_sessions
delete from search_sessions where workspace_id = :workspace_id

-- name: workspace_purge_search_workspaces
delete from search_workspaces where workspace_id = :workspace_id

-- name: idempotency_give_back
delete from idempotency_keys where workspace_id = :workspace_id and key = :key and answer is null
