-- Whether an event came from a file of past events (E4). An event that was there before, or that a process of an earlier
-- release writes, came as it happened.
alter table event add column imported boolean not null default false;
