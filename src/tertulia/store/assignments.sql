-- A1: which way customers go at splits.

-- name: assign
insert into assignment (shard, contact_id, experiment, workspace, way, bucket, weight, at)
select shard, contact_id, experiment, workspace, way, bucket, weight, at
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(experiment)s::text[], %(workspace)s::integer[],
            %(way)s::text[], %(bucket)s::smallint[], %(weight)s::smallint[], %(at)s::timestamptz[])
     as t (shard, contact_id, experiment, workspace, way, bucket, weight, at)
on conflict do nothing

-- name: assignments_of
select a.contact_id, a.experiment, a.way, a.at
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, contact_id)
cross join lateral (
    select * from assignment v where v.shard = k.shard and v.contact_id = k.contact_id offset 0
) a

-- name: assignments_whole
select a.experiment, a.way, a.weight, a.at
from assignment a
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on a.shard = k.shard and a.contact_id = k.id
order by a.at, a.experiment

-- name: absorbed_by
select m.into_id, m.contact_id
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
join merge m on m.shard = k.shard and m.into_id = k.id and m.undone_at is null
