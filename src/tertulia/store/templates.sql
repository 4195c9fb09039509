-- name: newest
-- Every template that was published, with its newest revision: what messages are made of from now on.
select t.workspace_id, t.key, r.number, r.document
from template t
join template_revision r on r.template_id = t.id and r.number = t.revision
order by t.id

-- name: sample
-- The contacts that came last, with what templates see of them and the newest event of one of these names (null: of any)
-- that they did: through contact_by_age and, of each, one probe of its events.
select c.id, c.name, c.surname, c.locale, c.attributes, c.zone, coalesce(p.country, ''), e.name, e.occurred_at,
       e.properties
from (
    select k.shard, k.id, k.name, k.surname, k.locale, k.attributes, k.zone, k.created_at
    from contact k
    where k.workspace = %(workspace)s and k.merged_into is null and k.erased_at is null
    order by k.created_at desc, k.id desc
    limit %(limit)s
) c
left join lateral (
    select v.name, v.occurred_at, v.properties
    from event v
    where v.shard = c.shard and v.contact_id = c.id
      and (v.name = any(%(names)s::text[]) or %(names)s::text[] is null and v.type = 'track')
    order by v.occurred_at desc
    limit 1
) e on true
left join lateral (
    select a.country from address a
    where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone' and a.sms and a.dead_code = ''
    order by a.added_at, a.value
    limit 1
) p on true
order by c.created_at desc, c.id desc

-- name: one
select c.id, c.name, c.surname, c.locale, c.attributes, c.zone, coalesce(p.country, ''), e.name, e.occurred_at,
       e.properties
from contact c
left join lateral (
    select v.name, v.occurred_at, v.properties
    from event v
    where v.shard = c.shard and v.contact_id = c.id
      and (v.name = any(%(names)s::text[]) or %(names)s::text[] is null and v.type = 'track')
    order by v.occurred_at desc
    limit 1
) e on true
left join lateral (
    select a.country from address a
    where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone' and a.sms and a.dead_code = ''
    order by a.added_at, a.value
    limit 1
) p on true
where c.shard = %(shard)s and c.id = %(id)s and c.workspace = %(workspace)s and c.erased_at is null
