-- name: server
-- Where the character type knows no letters beyond ASCII, trigrams of Arabic and Chinese words are empty.
select current_setting('server_version_num')::integer,
       current_setting('fsync')::boolean and current_setting('synchronous_commit') <> 'off',
       lower('É') = 'é'

-- name: work
-- A delivery that nobody takes: of a live channel, handed over before `since`, without a lease.
select (select count(*) from shard_owner where lease_until > %(now)s)::integer,
       %(all)s::integer,
       (select count(*) from log_writer where name = 'sender' and seen_at > %(since)s)::integer,
       (select count(*) from parked where settled_at is null)::integer,
       (select count(*)
        from delivery_open d
        join channel c on c.id = d.channel_id
        where d.state = 'sending' and d.lease_until is null and d.not_before < %(since)s and c.state = 'live')::integer

-- name: applied
select name from django_migrations where app = 'data'

-- name: sealed
-- Something that SECRET_KEY must open: every workspace has it.
select link_key from workspace order by id limit 1

-- name: hold_schema
select pg_advisory_lock(%(lock)s)
