-- The search index knows the calls of tools, the forms of words, emoji and parts of titles: it is made anew (service/refill.py).

insert into search_index (search_index) values ('delete-all');
delete from search_erasures;
update search_sessions set seq = 0, titled = 0;
delete from refills;
insert into store_facts (name, value) values ('refill', 'due') on conflict (name) do update set value = excluded.value;
