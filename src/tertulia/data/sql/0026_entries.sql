-- More ways into a journey.

-- R6: delivered messages that a journey begins by if they are ignored until an instant.
create table message_watch (
    shard        smallint    not null,
    delivery_id  uuid        not null,
    journey_id   integer     not null,  -- the one that would begin
    workspace    integer     not null,
    contact_id   bigint      not null,
    delivered_at timestamptz not null,
    due_at       timestamptz not null,
    properties   jsonb       not null,  -- of what begins the run
    depth        smallint    not null,
    primary key (shard, delivery_id, journey_id)
);
create index message_watch_due on message_watch (due_at);
create index message_watch_by_contact on message_watch (shard, contact_id);

-- R5: how many runs of a journey began, where that is limited. Small, and not distributed: whoever counts locks its rows.
create table entry_count (
    journey_id integer not null,
    day        date    not null,  -- of the journey's zone; 1970-01-01 stands for all days
    workspace  integer not null,
    count      bigint  not null,
    primary key (journey_id, day)
) with (fillfactor = 50);

-- G3: runs, live or over, whose goal may still be reached.
create table goal_open (
    shard      smallint    not null,
    run_id     uuid        not null,
    workspace  integer     not null,
    contact_id bigint      not null,
    journey_id integer     not null,
    revision   integer     not null,
    began_by   text        not null,  -- the event that began the run
    since      timestamptz not null,
    until      timestamptz not null,
    step       text        not null,  -- of the last message; empty before the first
    sent_at    timestamptz,
    primary key (shard, run_id)
) with (fillfactor = 70);
create index goal_open_by_contact on goal_open (shard, contact_id);
create index goal_open_by_revision on goal_open (journey_id, revision);
create index goal_open_until on goal_open (until);

-- G1: goals that were reached, once in a run.
create table goal (
    shard      smallint    not null,
    run_id     uuid        not null,
    workspace  integer     not null,
    contact_id bigint      not null,
    journey_id integer     not null,
    step       text        not null,  -- whose message it is owed to; empty for none
    event_id   uuid        not null,
    at         timestamptz not null,  -- when the event occurred
    primary key (shard, run_id)
);

-- A1: which way a customer goes at a split, from the first time on.
create table assignment (
    shard      smallint    not null,
    contact_id bigint      not null,
    experiment text        not null,  -- journey and step
    workspace  integer     not null,
    way        text        not null,
    bucket     smallint    not null,  -- 0 to 9999
    weight     smallint    not null,  -- the way's share of 10000 then
    at         timestamptz not null,
    primary key (shard, contact_id, experiment)
);
