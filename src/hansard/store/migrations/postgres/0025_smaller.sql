-- Titles in falling order are read from the index of rising ones, in two pieces.

drop index sessions_by_title;
