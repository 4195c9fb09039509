-- What customers do in a business's own apps and sites. Days without a partition of their own go to the rest.
create table event (
    shard        smallint    not null,
    day          date        not null,  -- UTC, of the client's own timestamp
    id           uuid        not null,  -- derived from workspace and message id (E1)
    workspace    integer     not null,
    contact_id   bigint      not null,
    source_id    integer     not null,
    type         text        not null,  -- identify, track, page, screen, group, alias
    name         text        not null,  -- of a track call; of a page or screen its name; else empty
    message_id   text        not null,
    user_id      text        not null,
    anonymous_id text        not null,
    properties   jsonb       not null,  -- of identify and group: the traits
    context      jsonb       not null,
    occurred_at  timestamptz not null,  -- corrected (E2)
    received_at  timestamptz not null,
    primary key (shard, day, id)
) partition by range (day);
create index event_by_contact on event (shard, contact_id, occurred_at desc);
create index event_by_arrival on event using brin (received_at) with (pages_per_range = 32, autosummarize = on);
create table event_rest partition of event default;

-- How many events of a name came on a day, and when the last one did; in a shard of the owner that counted them.
create table event_tally (
    shard     smallint    not null,
    workspace integer     not null,
    source_id integer     not null,
    type      text        not null,
    name      text        not null,
    day       date        not null,  -- UTC, of the arrival
    count     bigint      not null,
    first_at  timestamptz not null,
    last_at   timestamptz not null,
    primary key (shard, workspace, source_id, type, name, day)
);
create index event_tally_by_day on event_tally (workspace, day);

-- What properties the events of a name have and of which JSON types; in the shard of the hash of (workspace, type, name).
create table event_property (
    shard     smallint    not null,
    workspace integer     not null,
    source_id integer     not null,
    type      text        not null,
    name      text        not null,
    property  text        not null,
    json_type text        not null,  -- text, number, boolean, object, list, null
    first_at  timestamptz not null,
    last_at   timestamptz not null,
    primary key (shard, workspace, source_id, type, name, property, json_type)
);

-- Messages that were not taken, with why, for the debugger: part of a call that was answered with success, or a call
-- that was refused. The shard is the hash of the id.
create table event_discard (
    shard       smallint    not null,
    id          uuid        not null,
    workspace   integer     not null,
    source_id   integer     not null,
    at          timestamptz not null,
    code        text        not null,
    place       integer     not null,  -- in the batch, from 0
    message_id  text        not null,
    type        text        not null,
    name        text        not null,
    sample      text        not null,  -- the beginning of what came
    primary key (shard, id)
);
create index event_discard_by_workspace on event_discard (workspace, at desc);
create index event_discard_by_age on event_discard using brin (at) with (pages_per_range = 32, autosummarize = on);

-- Companies, teams and other groups of contacts, in the shard of the hash of (workspace, id), and who belongs to them.
create table contact_group (
    shard      smallint    not null,
    workspace  integer     not null,
    id         text        not null,
    traits     jsonb       not null,
    changed    jsonb       not null,  -- trait -> instant of its last write (E2)
    updated_at timestamptz not null,
    primary key (shard, workspace, id)
);
create table group_member (
    shard      smallint    not null,
    contact_id bigint      not null,
    group_id   text        not null,
    workspace  integer     not null,
    joined_at  timestamptz not null,
    primary key (shard, contact_id, group_id)
);

-- Events merge contacts by themselves, so merges are many: found by either contact, and the few that were undone.
create index merge_by_absorbed on merge (contact_id);
create index merge_by_root on merge (into_id);
create index merge_undone on merge (shard, workspace) where undone_at is not null;
