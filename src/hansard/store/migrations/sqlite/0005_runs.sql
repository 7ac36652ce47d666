-- When a run asked to be the only open one of its session; null for one that did not.
alter table runs add column exclusive_at integer;
