-- Events as pages read them. %(source_id)s null means every source.

-- name: named_events
-- What a contact and those merged into it did of one name, the newest first; a derived event counts as a call of its name.
select e.id, e.contact_id, e.source_id, e.type, e.name, e.message_id, e.user_id, e.anonymous_id, e.properties,
       e.context, e.occurred_at, e.received_at, e.imported
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
cross join lateral (
    select v.id, v.contact_id, v.source_id, v.type, v.name, v.message_id, v.user_id, v.anonymous_id, v.properties,
           v.context, v.occurred_at, v.received_at, v.imported
    from event v
    where v.shard = k.shard and v.contact_id = k.id and v.name = %(name)s
      and v.type = any(%(types)s::text[])
    order by v.occurred_at desc
    limit %(limit)s
) e
order by e.occurred_at desc, e.id
limit %(limit)s

-- name: contact_events
-- A session's beginning stands before the event that began it, its end after the last one.
-- One probe of the contact's index for each of a family (M8), each giving no more than is asked for.
select e.id, e.contact_id, e.source_id, e.type, e.name, e.message_id, e.user_id, e.anonymous_id, e.properties,
       e.context, e.occurred_at, e.received_at, e.imported
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
cross join lateral (
    select v.id, v.contact_id, v.source_id, v.type, v.name, v.message_id, v.user_id, v.anonymous_id, v.properties,
           v.context, v.occurred_at, v.received_at, v.imported
    from event v
    where v.shard = k.shard and v.contact_id = k.id and v.occurred_at < %(before)s
    order by v.occurred_at desc
    limit %(limit)s
) e
order by e.occurred_at desc, case when e.type <> 'derived' then 1 when e.name = 'session_started' then 2 else 0 end, e.id
limit %(limit)s

-- name: groups
select distinct g.group_id
from group_member g
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on g.shard = k.shard and g.contact_id = k.id
order by 1

-- name: newest_arrival
select max(t.last_at)
from event_tally t
where t.workspace = %(workspace)s and t.day >= %(since)s
  and (%(source_id)s::integer is null or t.source_id = %(source_id)s)
  and (%(name)s::text = '' or t.name = %(name)s)

-- name: recent_events
-- By arrival, through the small index of ranges on it: the pages that hold the window's rows are read and sorted, so
-- the window is kept short (list_recent widens it).
select e.id, e.contact_id, e.source_id, e.type, e.name, e.message_id, e.user_id, e.anonymous_id, e.properties,
       e.context, e.occurred_at, e.received_at, e.imported
from event e
where e.received_at > %(after)s and e.workspace = %(workspace)s
  and (%(source_id)s::integer is null or e.source_id = %(source_id)s)
  and (%(name)s::text = '' or e.name = %(name)s)
order by e.received_at desc, e.id
limit %(limit)s

-- name: volumes
select t.type, t.name, t.day, sum(t.count)::bigint, max(t.last_at)
from event_tally t
where t.workspace = %(workspace)s and t.day >= %(since)s
  and (%(source_id)s::integer is null or t.source_id = %(source_id)s)
group by t.type, t.name, t.day
order by t.type, t.name, t.day

-- name: properties
select p.type, p.name, p.property, array_agg(distinct p.json_type order by p.json_type), min(p.first_at),
       max(p.last_at)
from event_property p
where p.workspace = %(workspace)s and (%(source_id)s::integer is null or p.source_id = %(source_id)s)
group by p.type, p.name, p.property
order by p.type, p.name, p.property

-- name: discards
select d.id, d.source_id, d.at, d.code, d.place, d.message_id, d.type, d.name, d.sample
from event_discard d
where d.workspace = %(workspace)s and d.at < %(before)s
  and (%(source_id)s::integer is null or d.source_id = %(source_id)s)
  and (%(code)s::text = '' or d.code = %(code)s)
order by d.at desc, d.place, d.id
limit %(limit)s

-- name: discard_counts
select d.code, count(*)
from event_discard d
where d.workspace = %(workspace)s and d.at >= %(since)s
  and (%(source_id)s::integer is null or d.source_id = %(source_id)s)
group by d.code
order by d.code

-- name: arrived
-- What a workspace was told in a while, to be played again: the newest, of these types and names or (null) of all. What
-- was imported counts as if it had come when it happened. Reads all shards, for a person who waits for it; the days, of
-- the clients' own clocks, keep the search to the partitions of that time.
select e.contact_id, e.source_id, e.type, e.message_id, e.occurred_at, e.name, e.properties, e.context,
       case when e.imported then e.occurred_at else e.received_at end
from event e
where e.workspace = %(workspace)s and e.contact_id <> 0 and e.type <> 'derived'
  and e.day >= %(first_day)s and e.day <= %(last_day)s
  and case when e.imported then e.occurred_at else e.received_at end >= %(since)s
  and case when e.imported then e.occurred_at else e.received_at end < %(until)s
  and (%(names)s::text[] is null
       or (e.type, e.name) in (select t.type, t.name
                               from unnest(%(types)s::text[], %(names)s::text[]) as t (type, name)))
order by 9 desc, e.id
limit %(limit)s
