-- name: lease_writer
-- A fresh id for every process that appends, so that numbers are dense per (shard, writer) without a lock.
insert into log_writer (id, name, leased_at, seen_at)
values (nextval('log_writer_serial'), %(name)s, %(now)s, %(now)s)
returning id

-- name: hold_writer
-- Held by the writer's own session for as long as it lives, so that nobody takes a living writer for an unused one.
select pg_advisory_lock(%(space)s, %(writer)s)

-- name: append
insert into log (shard, writer, seq, workspace, kind, key, contact_id, occurred_at, received_at, payload)
select shard, %(writer)s, seq, workspace, kind, key, contact_id, occurred_at, %(received)s, payload
from unnest(%(shards)s::smallint[], %(seqs)s::bigint[], %(workspaces)s::integer[], %(kinds)s::text[],
            %(keys)s::text[], %(contacts)s::bigint[], %(occurred)s::timestamptz[], %(payloads)s::text[])
     as t (shard, seq, workspace, kind, key, contact_id, occurred_at, payload)

-- name: notify
select pg_notify('tertulia_log', '')

-- name: position
select seq from log_position where shard = %(shard)s and writer = %(writer)s

-- name: undecided
select coalesce(sum(t.seq - coalesce(p.seq, 0)), 0)::bigint
from unnest(%(shards)s::smallint[], %(seqs)s::bigint[]) as t (shard, seq)
left join log_position p on p.shard = t.shard and p.writer = %(writer)s
