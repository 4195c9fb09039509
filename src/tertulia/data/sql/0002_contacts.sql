-- Contact-scale tables. Every one names its workspace and has shard first in its primary key and in every unique
-- constraint; every hot query names the shard. No defaults: store/ writes every column. Instants are timestamptz.

create extension if not exists pg_trgm;

create sequence contact_serial increment by 1000;  -- a writer takes 1,000 serial numbers at a time

create table contact (
    shard        smallint    not null,
    id           bigint      not null,
    workspace    integer     not null,
    name         text        not null,
    surname      text        not null,
    locale       text        not null,
    zone         text        not null,
    country      text        not null,
    external_id  text        not null,
    attributes   jsonb       not null,
    changed      jsonb       not null,  -- attribute -> instant of its last write (E2)
    search       text        not null,  -- folded names, addresses, usernames: what the console searches
    source       text        not null,  -- import:7, inbound:whatsapp, api
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    active_at    timestamptz,           -- last message or click of the customer
    merged_into  bigint,                -- M8: a redirect, never a deletion
    erased_at    timestamptz,
    primary key (shard, id)
);
create index contact_by_age on contact (workspace, created_at desc, id desc);
create index contact_search on contact using gin (search gin_trgm_ops) with (fastupdate = on, gin_pending_list_limit = 262144);
create index contact_external on contact (shard, workspace, external_id) where external_id <> '';

-- Where we may write. Households may share one (M1), so it is not unique.
create table address (
    shard       smallint    not null,
    contact_id  bigint      not null,
    kind        text        not null,  -- phone | email
    value       text        not null,  -- E.164 or the e-mail as given
    canonical   text        not null,  -- one key for the national variants of a number; folded e-mail
    workspace   integer     not null,
    line_type   text        not null,  -- mobile, landline, ...; empty for e-mail
    country     text        not null,
    sms         boolean     not null,  -- may receive an SMS
    dead_code   text        not null,  -- the provider's code when the address is known dead
    dead_at     timestamptz,
    source      text        not null,
    added_at    timestamptz not null,
    primary key (shard, contact_id, kind, value)
);

-- The directory of addresses, in the shard of the hash of (workspace, kind, canonical).
create table address_key (
    shard       smallint not null,
    workspace   integer  not null,
    kind        text     not null,  -- phone | email | external_id
    canonical   text     not null,
    contact_id  bigint   not null,
    primary key (shard, workspace, kind, canonical, contact_id)
);

-- Who writes to us (M1), in the shard of the hash of (workspace, scope, kind, value). contact_id is null while its
-- first message travels to the shard `route`, where it is decided whose it is.
create table identity (
    shard       smallint    not null,
    workspace   integer     not null,
    kind        text        not null,
    scope       text        not null,
    value       text        not null,
    contact_id  bigint,
    route       smallint    not null,
    trust       smallint    not null,
    seen_at     timestamptz not null,
    primary key (shard, workspace, kind, scope, value)
);

-- The contact's side of an identity, and its history.
create table contact_identity (
    shard       smallint    not null,
    contact_id  bigint      not null,
    kind        text        not null,
    scope       text        not null,
    value       text        not null,
    linked_at   timestamptz not null,
    workspace   integer     not null,
    channel_id  integer,
    name        text        not null,  -- display name at the platform
    username    text        not null,
    trust       smallint    not null,
    evidence    jsonb       not null,  -- rule, link, message
    unlinked_at timestamptz,
    window_until timestamptz,          -- the platform's free-form window
    signal      text        not null,  -- '', blocked, unfollowed
    reply_token text        not null,
    primary key (shard, contact_id, kind, scope, value, linked_at)
);

-- C1: append-only. The current state is derived.
create table consent (
    shard        smallint    not null,
    contact_id   bigint      not null,
    id           uuid        not null,
    workspace    integer     not null,
    address      text        not null,  -- phone:+55..., email:..., whatsapp:scope:value; '*' for everywhere
    channel      text        not null,  -- channel kind: sms, whatsapp, ...; '*' for all
    topic        text        not null,  -- service | marketing | '*'
    state        text        not null,  -- granted | withdrawn
    source       text        not null,  -- import, message, opt_word, platform, person, form
    evidence     jsonb       not null,
    text_version text        not null,
    actor        text        not null,
    at           timestamptz not null,
    primary key (shard, contact_id, id)
);

