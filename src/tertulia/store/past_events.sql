-- Files of past events: whose addresses and ids are, which events are here already, and which rows are not taken.

-- name: owners
-- Every contact of an address, as the directory names it. Each is a probe of the directory's key, as for lists.
select k.n, c.id, coalesce(c.merged_into, c.id)
from unnest(%(shards)s::smallint[], %(kinds)s::text[], %(canonicals)s::text[]) with ordinality
     as k (shard, kind, canonical, n)
cross join lateral (
    select a.contact_id from address_key a
    where a.shard = k.shard and a.workspace = %(workspace)s and a.kind = k.kind and a.canonical = k.canonical
    offset 0) a
cross join lateral (
    select c.id, c.merged_into from contact c
    where c.shard = (%(contact_shards)s::smallint[])[(a.contact_id & 255) + 1] and c.id = a.contact_id
      and c.erased_at is null
    offset 0) c

-- name: roots
-- Whom contacts were merged into (M8); the others are left out.
select c.id, c.merged_into
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
cross join lateral (
    select d.id, d.merged_into from contact d
    where d.shard = k.shard and d.id = k.id and d.merged_into is not null
    offset 0) c

-- name: stored
select distinct k.n
from unnest(%(shards)s::smallint[], %(days)s::date[], %(ids)s::uuid[], %(numbers)s::integer[]) as k (shard, day, id, n)
where exists (select 1 from event e where e.shard = k.shard and e.day = k.day and e.id = k.id offset 0)

-- name: seen
-- E1's keys, which are kept for a week.
select k.n
from unnest(%(shards)s::smallint[], %(days)s::date[], %(ids)s::uuid[]) with ordinality as k (shard, day, id, n)
where exists (select 1 from event_seen s where s.shard = k.shard and s.day = k.day and s.id = k.id offset 0)

-- name: reject_rows
-- A row that was listed by the check is listed once.
insert into import_row (shard, import_id, row, workspace, outcome, field, value, reason, suggestion, contact_id, sms)
select shard, %(import_id)s, row, %(workspace)s, outcome, field, value, reason, '', null, false
from unnest(%(shards)s::smallint[], %(rows)s::integer[], %(outcomes)s::text[], %(fields)s::text[], %(values)s::text[],
            %(reasons)s::text[])
     as t (shard, row, outcome, field, value, reason)
on conflict (shard, import_id, row) do nothing
