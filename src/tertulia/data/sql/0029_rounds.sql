-- Which shards have been looked through for a round of a journey.
create table round_shard (
    shard     smallint not null,
    round_id  integer  not null,
    workspace integer  not null,
    entered   integer  not null,
    primary key (shard, round_id)
);