-- C4: causes stay apart. By address, in the shard of the hash of (workspace, kind, canonical), so that a number that
-- nobody has yet is suppressed for whoever brings it later.
create table suppression (
    shard      smallint    not null,
    workspace  integer     not null,
    kind       text        not null,
    canonical  text        not null,
    cause      text        not null,  -- withdrawn, bounced, complained, dead, legal, manual
    channel    text        not null,  -- channel kind, '*' for all
    source     text        not null,
    evidence   jsonb       not null,
    at         timestamptz not null,
    lifted_at  timestamptz,
    primary key (shard, workspace, kind, canonical, cause, channel)
);

-- The log: one entry for everything that happens to a contact, numbered densely per (shard, writer).
create table log_writer (
    id         integer     not null primary key,
    name       text        not null,
    leased_at  timestamptz not null,
    seen_at    timestamptz not null
);
create sequence log_writer_serial;
create table log (
    shard        smallint    not null,
    writer       integer     not null,
    seq          bigint      not null,
    workspace    integer     not null,
    kind         text        not null,
    key          text        not null,  -- what makes the entry the same entry (E1)
    contact_id   bigint,
    occurred_at  timestamptz not null,
    received_at  timestamptz not null,
    payload      jsonb       not null,
    primary key (shard, writer, seq)
);
create table log_position (
    shard   smallint not null,
    writer  integer  not null,
    seq     bigint   not null,
    primary key (shard, writer)
);
create table shard_owner (
    shard       smallint    not null primary key,
    owner       text        not null,
    epoch       bigint      not null,
    lease_until timestamptz not null
);
-- E1: the same entry again within its time has no effect.
create table entry_seen (
    shard      smallint not null,
    day        date     not null,
    key        text     not null,
    workspace  integer  not null,
    primary key (shard, day, key)
);
-- An entry whose decision failed alone; kept whole, shown, and tried again by hand (I3).
create table parked (
    shard        smallint    not null,
    id           uuid        not null,
    workspace    integer     not null,
    channel_id   integer,
    kind         text        not null,
    reason       text        not null,
    payload      jsonb       not null,
    at           timestamptz not null,
    settled_at   timestamptz,
    primary key (shard, id)
);

-- Raw webhooks, stored before they are acknowledged (I3). The shard is the hash of the id.
create table webhook (
    shard        smallint    not null,
    id           uuid        not null,
    workspace    integer     not null,
    channel_id   integer     not null,
    received_at  timestamptz not null,
    method       text        not null,
    url          text        not null,
    headers      jsonb       not null,
    body         bytea       not null,
    events       integer     not null,  -- how many log entries it became
    unknown      integer     not null,  -- parts that were acknowledged and kept, but mean nothing to us
    parked       text        not null,  -- why it could not be read; empty when it could
    primary key (shard, id)
);
create index webhook_by_channel on webhook (workspace, channel_id, received_at desc);
create table channel_tally (
    shard      smallint not null,
    channel_id integer  not null,
    workspace  integer  not null,
    received   bigint   not null,  -- log entries appended for this channel's webhooks
    processed  bigint   not null,
    duplicates bigint   not null,
    parked     bigint   not null,
    primary key (shard, channel_id)
);

-- M4: one row per (contact, send), found by the hash of its code. In the contact's shard, which the code names.
create table link (
    shard       smallint    not null,
    code_hash   bytea       not null,
    workspace   integer     not null,
    contact_id  bigint      not null,
    match_id    integer     not null,
    attempt     smallint    not null,
    made_at     timestamptz not null,
    expires_at  timestamptz not null,
    sent_at     timestamptz,
    bound_kind  text        not null,
    bound_scope text        not null,
    bound_value text        not null,
    bound_at    timestamptz,
    primary key (shard, code_hash)
);
create unique index link_by_send on link (shard, contact_id, match_id);
create table click (
    shard       smallint    not null,
    id          uuid        not null,
    workspace   integer     not null,
    contact_id  bigint      not null,
    match_id    integer     not null,
    app         text        not null,
    class       text        not null,  -- human | preview | scanner (M9)
    at          timestamptz not null,
    primary key (shard, id)
);
create index click_by_contact on click (shard, contact_id);

