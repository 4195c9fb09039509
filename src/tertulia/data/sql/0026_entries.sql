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
