-- Running sessions (R6).

-- name: sessions
select s.contact_id, s.workspace, s.id, s.started_at, s.ends_at
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, contact_id)
cross join lateral (
    select r.contact_id, r.workspace, r.id, r.started_at, r.ends_at
    from session r
    where r.shard = k.shard and r.contact_id = k.contact_id
    offset 0
) s

-- name: due
select contact_id, workspace, id, started_at, ends_at
from session
where ends_at <= %(now)s and shard = any(%(shards)s::smallint[])
order by ends_at
limit %(limit)s

-- name: doings
-- What was done in a session, the newest of each contact: more than that many, and the oldest are left out. What was
-- imported belongs to none (E4).
select e.contact_id, e.occurred_at, e.source_id, e.type, e.name, e.properties, e.context
from unnest(%(shards)s::smallint[], %(ids)s::bigint[], %(since)s::timestamptz[]) as k (shard, contact_id, since)
cross join lateral (
    select v.contact_id, v.occurred_at, v.source_id, v.type, v.name, v.properties, v.context
    from event v
    where v.shard = k.shard and v.contact_id = k.contact_id and v.occurred_at >= k.since
      and v.type in ('track', 'page', 'screen') and not v.imported
    order by v.occurred_at desc
    limit %(limit)s
) e

-- name: end_sessions
delete from session s
using unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as t (shard, contact_id)
where s.shard = t.shard and s.contact_id = t.contact_id

-- name: keep_sessions
insert into session (shard, contact_id, id, workspace, started_at, ends_at)
select shard, contact_id, id, workspace, started_at, ends_at
from unnest(%(shards)s::smallint[], %(contacts)s::bigint[], %(ids)s::uuid[], %(workspaces)s::integer[],
            %(started)s::timestamptz[], %(ends)s::timestamptz[])
     as t (shard, contact_id, id, workspace, started_at, ends_at)
on conflict (shard, contact_id) do update
   set id = excluded.id, started_at = excluded.started_at, ends_at = excluded.ends_at
