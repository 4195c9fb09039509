-- name: find_by_address
select contact_id from address_key
where shard = %(shard)s and workspace = %(workspace)s and kind = %(kind)s and canonical = %(canonical)s
order by contact_id

-- name: external_ids
select c.id, c.external_id
from contact c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id
where c.external_id <> ''
