-- Signatures that do not cover their call's body (WeChat's plain mode) serve one body only. Kept for as long as such a
-- signature is taken, by the sweeper.
create table hook_nonce (
    shard       smallint    not null,
    channel_id  integer     not null,
    nonce       text        not null,
    workspace   integer     not null,
    body_hash   bytea       not null,
    at          timestamptz not null,
    primary key (shard, channel_id, nonce)
);
