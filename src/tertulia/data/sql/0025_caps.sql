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

-- The gate that holds it back until a time (send_window, cap), empty for none: it is looked at again when what that gate
-- hangs on has changed.
alter table delivery_open add column held_by text not null default '';
create index delivery_open_held on delivery_open (workspace) where held_by <> '';

-- R3: whether a message of the run was dropped outside its window.
alter table run_open add column withheld boolean not null default false;
