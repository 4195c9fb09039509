-- G2: every message that a run has sent before its last one, for an event that occurred between two of them and comes
-- when the later one has gone out.
alter table goal_open
    add column earlier_steps text[]        not null default '{}',
    add column earlier_at    timestamptz[] not null default '{}';
