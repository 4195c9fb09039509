-- name: catalogs
select id, workspace_id, key from catalog order by id

-- name: items
-- By key: how many of them there are does not matter.
select k.catalog_id, k.id, i.fields
from unnest(%(shards)s::smallint[], %(catalogs)s::integer[], %(ids)s::text[]) as k (shard, catalog_id, id)
cross join lateral (
    select x.fields from catalog_item x where x.shard = k.shard and x.catalog_id = k.catalog_id and x.id = k.id offset 0
) i

-- name: all_items
select catalog_id, id, fields from catalog_item where workspace = %(workspace)s

-- name: counts
select catalog_id, count(*), max(changed_at) from catalog_item where workspace = %(workspace)s group by catalog_id

-- name: page
select id, fields, changed_at
from catalog_item
where catalog_id = %(catalog)s and id > %(after)s and id like %(begin)s
order by id
limit %(limit)s

-- name: put
-- An item that is the same as it was is not written.
insert into catalog_item (shard, catalog_id, id, workspace, fields, changed_at)
select t.shard, %(catalog)s, t.id, %(workspace)s, t.fields::jsonb, %(now)s
from unnest(%(shards)s::smallint[], %(ids)s::text[], %(fields)s::text[]) as t (shard, id, fields)
on conflict (shard, catalog_id, id) do update set fields = excluded.fields, changed_at = excluded.changed_at
where catalog_item.fields <> excluded.fields
returning id, xmax = 0

-- name: by_key
-- One writer of a catalog at a time, in one order: it puts and takes out, and another could do it the other way round.
select c.workspace_id, c.key, c.id
from catalog c
where (c.workspace_id, c.key) in (select * from unnest(%(workspaces)s::integer[], %(keys)s::text[]))
order by c.id
for no key update

-- name: standing
select i.catalog_id, i.id
from unnest(%(shards)s::smallint[], %(catalogs)s::integer[], %(ids)s::text[]) as t (shard, catalog_id, id)
join catalog_item i on i.shard = t.shard and i.catalog_id = t.catalog_id and i.id = t.id

-- name: put_told
-- An older word changes nothing.
insert into catalog_item (shard, catalog_id, id, workspace, fields, changed_at)
select t.shard, t.catalog_id, t.id, t.workspace, t.fields::jsonb, t.at
from unnest(%(shards)s::smallint[], %(catalogs)s::integer[], %(ids)s::text[], %(workspaces)s::integer[],
            %(fields)s::text[], %(at)s::timestamptz[]) as t (shard, catalog_id, id, workspace, fields, at)
on conflict (shard, catalog_id, id) do update set fields = excluded.fields, changed_at = excluded.changed_at
where catalog_item.changed_at <= excluded.changed_at
returning id

-- name: drop_told
delete from catalog_item i
using unnest(%(shards)s::smallint[], %(catalogs)s::integer[], %(ids)s::text[], %(at)s::timestamptz[])
      as t (shard, catalog_id, id, at)
where i.shard = t.shard and i.catalog_id = t.catalog_id and i.id = t.id and i.changed_at <= t.at
returning i.id

-- name: drop
delete from catalog_item i
using unnest(%(shards)s::smallint[], %(ids)s::text[]) as t (shard, id)
where i.shard = t.shard and i.catalog_id = %(catalog)s and i.id = t.id

-- name: drop_others
delete from catalog_item i
where i.catalog_id = %(catalog)s and not exists (select from unnest(%(ids)s::text[]) as t (id) where t.id = i.id)

-- name: drop_all
delete from catalog_item where catalog_id = %(catalog)s
