-- Reads of a match's audience before it is frozen. The audience is all contacts of the workspace, those of some
-- imports, or named ones; merged and erased contacts are never in it. These fan out.

-- name: audience_by_country
-- Contacts by the country of the number that an SMS would go to; those without one under ''.
select coalesce(p.country, ''), count(*), max(length(c.name) + length(c.surname))
from contact c
left join lateral (select a.country from address a
                   where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone' and a.sms and a.dead_code = ''
                   order by a.added_at, a.value limit 1) p on true
where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
  and (%(all)s or c.id = any(%(contacts)s::bigint[])
       or c.id in (select r.contact_id from import_row r where r.import_id = any(%(imports)s::integer[])))
group by 1
order by 2 desc

-- name: audience_sample
-- Contacts to render before the launch: of each country those with the longest names (the worst case of an SMS) and
-- those whose names are missing (S4).
select id, name, surname, country, locale, attributes, phone, phone_country
from (
    select c.id, c.name, c.surname, c.country, c.locale, c.attributes, p.value as phone,
           coalesce(p.country, '') as phone_country,
           row_number() over (partition by p.country order by length(c.name) + length(c.surname) desc, c.id) as longest,
           row_number() over (partition by p.country order by length(c.name) + length(c.surname), c.id) as shortest
    from contact c
    left join lateral (select a.value, a.country from address a
                       where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone' and a.sms
                         and a.dead_code = ''
                       order by a.added_at, a.value limit 1) p on true
    where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
      and (%(all)s or c.id = any(%(contacts)s::bigint[])
           or c.id in (select r.contact_id from import_row r where r.import_id = any(%(imports)s::integer[])))
) t
where longest <= %(each)s or shortest <= %(each)s
order by phone_country, longest
limit %(limit)s

-- name: lacking
-- How many of the audience have nothing in a field of their own or in an attribute, and one of them.
select count(*), min(c.id)
from contact c
where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
  and (%(all)s or c.id = any(%(contacts)s::bigint[])
       or c.id in (select r.contact_id from import_row r where r.import_id = any(%(imports)s::integer[])))
  and case %(field)s when 'name' then c.name when 'surname' then c.surname
                     when 'language' then c.locale when 'full_name' then c.name || c.surname
                     else coalesce(c.attributes ->> %(field)s, '') end = ''

-- name: contacts_exist
select count(*) from contact c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id
where c.workspace = %(workspace)s

-- name: sample_of
select c.id, c.name, c.surname, c.country, c.locale, c.attributes, coalesce(p.value, ''), coalesce(p.country, '')
from contact c
left join lateral (select a.value, a.country from address a
                   where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone' and a.sms and a.dead_code = ''
                   order by a.added_at, a.value limit 1) p on true
where c.shard = %(shard)s and c.id = %(id)s and c.workspace = %(workspace)s and c.erased_at is null
