-- E1 of events: which messages came within the last days. Apart from other entries' keys, for a day may have a billion of
-- them: 16 bytes each, and a day's partition is dropped whole. In the shard of the id's first byte, not the contact's: a
-- second copy may come after the contact was merged or the device changed hands.
create table event_seen (
    shard     smallint not null,
    day       date     not null,  -- UTC, of the client's own timestamp
    id        uuid     not null,  -- the event's
    workspace integer  not null,
    primary key (shard, day, id)
) partition by range (day);
create table event_seen_rest partition of event_seen default;
