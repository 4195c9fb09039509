-- name: channels
select id, workspace_id, public_id, kind, name, state, rate_per_s, price_micros, greeting, offers_text, first_message,
       polling, poll_cursor, settings, secrets, cache
from channel
where archived_at is null
order by id

-- name: fingerprint
-- A sum of row hashes: some dozens of rows, so it costs less than keeping a counter right.
select coalesce(sum(hashtextextended(
           concat_ws('|', id, public_id, kind, name, state, rate_per_s, price_micros, greeting, offers_text,
                     first_message, polling, settings, md5(secrets), md5(cache)), 0)::numeric), 0)::text
from channel
where archived_at is null

-- name: save_cache
update channel set cache = %(cache)s where id = %(channel)s

-- name: save_cursor
update channel
set poll_cursor = coalesce(nullif(%(cursor)s, ''), poll_cursor), first_call_at = coalesce(first_call_at, %(at)s), last_call_at = %(at)s
where id = %(channel)s

-- name: try_poll_lock
-- True when this session holds it already; a session's lock is counted, and goes with the session.
select exists (
    select 1 from pg_locks
    where locktype = 'advisory' and pid = pg_backend_pid() and classid = %(space)s::integer::oid and objid = %(channel)s::integer::oid
      and objsubid = 2
) or pg_try_advisory_lock(%(space)s::integer, %(channel)s::integer)

-- name: mark_fault
-- The notice is written by whoever stops the channel, so it comes once.
with stopped as (
    update channel set state = 'fault', fault = %(sentence)s
    where id = %(channel)s and state = 'live'
    returning id, workspace_id, name
)
insert into notice (workspace_id, kind, facts, link, at)
select workspace_id, 'channel_fault', jsonb_build_object('channel', id, 'name', name, 'fault', %(sentence)s::text), '',
       %(now)s
from stopped