-- The audience of a match, frozen at launch, and how far each one has come.
create table match_contact (
    shard        smallint    not null,
    match_id     integer     not null,
    contact_id   bigint      not null,
    workspace    integer     not null,
    stage        smallint    not null,  -- which way of reaching is being tried: 0, 1, ... ; -1 none left
    state        text        not null,  -- waiting, sent, delivered, clicked, wrote, matched, unreached
    reason       text        not null,  -- why not further: a reason code of core/reasons
    valid_mobile boolean     not null,
    direct       text        not null,  -- channel kind that reached directly; empty for the link
    cost_micros  bigint      not null,
    currency     text        not null,
    sent_at      timestamptz,
    delivered_at timestamptz,
    clicked_at   timestamptz,
    wrote_at     timestamptz,
    matched_at   timestamptz,
    matched_app  text        not null,
    forwarded    boolean     not null,  -- a possible forward was seen (M5)
    primary key (shard, contact_id, match_id)
);
create index match_contact_by_state on match_contact (match_id, state);
create table match_app (
    shard      smallint    not null,
    match_id   integer     not null,
    contact_id bigint      not null,
    app        text        not null,
    workspace  integer     not null,
    clicked_at timestamptz,
    wrote_at   timestamptz,
    matched_at timestamptz,
    primary key (shard, contact_id, match_id, app)
);

-- Undecided deliveries (held, queued, sending, unknown) live here, small and unpartitioned ...
create table delivery_open (
    shard        smallint    not null,
    id           uuid        not null,
    workspace    integer     not null,
    contact_id   bigint      not null,
    channel_id   integer     not null,
    match_id     integer,
    stage        smallint    not null,
    class        text        not null,
    lane         smallint    not null,  -- 0 before 1 before 2
    state        text        not null,
    attempt      smallint    not null,
    to_kind      text        not null,
    to_value     text        not null,
    identity_scope text      not null,
    content      jsonb       not null,  -- rendered at the claim; empty object before it
    cause        text        not null,  -- what it answers or who asked for it
    not_before   timestamptz not null,
    deadline     timestamptz,
    made_at      timestamptz not null,
    lease_until  timestamptz,           -- real time: a sender holds it
    primary key (shard, id)
) with (fillfactor = 70);
create index delivery_open_by_contact on delivery_open (shard, contact_id);
create index delivery_open_claim on delivery_open (channel_id, match_id, lane, not_before, id) where state = 'queued';
create index delivery_open_match on delivery_open (match_id) where match_id is not null;
create index delivery_open_unknown on delivery_open (not_before) where state = 'unknown';
create index delivery_open_send on delivery_open (channel_id, lane, made_at) where state = 'sending';
-- ... and move here with their verdict.
create table delivery (
    shard        smallint    not null,
    day          date        not null,
    id           uuid        not null,
    workspace    integer     not null,
    contact_id   bigint      not null,
    channel_id   integer     not null,
    match_id     integer,
    stage        smallint    not null,
    class        text        not null,
    state        text        not null,
    attempt      smallint    not null,
    to_kind      text        not null,
    to_value     text        not null,
    content      jsonb       not null,  -- with the secret part of personal links left out
    cause        text        not null,
    reason       text        not null,
    provider_ids text[]      not null,
    parts        smallint    not null,
    cost_micros  bigint      not null,
    currency     text        not null,
    flags        text[]      not null,
    made_at      timestamptz not null,
    sent_at      timestamptz,
    delivered_at timestamptz,
    read_at      timestamptz,
    failed_at    timestamptz,
    primary key (shard, day, id)
) partition by range (day);
create index delivery_by_contact on delivery (shard, contact_id);
-- Where a provider's own message id leads, in the shard of the hash of (channel, id); early receipts wait here (I4).
create table provider_ref (
    shard        smallint    not null,
    channel_id   integer     not null,
    provider_id  text        not null,
    workspace    integer     not null,
    delivery_id  uuid,
    waiting      jsonb       not null,  -- receipts that came before we knew the id
    at           timestamptz not null,
    primary key (shard, channel_id, provider_id)
);

