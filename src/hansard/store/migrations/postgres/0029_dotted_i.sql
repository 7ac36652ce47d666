-- İ is folded to i, as search folds it, and no longer to i with a dot of its own.

update sessions set title_folded = replace(title_folded, 'i̇', 'i') where title_folded like '%i̇%';
