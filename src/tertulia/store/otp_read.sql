-- What is shown of one-time codes. Over all shards: a page, and rare.

-- name: count
-- By the channel of the way that was tried last; a code of which none was is under null.
select (o.ways -> o.place ->> 'channel')::integer, count(*),
       count(*) filter (where d.state in ('delivered', 'read')), count(*) filter (where o.state = 'verified'),
       count(*) filter (where o.state = 'too_many'),
       count(*) filter (where o.state = 'pending' and o.expires_at <= %(now)s)
from otp o
left join delivery d on d.shard = o.shard and d.id = o.delivery_id and d.day >= %(day)s
where o.workspace = %(workspace)s and o.made_at >= %(since)s
group by 1 order by 2 desc, 1

-- name: newest
select o.id, o.contact_id, o.purpose, o.made_at,
       case when o.state = 'pending' and o.expires_at <= %(now)s then 'expired' else o.state end,
       o.attempts, (o.ways -> o.place ->> 'channel')::integer, o.place + 1, coalesce(d.state, p.state, ''),
       trim(coalesce(c.name || ' ' || c.surname, ''))
from (
    select * from otp where workspace = %(workspace)s order by made_at desc, id limit %(limit)s
) o
left join delivery d on d.shard = o.shard and d.id = o.delivery_id and d.day >= (o.made_at - interval '1 day')::date
left join delivery_open p on p.shard = o.shard and p.id = o.delivery_id
left join contact c on c.shard = o.shard and c.id = o.contact_id
order by o.made_at desc, o.id
