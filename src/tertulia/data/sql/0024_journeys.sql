-- Journeys: live runs, those that are over, what re-entry asks for, and each step's counts.
create table run_open (
    shard       smallint    not null,
    id          uuid        not null,  -- derived from journey, contact and the event that began it
    workspace   integer     not null,
    contact_id  bigint      not null,
    journey_id  integer     not null,
    revision    integer     not null,
    key         text        not null,  -- R1; empty without one
    step        text        not null,  -- where it is
    visit       integer     not null,  -- how often it has begun again
    entered_at  timestamptz not null,  -- when the event occurred that began it
    started_at  timestamptz not null,
    since       timestamptz not null,  -- when it came to the step
    due_at      timestamptz,           -- when it is woken there
    delivery_id uuid,                  -- or by whose verdict
    event       jsonb       not null,
    primary key (shard, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
create index run_open_by_contact on run_open (shard, contact_id);
create index run_open_by_step on run_open (journey_id, revision, step);
create index run_open_due on run_open (due_at) where due_at is not null;

-- Runs that are over. Days without a partition of their own go to the rest.
create table run (
    shard      smallint    not null,
    day        date        not null,  -- UTC, of the end
    id         uuid        not null,
    workspace  integer     not null,
    contact_id bigint      not null,
    journey_id integer     not null,
    revision   integer     not null,
    key        text        not null,
    step       text        not null,  -- where it was
    entered_at timestamptz not null,
    started_at timestamptz not null,
    event      jsonb       not null,
    outcome    text        not null,  -- completed | left | exited
    reason     text        not null,
    event_id   uuid,                  -- the exception's
    ended_at   timestamptz not null,
    primary key (shard, day, id)
) partition by range (day);
create index run_by_contact on run (shard, contact_id, ended_at desc);
create table run_rest partition of run default;

-- R2: of whom a journey asks when they were in it before.
create table passage (
    shard      smallint    not null,
    contact_id bigint      not null,
    journey_id integer     not null,
    key        text        not null,
    workspace  integer     not null,
    entry_at   timestamptz not null,
    message_at timestamptz,
    primary key (shard, contact_id, journey_id, key)
);

-- How many came to a step, and how and where runs ended; in the shards of the contacts.
create table step_tally (
    shard      smallint not null,
    journey_id integer  not null,
    step       text     not null,  -- empty: the journey itself
    what       text     not null,  -- entered, reached, completed, left, exited
    workspace  integer  not null,
    count      bigint   not null,
    primary key (shard, journey_id, step, what)
) with (fillfactor = 70);
create index step_tally_by_journey on step_tally (journey_id);

alter table delivery_open add column journey_id integer, add column run_id uuid, add column step text;
create index delivery_open_journey on delivery_open (shard, run_id) where run_id is not null;
alter table delivery add column journey_id integer, add column run_id uuid, add column step text;
create index delivery_by_step on delivery (journey_id, step) where journey_id is not null;
alter table ledger add column journey_id integer, add column run_id uuid, add column step text;
create index ledger_by_journey on ledger (journey_id, at desc) where journey_id is not null;
