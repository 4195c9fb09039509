-- What was said to providers and what they answered, secrets masked: the last exchanges of each channel, shown on its
-- page. Personal content stands here as it went out, so a row lies in its contact's shard and an erasure removes it; a
-- row without a contact lies in the shard of the hash of its channel.
create sequence channel_log_serial;
create table channel_log (
    shard       smallint    not null,
    id          bigint      not null,
    workspace   integer     not null,
    channel_id  integer     not null,
    contact_id  bigint,
    delivery_id uuid,
    purpose     text        not null,  -- send, poll, test
    at          timestamptz not null,  -- real time
    took_ms     integer     not null,
    method      text        not null,
    url         text        not null,
    headers     text        not null,
    body        text        not null,
    status      smallint    not null,  -- 0: no answer
    answer      text        not null,
    error       text        not null,  -- timeout, connect, tls, reset; empty with an answer
    primary key (shard, id)
);
create index channel_log_by_channel on channel_log (channel_id, id desc);
