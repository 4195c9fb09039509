-- G2: the messages before the one that a goal is owed to, for that one may fail later.
alter table goal add column earlier_steps text[] not null default '{}';
