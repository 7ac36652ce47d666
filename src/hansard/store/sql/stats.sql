-- Figures per day.

-- name: stats_mark_get
select generation, walked from stats_marks where workspace_id = :workspace_id

-- name: stats_behind
-- The next workspaces that are not counted to the end; a read across workspaces, for the task that counts.
select c.workspace_id from workspace_counters as c left join stats_marks as m on m.workspace_id = c.workspace_id
 where (c.generation > coalesce(m.generation, 0) or m.walked is not null) and c.workspace_id > :after
 order by c.workspace_id limit :limit

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
-- A sum stays at 2^62 when it reaches it.
insert into stats_days (workspace_id, day, channel, app, agent, state, sessions, messages, input_tokens, output_tokens, cost_nanos,
  resolved, unresolved)
values (:workspace_id, :day, :channel, :app, :agent, :state, :sessions, :messages, :input_tokens, :output_tokens, :cost_nanos,
  :resolved, :unresolved)
on conflict (workspace_id, day, channel, app, agent, state) do update
   set sessions = stats_days.sessions + excluded.sessions, messages = stats_days.messages + excluded.messages,
       input_tokens = case when stats_days.input_tokens + excluded.input_tokens > 4611686018427387904 then 4611686018427387904 else stats_days.input_tokens + excluded.input_tokens end,
       output_tokens = case when stats_days.output_tokens + excluded.output_tokens > 4611686018427387904 then 4611686018427387904 else stats_days.output_tokens + excluded.output_tokens end,
       cost_nanos = case when stats_days.cost_nanos + excluded.cost_nanos > 4611686018427387904 then 4611686018427387904 else stats_days.cost_nanos + excluded.cost_nanos end,
       resolved = stats_days.resolved + excluded.resolved, unresolved = stats_days.unresolved + excluded.unresolved

-- name: stats_slot_add
insert into stats_slots (workspace_id, day, what, slot, channel, app, agent, state, count)
values (:workspace_id, :day, :what, :slot, :channel, :app, :agent, :state, :by)
on conflict (workspace_id, day, what, slot, channel, app, agent, state) do update set count = stats_slots.count + excluded.count
