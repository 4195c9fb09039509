-- The undo of an import, a group of shards at a time. A row that is settled has the outcome `undone` or `kept`, so a
-- second pass finds only what is left.

-- name: count_rows
select count(*) from import_row where import_id = %(id)s and outcome in ('new', 'updated')

-- name: removable
-- Contacts that this import made and with whom nothing has happened since, by any table that could say so.
select c.shard, c.id, c.external_id,
       coalesce((select array_agg(a.kind || ':' || a.canonical) from address a
                 where a.shard = c.shard and a.contact_id = c.id), '{}')
from import_row r
join contact c on c.shard = r.shard and c.id = r.contact_id
where r.shard = any(%(shards)s) and r.import_id = %(id)s and r.outcome = 'new'
  and c.source = %(source)s and c.updated_at = c.created_at and c.active_at is null
  and c.merged_into is null and c.erased_at is null
  and not exists (select 1 from contact_identity x where x.shard = c.shard and x.contact_id = c.id)
  and not exists (select 1 from message x where x.shard = c.shard and x.contact_id = c.id)
  and not exists (select 1 from delivery x where x.shard = c.shard and x.contact_id = c.id)
  and not exists (select 1 from click x where x.shard = c.shard and x.contact_id = c.id)
  and not exists (select 1 from run_open x where x.shard = c.shard and x.contact_id = c.id)
  and not exists (select 1 from run x where x.shard = c.shard and x.contact_id = c.id)
  and not exists (select 1 from link x where x.shard = c.shard and x.contact_id = c.id)
  and not exists (select 1 from consent x where x.shard = c.shard and x.contact_id = c.id
                  and coalesce(x.evidence ->> 'ref', '') <> %(source)s)
  and c.id not in (select x.contact_id from delivery_open x where x.shard = any(%(shards)s))
  and c.id not in (select x.contact_id from match_contact x where x.shard = any(%(shards)s))
  and c.id not in (select m.into_id from merge m where m.workspace = %(workspace)s)
  and c.id not in (select o.contact_id from import_row o
                   join import i on i.id = o.import_id
                   where o.shard = any(%(shards)s) and o.import_id <> %(id)s and o.contact_id is not null
                     and (o.outcome = 'kept' or i.state in ('applying', 'done')
                                                and o.outcome in ('updated', 'unchanged', 'duplicate')))
for update of c

-- name: remove_contacts
with gone as (select * from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as t (shard, id)),
a as (delete from address x using gone g where x.shard = g.shard and x.contact_id = g.id),
b as (delete from consent x using gone g where x.shard = g.shard and x.contact_id = g.id)
delete from contact x using gone g where x.shard = g.shard and x.id = g.id

-- name: remove_keys
delete from address_key x
using unnest(%(shards)s::smallint[], %(kinds)s::text[], %(canonicals)s::text[], %(contacts)s::bigint[])
      as t (shard, kind, canonical, contact_id)
where x.shard = t.shard and x.workspace = %(workspace)s and x.kind = t.kind and x.canonical = t.canonical
  and x.contact_id = t.contact_id

-- name: remove_addresses
delete from address x
using unnest(%(shards)s::smallint[], %(contacts)s::bigint[], %(kinds)s::text[], %(values)s::text[])
      as t (shard, contact_id, kind, value)
where x.shard = t.shard and x.contact_id = t.contact_id and x.kind = t.kind and x.value = t.value
  and x.source = %(source)s

-- name: changed_rows
select row, contact_id, undo
from import_row
where shard = any(%(shards)s) and import_id = %(id)s and outcome = 'updated' and undo is not null
order by row desc

-- name: settle
-- New rows whose contact is gone and updated rows that were restored are undone; the others are kept, and say so.
update import_row r
set outcome = case when r.outcome = 'new' and c.id is null
                     or r.outcome = 'updated' and not r.contact_id = any(%(kept)s::bigint[]) then 'undone'
                   else 'kept' end,
    reason = case when r.outcome = 'new' and c.id is null
                    or r.outcome = 'updated' and not r.contact_id = any(%(kept)s::bigint[]) then r.reason
                  else %(reason)s end,
    contact_id = case when r.outcome = 'new' and c.id is null then null else r.contact_id end
from import_row s
left join contact c on c.shard = s.shard and c.id = s.contact_id
where s.shard = any(%(shards)s) and s.import_id = %(id)s and s.outcome in ('new', 'updated')
  and r.shard = s.shard and r.import_id = s.import_id and r.row = s.row

-- name: tally
select outcome, count(*) from import_row where import_id = %(id)s and outcome in ('undone', 'kept') group by outcome
