-- How long a key was made for, where a rotation has shortened that since; 0 for one without an end, null where none did.
alter table keys add column lifetime_us bigint;
