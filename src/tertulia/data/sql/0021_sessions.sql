-- What runs of customers' visits (R6): a row while somebody is busy in the business's apps and sites. A session that is
-- over is an event.
create table session (
    shard      smallint    not null,
    contact_id bigint      not null,
    id         uuid        not null,
    workspace  integer     not null,
    started_at timestamptz not null,
    ends_at    timestamptz not null,  -- unless something was done since this was set
    primary key (shard, contact_id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
create index session_by_end on session (ends_at);
