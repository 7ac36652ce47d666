-- What sessions from before lack is filled in where their sums are counted again (store/verbs/recounts.py): one walk for both.

insert into recounts (workspace_id, walked)
select id, '' from workspaces where exists (select 1 from store_facts where name = 'refill' and value = 'due')
on conflict (workspace_id) do update set walked = '';
-- These are no longer read. They stay, empty, for the servers of an older version that still run.
delete from refills;
delete from store_facts where name = 'refill';
