-- Which workspaces want looking after, and what is past its time in one.

-- name: store_totals
-- Workspaces, their changes, and those that the search index has not seen.
select count(*), cast(coalesce(sum(c.generation), 0) as bigint),
       cast(coalesce(sum(c.generation - coalesce(x.generation, 0)), 0) as bigint)
  from workspace_counters as c left join search_workspaces as x on x.workspace_id = c.workspace_id

-- name: upkeep_workspaces
-- Every workspace, so many at a time; a read across workspaces, for the tasks that look after them.
select workspace_id, generation from workspace_counters where workspace_id > :after order by workspace_id limit :limit

-- name: upkeep_due
-- Whether there are idempotency keys and calls of models past their time, events that may be forgotten, rules for how long sessions are kept, and
-- documents past theirs.
-- The oldest event tells of all; what search has not indexed yet is kept.
select exists (select 1 from idempotency_keys where workspace_id = :workspace_id and created_at < :keys_before),
       exists (select 1 from model_calls where workspace_id = :workspace_id and taken_at < :calls_before),
       exists (select 1 from (select n, at from session_events where workspace_id = :workspace_id order by n limit 1) as oldest
                where n <= (select generation from search_workspaces where search_workspaces.workspace_id = :workspace_id)
                  and (at < :events_before
                       or n <= (select generation from workspace_counters where workspace_counters.workspace_id = :workspace_id) - :kept)),
       exists (select 1 from retention_rules where workspace_id = :workspace_id),
       exists (select 1 from documents where workspace_id = :workspace_id and expires_at <= :now)

-- name: upkeep_statistics_left
-- Workspaces that are gone and whose statistics are not: a server of a version that did not know these tables deleted them.
select workspace_id from stats_progress
 where not exists (select 1 from workspace_counters where workspace_counters.workspace_id = stats_progress.workspace_id) limit :limit
