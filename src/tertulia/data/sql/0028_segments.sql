-- Segments and lists: who is in them, and the counts by which that is decided.

-- How many events of a key (segment_key) a contact has in each hour or day of UTC, with the sum of a property. Kept by
-- the cycle that stores the event, for the keys that published segments have. An absorbed contact's stay its own (M8).
create table activity (
    shard      smallint    not null,
    key_id     integer     not null,
    contact_id bigint      not null,
    bucket     timestamptz not null,  -- the first instant of the hour or day
    workspace  integer     not null,
    count      integer     not null,
    total      numeric     not null,
    primary key (shard, key_id, contact_id, bucket)
) with (fillfactor = 80);
create index activity_by_bucket on activity (key_id, bucket);

create table segment_member (
    shard      smallint    not null,
    segment_id integer     not null,
    contact_id bigint      not null,
    workspace  integer     not null,
    since      timestamptz not null,
    primary key (shard, segment_id, contact_id)
);
create index segment_member_by_contact on segment_member (shard, contact_id);
create index segment_member_by_segment on segment_member (segment_id, contact_id);

-- When and why somebody came or left.
create table segment_change (
    shard      smallint    not null,
    contact_id bigint      not null,
    segment_id integer     not null,
    at         timestamptz not null,
    entered    boolean     not null,
    workspace  integer     not null,
    cause      text        not null,  -- event, contact, consent, message, time, definition, import, merge, list, person
    name       text        not null,  -- of the event; else empty
    primary key (shard, contact_id, segment_id, at, entered)
);
create index segment_change_by_segment on segment_change (segment_id, at desc);
create index segment_change_by_age on segment_change using brin (at) with (pages_per_range = 32, autosummarize = on);

-- Of which turn of a segment the members are in a shard, and up to which hour those who leave with time were looked for.
create table segment_shard (
    shard      smallint    not null,
    segment_id integer     not null,
    workspace  integer     not null,
    turn       integer     not null,
    swept_to   timestamptz not null,
    primary key (shard, segment_id)
);

-- The events of a name, in a window, of all contacts: for counting a segment, read from the index alone.
create index event_by_name on event (workspace, name, occurred_at) include (contact_id, shard, type);
create index contact_merged on contact (workspace) where merged_into is not null;
