-- X5: when a run's exit condition is looked at next, for time alone may make it hold then.
alter table run_open add column exit_at timestamptz;

create index run_open_exit on run_open (exit_at) where exit_at is not null;
