-- What a cycle's events bring about, folded by kind: one statement each.

-- name: change_contacts
-- A field that is null stays. Cleared attributes go; the time of their clearing stays.
update contact c
set name = coalesce(t.name, c.name),
    surname = coalesce(t.surname, c.surname),
    locale = coalesce(t.locale, c.locale),
    zone = coalesce(t.zone, c.zone),
    country = coalesce(t.country, c.country),
    attributes = (c.attributes || t.attributes::jsonb)
                 - array(select jsonb_array_elements_text(t.cleared::jsonb)),
    changed = c.changed || t.changed::jsonb,
    search = case when position(t.words in c.search) > 0 then c.search else c.search || ' ' || t.words end,
    updated_at = %(at)s
from unnest(%(shards)s::smallint[], %(ids)s::bigint[], %(name)s::text[], %(surname)s::text[], %(locale)s::text[],
            %(zone)s::text[], %(country)s::text[], %(attributes)s::text[], %(cleared)s::text[], %(changed)s::text[],
            %(words)s::text[])
     as t (shard, id, name, surname, locale, zone, country, attributes, cleared, changed, words)
where c.shard = t.shard and c.id = t.id

-- name: store_events
copy event (shard, day, id, workspace, contact_id, source_id, type, name, message_id, user_id, anonymous_id, properties,
            context, occurred_at, received_at, imported) from stdin with (format binary)

-- name: tally_events
insert into event_tally (shard, workspace, source_id, type, name, day, count, first_at, last_at)
select shard, workspace, source_id, type, name, day, count, first_at, last_at
from unnest(%(shard)s::smallint[], %(workspace)s::integer[], %(source_id)s::integer[], %(type)s::text[],
            %(name)s::text[], %(day)s::date[], %(count)s::bigint[], %(first_at)s::timestamptz[],
            %(last_at)s::timestamptz[])
     as t (shard, workspace, source_id, type, name, day, count, first_at, last_at)
on conflict (shard, workspace, source_id, type, name, day) do update
   set count = event_tally.count + excluded.count, last_at = greatest(event_tally.last_at, excluded.last_at)

-- name: note_properties
-- Nearly all are known and were seen within the hour: those are only looked up, for even an update that changes nothing
-- would lock its row.
insert into event_property (shard, workspace, source_id, type, name, property, json_type, first_at, last_at)
select t.shard, t.workspace, t.source_id, t.type, t.name, t.property, t.json_type, t.at, t.at
from unnest(%(shard)s::smallint[], %(workspace)s::integer[], %(source_id)s::integer[], %(type)s::text[],
            %(name)s::text[], %(property)s::text[], %(json_type)s::text[], %(at)s::timestamptz[])
     as t (shard, workspace, source_id, type, name, property, json_type, at)
where not exists (
    select 1 from event_property p
    where p.shard = t.shard and p.workspace = t.workspace and p.source_id = t.source_id and p.type = t.type
      and p.name = t.name and p.property = t.property and p.json_type = t.json_type
      and p.last_at > t.at - interval '1 hour'
    offset 0
)
on conflict (shard, workspace, source_id, type, name, property, json_type) do update set last_at = excluded.last_at

-- name: write_groups
-- Last writer wins per trait (E2), in the statement: owners of different contacts write the same group. A null clears,
-- and the time of its clearing stays; of two writes at one instant the greater value holds.
insert into contact_group (shard, workspace, id, traits, changed, updated_at)
select shard, workspace, id,
       (select coalesce(jsonb_object_agg(n.k, n.v) filter (where n.v <> 'null'), '{}')
        from jsonb_each(traits::jsonb) as n (k, v)),
       changed::jsonb, %(at)s
from unnest(%(shards)s::smallint[], %(workspaces)s::integer[], %(ids)s::text[], %(traits)s::text[],
            %(changed)s::text[])
     as t (shard, workspace, id, traits, changed)
on conflict (shard, workspace, id) do update
   set traits = (
           select coalesce(jsonb_object_agg(w.k, w.v) filter (where w.v <> 'null'), '{}')
           from (
               select c.k,
                      case when o.at is null or (c.at, coalesce(excluded.traits ->> c.k, 'null'))
                                                > (o.at, coalesce(contact_group.traits ->> c.k, 'null'))
                           then excluded.traits -> c.k else contact_group.traits -> c.k end as v
               from (select k, at::timestamptz from jsonb_each_text(excluded.changed) as e (k, at)) as c
               left join (select k, at::timestamptz from jsonb_each_text(contact_group.changed) as e (k, at)) as o
                 on o.k = c.k
               union all
               select e.k, e.v
               from jsonb_each(contact_group.traits) as e (k, v)
               where not excluded.changed ? e.k
           ) as w
       ),
       changed = contact_group.changed || (
           select coalesce(jsonb_object_agg(e.k, e.at), '{}')
           from jsonb_each_text(excluded.changed) as e (k, at)
           where contact_group.changed ->> e.k is null
              or e.at::timestamptz > (contact_group.changed ->> e.k)::timestamptz
       ),
       updated_at = excluded.updated_at

-- name: join_groups
insert into group_member (shard, contact_id, group_id, workspace, joined_at)
select * from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(group_id)s::text[], %(workspace)s::integer[],
                     %(at)s::timestamptz[])
on conflict (shard, contact_id, group_id) do update set joined_at = excluded.joined_at
where excluded.joined_at < group_member.joined_at

-- name: list_users
insert into address_key (shard, workspace, kind, canonical, contact_id)
select t.shard, t.workspace, %(kind)s, t.user_id, t.contact_id
from unnest(%(shards)s::smallint[], %(workspaces)s::integer[], %(users)s::text[], %(ids)s::bigint[])
     as t (shard, workspace, user_id, contact_id)
on conflict do nothing

-- name: name_users
update contact c set external_id = t.user_id
from unnest(%(homes)s::smallint[], %(ids)s::bigint[], %(users)s::text[]) as t (shard, id, user_id)
where c.shard = t.shard and c.id = t.id and c.external_id = ''
