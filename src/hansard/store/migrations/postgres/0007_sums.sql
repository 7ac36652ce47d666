-- Sums of tokens and of money are bounded (model/message.py: MOST_SUM). Those that a file brought in beyond the bound are
-- cut to it, and the statistics of their workspaces are counted anew.

create temporary table beyond as
  select workspace_id from sessions
   where input_tokens > 9007199254740992 or output_tokens > 9007199254740992 or cost_nanos > 9007199254740992
  union
  select workspace_id from stats_days
   where input_tokens > 2305843009213693952 or output_tokens > 2305843009213693952 or cost_nanos > 2305843009213693952;

delete from stats_marks where workspace_id in (select workspace_id from beyond);
delete from stats_sessions where workspace_id in (select workspace_id from beyond);
delete from stats_days where workspace_id in (select workspace_id from beyond);
delete from stats_slots where workspace_id in (select workspace_id from beyond);
drop table beyond;

update sessions
   set input_tokens = case when input_tokens > 9007199254740992 then 9007199254740992 else input_tokens end,
       output_tokens = case when output_tokens > 9007199254740992 then 9007199254740992 else output_tokens end,
       cost_nanos = case when cost_nanos > 9007199254740992 then 9007199254740992 else cost_nanos end
 where input_tokens > 9007199254740992 or output_tokens > 9007199254740992 or cost_nanos > 9007199254740992;
