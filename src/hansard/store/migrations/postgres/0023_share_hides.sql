-- What a share link leaves out: a JSON list.

alter table shares add column hides text not null default '[]';
