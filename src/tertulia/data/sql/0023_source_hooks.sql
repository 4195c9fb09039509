-- Webhooks of a business's own systems as they came, the newest few of each source and topic, to try a mapping on. The
-- shard is the hash of (workspace, source): a source's samples lie together.
create table hook_sample (
    shard      smallint    not null,
    id         uuid        not null,
    workspace  integer     not null,
    source_id  integer     not null,
    at         timestamptz not null,
    topic      text        not null,
    headers    text        not null,  -- JSON, without what proves who calls
    body       text        not null,  -- empty where it was too large to keep
    size_bytes integer     not null,
    events     integer     not null,  -- that it came to
    code       text        not null,  -- why nothing, or not all, was taken; empty where all was
    people     text[]      not null,  -- ids of customers that its events named
    primary key (shard, id)
);
create index hook_sample_by_topic on hook_sample (shard, source_id, topic, at desc);
create index hook_sample_by_age on hook_sample using brin (at) with (pages_per_range = 32, autosummarize = on);
