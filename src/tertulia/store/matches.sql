-- Reads of a match's audience before it is frozen. The audience is all contacts of the workspace, those of some
-- imports, or named ones; merged and erased contacts are never in it. These fan out.

-- name: audience
-- Contacts by the country of the number that an SMS would go to ('' for those without one). The three forms of an
-- audience are three branches, of which two are empty. Numbers are joined as sets: a look-up a contact took 20 s for
-- 1,000,000.
select coalesce(p.country, ''), count(*)
from (
    select c.shard, c.id
    from contact c
    where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null and %(all)s
    union all
    select c.shard, c.id
    from contact c
    join unnest(%(shards)s::smallint[], %(contacts)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id
    where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
    union all
    select c.shard, c.id
    from contact c
    where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
      and %(imports)s::integer[] <> '{}'
      and (c.shard, c.id) in (select r.shard, r.contact_id from import_row r
                              where r.import_id = any(%(imports)s::integer[]) and r.contact_id is not null)
) a
left join (
    select d.shard, d.contact_id, d.country
    from address d
    where d.kind = 'phone' and d.sms and d.dead_code = ''
      and not exists (select 1 from address o
                      where o.shard = d.shard and o.contact_id = d.contact_id and o.kind = 'phone' and o.sms
                        and o.dead_code = '' and (o.added_at, o.value) < (d.added_at, d.value))
) p on p.shard = a.shard and p.contact_id = a.id
group by 1
order by 2 desc, 1

-- name: lengths
-- By country and length of the name a few contacts each: those with the longest names are an SMS's worst case, those
-- with the shortest have perhaps none (S4). One pass, without a sort.
select country, characters, (array_agg(id))[1:%(each)s]
from (
    select c.id, c.country, length(c.name) + length(c.surname) as characters
    from contact c
    where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null and %(all)s
    union all
    select c.id, c.country, length(c.name) + length(c.surname) as characters
    from contact c
    join unnest(%(shards)s::smallint[], %(contacts)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id
    where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
    union all
    select c.id, c.country, length(c.name) + length(c.surname) as characters
    from contact c
    where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
      and %(imports)s::integer[] <> '{}'
      and (c.shard, c.id) in (select r.shard, r.contact_id from import_row r
                              where r.import_id = any(%(imports)s::integer[]) and r.contact_id is not null)
) a
group by country, characters

-- name: samples
select c.id, c.name, c.surname, c.country, c.locale, c.attributes, coalesce(p.value, ''), coalesce(p.country, ''),
       c.zone
from contact c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id
left join lateral (select a.value, a.country from address a
                   where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone' and a.sms and a.dead_code = ''
                   order by a.added_at, a.value limit 1) p on true
where c.workspace = %(workspace)s
order by length(c.name) + length(c.surname) desc, c.id

-- name: lacking
-- How many of the audience have nothing in a field of their own or in an attribute, and one of them.
select count(*), min(c.id)
from (
    select c.id, c.name, c.surname, c.locale, c.attributes
    from contact c
    where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null and %(all)s
    union all
    select c.id, c.name, c.surname, c.locale, c.attributes
    from contact c
    join unnest(%(shards)s::smallint[], %(contacts)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id
    where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
    union all
    select c.id, c.name, c.surname, c.locale, c.attributes
    from contact c
    where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
      and %(imports)s::integer[] <> '{}'
      and (c.shard, c.id) in (select r.shard, r.contact_id from import_row r
                              where r.import_id = any(%(imports)s::integer[]) and r.contact_id is not null)
) c
where case %(field)s when 'name' then c.name when 'surname' then c.surname
                     when 'language' then c.locale when 'full_name' then c.name || c.surname
                     else coalesce(c.attributes ->> %(field)s, '') end = ''

-- name: contacts_exist
select count(*) from contact c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id
where c.workspace = %(workspace)s

-- name: sample_of
select c.id, c.name, c.surname, c.country, c.locale, c.attributes, coalesce(p.value, ''), coalesce(p.country, ''),
       c.zone
from contact c
left join lateral (select a.value, a.country from address a
                   where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone' and a.sms and a.dead_code = ''
                   order by a.added_at, a.value limit 1) p on true
where c.shard = %(shard)s and c.id = %(id)s and c.workspace = %(workspace)s and c.erased_at is null

-- name: proofs
-- What says who is at a contact's number: their numbers by key, and their linked identities with their trust.
select 'number', a.canonical, 0
from address a
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on a.shard = k.shard and a.contact_id = k.id
where a.kind = 'phone'
union all
select i.kind, i.value, i.trust
from contact_identity i
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on i.shard = k.shard and i.contact_id = k.id
where i.unlinked_at is null
