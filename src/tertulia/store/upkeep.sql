-- name: partitions
select c.relname
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
join pg_class p on p.oid = i.inhparent
where p.relname = any(%(parents)s)

-- name: limit_waits
select set_config('lock_timeout', %(limit)s, false)

-- name: limit_locks
select set_config('lock_timeout', %(limit)s, true)

-- name: add_partition
-- Waits a short time only: it locks the partition for the rest, which every write of an undivided day uses.
-- A receipt changes a row of its day; there is room for it on the page.
create table {name} partition of {parent} for values from ({first}) to ({next}) with (fillfactor = 85)

-- name: forget_keys
delete from entry_seen e
using (select shard, day, key from entry_seen where day < %(before)s limit %(limit)s) o
where e.shard = o.shard and e.day = o.day and e.key = o.key

-- name: forget_event_keys
-- Of the table for the rest: days that have a partition of their own are dropped with it.
delete from event_seen_rest e
using (select shard, day, id from event_seen_rest where day < %(before)s limit %(limit)s) o
where e.shard = o.shard and e.day = o.day and e.id = o.id

-- name: forget_nonces
delete from hook_nonce where at < %(before)s

-- name: idle_writers
-- Those that no session holds. A prepared transaction may hold a writer's last entries and has no session.
select w.id
from log_writer w
where not exists (
        select 1 from pg_locks l
        where l.locktype = 'advisory' and l.objid = w.id::oid and l.objsubid = 2
    )
  and not exists (select 1 from pg_prepared_xacts)
order by w.id
limit 500

-- name: try_writer
select pg_try_advisory_lock(%(space)s, %(writer)s)

-- name: release_writer
select pg_advisory_unlock(%(space)s, %(writer)s)

-- name: drop_writer
-- Only when every shard's position has reached the writer's last entry there: one probe of the log's key a shard.
delete from log_writer w
where w.id = %(writer)s
  and not exists (
      select 1
      from shard_owner s
      cross join lateral (
          select l.seq from log l where l.shard = s.shard and l.writer = w.id order by l.seq desc limit 1
      ) last
      left join log_position p on p.shard = s.shard and p.writer = w.id
      where last.seq > coalesce(p.seq, 0)
  )
  and (select count(*) from shard_owner) = 256

-- name: drop_positions
delete from log_position p
where p.writer = %(writer)s and not exists (select 1 from log_writer w where w.id = p.writer)
