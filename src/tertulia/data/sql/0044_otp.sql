-- One-time codes.

-- One row a code that was asked for. The code itself stands nowhere: `code_hash` is keyed, and `sealed` is the code under
-- SECRET_KEY for as long as it may still have to be sent. An id carries its shard as a delivery's does.
create table otp (
    shard        smallint    not null,
    id           uuid        not null,
    workspace    integer     not null,
    contact_id   bigint      not null,
    purpose      text        not null,
    key_id       integer     not null,  -- of the API key that asked
    code_hash    bytea       not null,
    sealed       text        not null,  -- empty once nothing is to be sent any more
    ways         jsonb       not null,  -- where it may be sent, in order: channel, address, text without the code
    newcomer     jsonb       not null,  -- the addresses of who was not known; empty object: the contact was there
    state        text        not null,  -- pending | verified | replaced | too_many
    open         boolean     not null,  -- it may still go out on another way
    place        smallint    not null,  -- of the last way that was tried; -1: none yet
    delivery_id  uuid,                  -- the last attempt
    due_at       timestamptz,           -- when the next way is tried without a receipt
    patience_s   real        not null,
    attempts     smallint    not null,
    attempts_max smallint    not null,
    made_at      timestamptz not null,
    expires_at   timestamptz not null,
    settled_at   timestamptz,
    primary key (shard, id)
) with (fillfactor = 70);
create index otp_by_delivery on otp (shard, delivery_id) where open;
create index otp_by_contact on otp (shard, contact_id);
create index otp_due on otp (due_at) where due_at is not null;
create index otp_by_time on otp (workspace, made_at);

-- How many codes were asked for in a stretch of real time: of an address (by a keyed hash of it), of an API key.
create table otp_rate (
    shard     smallint    not null,
    workspace integer     not null,
    subject   bytea       not null,
    begins    timestamptz not null,
    count     integer     not null,
    primary key (shard, workspace, subject, begins)
);
create index otp_rate_by_age on otp_rate (begins);
