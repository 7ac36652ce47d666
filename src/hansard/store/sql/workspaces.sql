-- Workspaces, what the store remembers, and how many sessions have which value.

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

-- name: workspace_purge_session_metadata
delete from session_metadata where workspace_id = :workspace_id

-- name: workspace_purge_session_tools
delete from session_tools where workspace_id = :workspace_id

-- name: workspace_purge_refills
delete from refills where workspace_id = :workspace_id

-- name: workspace_purge_removals
delete from removals where workspace_id = :workspace_id

-- name: workspace_purge_pending_forks
delete from pending_forks where workspace_id = :workspace_id

-- name: workspace_purge_messages
delete from messages where workspace_id = :workspace_id

-- name: workspace_purge_message_items
delete from message_items where workspace_id = :workspace_id

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

-- name: count_add
insert into session_counts (workspace_id, facet, value, count) values (:workspace_id, :facet, :value, :by)
on conflict (workspace_id, facet, value) do update set count = session_counts.count + excluded.count

-- name: count_list
select facet, value, count from session_counts where workspace_id = :workspace_id and facet = :facet and count > 0

-- name: fact_put
insert into store_facts (name, value) values (:name, :value) on conflict do nothing

-- name: fact_get
select value from store_facts where name = :name

-- name: fact_set
insert into store_facts (name, value) values (:name, :value) on conflict (name) do update set value = excluded.value

-- name: fact_raise
-- A number that only grows, whoever is first.
insert into store_facts (name, value) values (:name, :value)
on conflict (name) do update set value = excluded.value where cast(store_facts.value as bigint) < cast(excluded.value as bigint)

-- name: restored
-- Generations go on from a number that was never used, and whoever follows a workspace is told to look at all of it anew.
update workspace_counters set generation = generation + 1000000;
insert into store_facts (name, value) select 'trimmed:' || workspace_id, cast(generation as text) from workspace_counters where true
on conflict (name) do update set value = excluded.value

-- name: workspace_purge_store_facts
delete from store_facts where name = 'trimmed:' || :workspace_id

-- name: workspace_purge_sign_ins
delete from sign_ins where workspace_id = :workspace_id

-- name: workspace_purge_views
delete from views where workspace_id = :workspace_id

-- name: workspace_purge_shares
delete from shares where workspace_id = :workspace_id

-- name: workspace_purge_note_words
delete from note_words where workspace_id = :workspace_id

-- name: workspace_purge_notes
delete from notes where workspace_id = :workspace_id

-- name: workspace_purge_scores
delete from scores where workspace_id = :workspace_id

-- name: workspace_purge_bulk_actions
delete from bulk_actions where workspace_id = :workspace_id

-- name: workspace_purge_bulk_changes
delete from bulk_changes where workspace_id = :workspace_id

-- name: workspace_purge_recounts
delete from recounts where workspace_id = :workspace_id

-- name: workspace_purge_stats_progress
delete from stats_progress where workspace_id = :workspace_id

-- name: workspace_purge_stats_by_session
delete from stats_by_session where workspace_id = :workspace_id

-- name: workspace_purge_stats_long_spans
delete from stats_long_spans where workspace_id = :workspace_id

-- name: workspace_purge_stats_sums
delete from stats_sums where workspace_id = :workspace_id

-- name: workspace_purge_stats_user_sums
delete from stats_user_sums where workspace_id = :workspace_id

-- name: workspace_purge_stats_positions
delete from stats_positions where workspace_id = :workspace_id

-- name: workspace_purge_stats_counted
delete from stats_counted where workspace_id = :workspace_id

-- name: workspace_purge_stats_spans
delete from stats_spans where workspace_id = :workspace_id

-- name: workspace_purge_stats_cells
delete from stats_cells where workspace_id = :workspace_id

-- name: workspace_purge_stats_user_cells
delete from stats_user_cells where workspace_id = :workspace_id

-- name: workspace_purge_stats_marks
delete from stats_marks where workspace_id = :workspace_id

-- name: workspace_purge_stats_sessions
delete from stats_sessions where workspace_id = :workspace_id

-- name: workspace_purge_stats_days
delete from stats_days where workspace_id = :workspace_id

-- name: workspace_purge_stats_slots
delete from stats_slots where workspace_id = :workspace_id

-- name: workspace_purge_search_sessions
delete from search_sessions where workspace_id = :workspace_id

-- name: workspace_purge_search_workspaces
delete from search_workspaces where workspace_id = :workspace_id
