-- M4: the links of journeys' messages to web addresses, each found by the hash of its code. In the contact's shard, which
-- the code names. `name` is what the link is called in texts and counts; `target` may be the customer's own (a cart).
create table message_link (
    shard       smallint    not null,
    code_hash   bytea       not null,
    workspace   integer     not null,
    contact_id  bigint      not null,
    delivery_id uuid        not null,
    channel_id  integer     not null,
    journey_id  integer     not null,
    run_id      uuid        not null,
    step        text        not null,
    name        text        not null,
    target      text        not null,
    made_at     timestamptz not null,  -- the hand-over
    expires_at  timestamptz not null,
    primary key (shard, code_hash)
);
create index message_link_by_contact on message_link (shard, contact_id);
create index message_link_by_age on message_link using brin (expires_at) with (pages_per_range = 32, autosummarize = on);

-- A click is of a match's link or of one in a message of a journey.
alter table click alter match_id drop not null,
    add delivery_id uuid,
    add channel_id  integer,
    add journey_id  integer,
    add step        text,
    add link        text;
create index click_of_journey on click (journey_id, step, delivery_id) where journey_id is not null and class = 'human';
