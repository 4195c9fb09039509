-- Places under the frequency caps: one for each logical message, also of one that went on to another channel (F2, F3).
create table slot (
    shard       smallint    not null,
    contact_id  bigint      not null,
    message_id  uuid        not null,  -- derived from run, step and visit, from match and contact, or the delivery itself
    workspace   integer     not null,
    delivery_id uuid        not null,  -- the attempt that has it now
    channel     text        not null,
    topic       text        not null,
    class       text        not null,
    important   boolean     not null,
    state       text        not null,  -- reserved | used
    at          timestamptz not null,  -- of the hand-over
    primary key (shard, contact_id, message_id)
) with (fillfactor = 80);
create index slot_by_age on slot (at);

-- Whether it waits for a slot, and is woken when one is released (F6).
alter table delivery_open add column capped boolean not null default false;
