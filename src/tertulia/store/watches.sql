-- Messages that a journey begins by if they are ignored (R6), and what outcomes of messages ask for.

-- name: watch
insert into message_watch (shard, delivery_id, journey_id, workspace, contact_id, delivered_at, due_at, properties, depth)
select shard, delivery_id, journey_id, workspace, contact_id, delivered_at, due_at, properties::jsonb, depth
from unnest(%(shard)s::smallint[], %(delivery_id)s::uuid[], %(journey_id)s::integer[], %(workspace)s::integer[],
            %(contact_id)s::bigint[], %(delivered_at)s::timestamptz[], %(due_at)s::timestamptz[],
            %(properties)s::text[], %(depth)s::smallint[])
     as t (shard, delivery_id, journey_id, workspace, contact_id, delivered_at, due_at, properties, depth)
on conflict do nothing

-- name: end_watches
delete from message_watch w
using unnest(%(shard)s::smallint[], %(delivery_id)s::uuid[], %(journey_id)s::integer[])
      as t (shard, delivery_id, journey_id)
where w.shard = t.shard and w.delivery_id = t.delivery_id and w.journey_id = t.journey_id

-- name: due
-- Those whose time is over, and whether they were heeded: read, clicked, or answered on their channel.
select w.contact_id, w.workspace, w.journey_id, w.delivery_id, w.due_at, w.properties, w.depth,
       coalesce(d.state = 'read', true)
       or exists (select 1 from message m
                  where m.shard = w.shard and m.contact_id = w.contact_id and m.direction = 'in'
                    and m.channel_id = d.channel_id and m.provider_at between w.delivered_at and w.due_at)
       or exists (select 1 from click c
                  where c.shard = w.shard and c.contact_id = w.contact_id
                    and (c.match_id = d.match_id or c.delivery_id = w.delivery_id)
                    and c.class = 'human' and c.at <= w.due_at)
from message_watch w
left join lateral (
    select v.state, v.channel_id, v.match_id from delivery v
    where v.shard = w.shard and v.contact_id = w.contact_id and v.id = w.delivery_id
    offset 0
) d on true
where w.due_at <= %(now)s and w.shard = any(%(shards)s::smallint[])
order by w.due_at, w.delivery_id
limit %(limit)s

-- name: put_off
update message_watch set due_at = %(until)s
where shard = %(shard)s and delivery_id = %(delivery_id)s and journey_id = %(journey_id)s

-- name: answered
-- The last message that was sent to a contact on a channel, unless it was answered already.
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.state, d.to_kind, d.to_value,
       d.parts, d.provider_ids, d.journey_id, d.run_id, coalesce(d.step, '')
from unnest(%(shards)s::smallint[], %(contacts)s::bigint[], %(channels)s::integer[])
     as k (shard, contact_id, channel_id)
cross join lateral (
    select * from delivery v
    where v.shard = k.shard and v.contact_id = k.contact_id and v.channel_id = k.channel_id
      and v.state in ('sent', 'delivered', 'read') and v.sent_at >= %(since)s
      and (v.match_id is not null or v.journey_id is not null)
    order by v.sent_at desc
    limit 1
) d
where not exists (select 1 from message m
                  where m.shard = k.shard and m.contact_id = k.contact_id and m.channel_id = k.channel_id
                    and m.direction = 'in' and m.provider_at >= d.sent_at)

-- name: depths
select r.id, coalesce((r.event ->> 'depth')::integer, 0)
from unnest(%(shards)s::smallint[], %(contacts)s::bigint[], %(ids)s::uuid[]) as k (shard, contact_id, id)
join run r on r.shard = k.shard and r.contact_id = k.contact_id and r.id = k.id