-- S1: every decision about a message, sent or not.
create table ledger (
    shard        smallint    not null,
    day          date        not null,
    id           uuid        not null,
    workspace    integer     not null,
    contact_id   bigint      not null,
    match_id     integer,
    delivery_id  uuid,
    at           timestamptz not null,
    outcome      text        not null,  -- sent | held | not_sent | failed | revoked
    gate         text        not null,
    reason       text        not null,
    facts        jsonb       not null,
    epoch        bigint      not null,
    primary key (shard, day, id)
) partition by range (day);
create index ledger_by_contact on ledger (shard, contact_id, at desc);

create table conversation (
    shard       smallint    not null,
    id          uuid        not null,
    workspace   integer     not null,
    contact_id  bigint      not null,
    channel_id  integer     not null,
    state       text        not null,  -- open | resolved
    opened_at   timestamptz not null,
    last_at     timestamptz not null,
    question    jsonb       not null,  -- a question that waits for an answer (M5), else an empty object
    primary key (shard, id)
);
create unique index conversation_open on conversation (shard, contact_id, channel_id) where state <> 'resolved';
create table message (
    shard        smallint    not null,
    channel_id   integer     not null,
    direction    text        not null,  -- in | out
    provider_id  text        not null,  -- the provider's id, or a hash of identity and content within 4 s (I3)
    workspace    integer     not null,
    contact_id   bigint      not null,
    conversation_id uuid     not null,
    identity_kind  text      not null,
    identity_scope text      not null,
    identity_value text      not null,
    form         text        not null,
    text         text        not null,
    facts        jsonb       not null,
    provider_at  timestamptz not null,
    provider_seq bigint      not null,
    arrived_at   timestamptz not null,
    primary key (shard, channel_id, direction, provider_id)
);
create index message_by_contact on message (shard, contact_id, provider_at);

-- Suggestions to merge, with their evidence; merges and their undoing (M8).
create table merge_suggestion (
    shard      smallint    not null,
    contact_id bigint      not null,
    other_id   bigint      not null,
    rule       text        not null,
    workspace  integer     not null,
    evidence   jsonb       not null,
    at         timestamptz not null,
    state      text        not null,  -- open | merged | dismissed
    actor      text        not null,
    primary key (shard, contact_id, other_id, rule)
);
create table merge (
    shard       smallint    not null,
    id          uuid        not null,
    workspace   integer     not null,
    contact_id  bigint      not null,  -- the absorbed one
    into_id     bigint      not null,
    evidence    jsonb       not null,
    actor       text        not null,
    at          timestamptz not null,
    undone_at   timestamptz,
    undone_by   text        not null,
    primary key (shard, id)
);

create index merge_into on merge (shard, into_id);

-- C5: proof of an erasure: a keyed hash that matches no one unless the same address comes back.
create table erasure (
    shard      smallint    not null,
    workspace  integer     not null,
    proof      bytea       not null,
    contact_id bigint      not null,
    actor      text        not null,
    at         timestamptz not null,
    primary key (shard, workspace, proof)
);

-- What each row of an imported file became, and what undoes it. In the contact's shard, or for a row without a
-- contact in the shard of the hash of (import, row).
create table import_row (
    shard      smallint not null,
    import_id  integer  not null,
    row        integer  not null,
    workspace  integer  not null,
    outcome    text     not null,  -- new, updated, unchanged, duplicate, rejected, suppressed
    field      text     not null,
    value      text     not null,  -- as it stands in the file, cut at 200 characters
    reason     text     not null,
    suggestion text     not null,
    contact_id bigint,
    sms        boolean  not null,
    undo       jsonb,              -- what the row changed: the values before
    primary key (shard, import_id, row)
);
create index import_row_by_outcome on import_row (import_id, outcome, row);

-- Days without a partition of their own; the sweeper makes the coming days' in time.
create table delivery_rest partition of delivery default;
create table ledger_rest partition of ledger default;

-- E8: the decision clock. Empty: real time. One row: a virtual instant, shared by all processes.
create table test_clock (
    one  boolean     not null primary key check (one),
    now  timestamptz not null
);
