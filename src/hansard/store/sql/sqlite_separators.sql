-- The borders between the pages of the search index (store/sqlite/separators.py): tables of FTS5, whose form its file format fixes.

-- name: separator_segment
select min(segid) from search_index_idx where segid > :after

-- name: separator_before
select term, pgno from search_index_idx where segid = :segment and term <= :word order by term desc limit 1

-- name: separator_page
select block from search_index_data where id = :id

-- name: separator_structure
select block from search_index_data where id = 10

-- name: separator_segment_pages
delete from search_index_data where id >= :first and id < :behind

-- name: separator_segment_borders
delete from search_index_idx where segid = :segment

-- name: separator_delete
delete from search_index_idx where segid = :segment and term = :border

-- name: separator_put
update search_index_idx set term = :first where segid = :segment and term = :border

-- name: separators_behind
select term, pgno from search_index_idx where segid = :segment and term > :after order by term limit :limit

-- name: separators_due
select name from store_facts where name >= 'separators_due:' and name < 'separators_due;'

-- name: separators_due_put
insert into store_facts (name, value) values (:name, 'due') on conflict do nothing

-- name: separators_due_delete
delete from store_facts where name = :name
