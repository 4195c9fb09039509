-- name: erased
select distinct workspace, contact_id, actor from erasure order by workspace, contact_id

-- name: present
select c.id
from contact c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id
where c.erased_at is null
