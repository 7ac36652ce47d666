-- End users, as the sessions name them.

-- name: user_ids
-- The ids that contain a text, found by skipping from one id to the next in the index; looks at :most ids.
with recursive walk(user_id, n) as (
  select min(user_id), 1 from sessions where workspace_id = :workspace_id and user_id is not null
  union all
  select (select min(user_id) from sessions where workspace_id = :workspace_id and user_id is not null and user_id > walk.user_id), n + 1
    from walk where walk.user_id is not null and n < :most)
select user_id from walk where user_id is not null and lower(user_id) like :pattern escape '\' order by user_id limit :limit

-- name: user_sums
select count(*), cast(coalesce(sum(message_count), 0) as bigint), cast(coalesce(sum(input_tokens), 0) as bigint),
       cast(coalesce(sum(output_tokens), 0) as bigint), cast(coalesce(sum(cost_nanos), 0) as bigint), min(created_at), max(active_at)
  from sessions where workspace_id = :workspace_id and user_id = :user_id

-- name: user_origins
-- Through which channels and applications the user came, and which agents answered.
select channel, app, agent, count(*) from sessions where workspace_id = :workspace_id and user_id = :user_id
 group by channel, app, agent order by count(*) desc, channel, app, agent limit :limit

-- name: user_scores
select s.name, count(*), avg(s.value) from sessions as u join scores as s on s.workspace_id = :workspace_id and s.session_id = u.id
 where u.workspace_id = :workspace_id and u.user_id = :user_id group by s.name order by s.name limit :limit
