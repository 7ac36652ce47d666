-- The search index knows the calls of tools, the forms of words, emoji and parts of titles: it is made anew (service/refill.py).

truncate search_index;
update search_sessions set seq = 0, titled = 0;
delete from refills;
insert into store_facts (name, value) values ('refill', 'due') on conflict (name) do update set value = excluded.value;
