-- What happened in a while, to be played again beside a draft (What if): all shards, for a person who waits for it.

-- name: slots
-- The messages that caps count of these contacts, but those of one journey.
select s.contact_id, s.message_id, s.delivery_id, s.channel, s.topic, s.class, s.important, s.state, s.at
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
join slot s on s.shard = k.shard and s.contact_id = k.id
left join delivery d on d.shard = s.shard and d.contact_id = s.contact_id and d.id = s.delivery_id
where s.state = 'used' and s.at >= %(since)s and s.at < %(until)s and d.journey_id is distinct from %(journey)s

-- name: outcomes
-- What became of messages of journeys and matches: their id, journey, step, match, channel, and when.
select d.contact_id, d.id, d.journey_id, coalesce(d.step, ''), d.match_id, d.channel_id,
       case %(outcome)s when 'delivered' then coalesce(d.delivered_at, d.read_at) when 'opened' then d.read_at
                        else d.failed_at end
from delivery d
where d.workspace = %(workspace)s and d.day >= %(first_day)s and d.day <= %(last_day)s
  and (d.journey_id is not null or d.match_id is not null)
  and case %(outcome)s when 'delivered' then coalesce(d.delivered_at, d.read_at) when 'opened' then d.read_at
                       else d.failed_at end >= %(since)s
  and case %(outcome)s when 'delivered' then coalesce(d.delivered_at, d.read_at) when 'opened' then d.read_at
                       else d.failed_at end < %(until)s
  and (%(outcome)s <> 'failed' or not exists (
        select 1 from delivery o
        where o.shard = d.shard and o.contact_id = d.contact_id and o.stage > d.stage
          and o.run_id is not distinct from d.run_id and o.step is not distinct from d.step
          and o.match_id is not distinct from d.match_id))
order by 7 desc, 2
limit %(limit)s

-- name: ignored
-- Messages that were delivered so many seconds before, and till then neither read, clicked nor answered.
select d.contact_id, d.id, d.journey_id, coalesce(d.step, ''), d.match_id, d.channel_id,
       d.delivered_at + make_interval(secs => %(for_s)s)
from delivery d
where d.workspace = %(workspace)s and d.day >= %(first_day)s and d.day <= %(last_day)s
  and (d.journey_id is not null or d.match_id is not null)
  and d.delivered_at >= %(since)s::timestamptz - make_interval(secs => %(for_s)s)
  and d.delivered_at < %(until)s::timestamptz - make_interval(secs => %(for_s)s)
  and (d.read_at is null or d.read_at > d.delivered_at + make_interval(secs => %(for_s)s))
  and not exists (select 1 from message m
                  where m.shard = d.shard and m.contact_id = d.contact_id and m.direction = 'in'
                    and m.channel_id = d.channel_id and m.provider_at
                        between d.delivered_at and d.delivered_at + make_interval(secs => %(for_s)s))
  and not exists (select 1 from click c
                  where c.shard = d.shard and c.contact_id = d.contact_id and c.class = 'human'
                    and (c.match_id = d.match_id or c.delivery_id = d.id)
                    and c.at <= d.delivered_at + make_interval(secs => %(for_s)s))
order by 7 desc, 2
limit %(limit)s

-- name: clicks
select c.contact_id, c.id, c.journey_id, coalesce(c.step, ''), c.match_id, coalesce(c.channel_id, 0), c.at,
       coalesce(c.link, ''), c.app
from click c
where c.workspace = %(workspace)s and c.class = 'human' and c.at >= %(since)s and c.at < %(until)s
order by c.at desc, c.id
limit %(limit)s

-- name: replies
-- The first message of a customer after one of ours on a channel answers it.
select m.contact_id, d.id, d.journey_id, d.step, d.match_id, m.channel_id, m.provider_at, m.text
from message m
cross join lateral (
    select v.id, v.journey_id, coalesce(v.step, '') as step, v.match_id, v.sent_at from delivery v
    where v.shard = m.shard and v.contact_id = m.contact_id and v.channel_id = m.channel_id
      and v.state in ('sent', 'delivered', 'read') and (v.journey_id is not null or v.match_id is not null)
      and v.sent_at <= m.provider_at and v.sent_at >= m.provider_at - make_interval(secs => %(within_s)s)
    order by v.sent_at desc
    limit 1
) d
where m.workspace = %(workspace)s and m.direction = 'in' and m.provider_at >= %(since)s and m.provider_at < %(until)s
  and not exists (select 1 from message o
                  where o.shard = m.shard and o.contact_id = m.contact_id and o.channel_id = m.channel_id
                    and o.direction = 'in' and o.provider_at >= d.sent_at and o.provider_at < m.provider_at)
order by m.provider_at desc, d.id
limit %(limit)s

-- name: messages
-- What customers wrote; `first` on a channel.
select m.contact_id, m.channel_id, m.provider_id, m.form, m.text, m.facts, m.provider_at,
       not exists (select 1 from message o
                   where o.shard = m.shard and o.contact_id = m.contact_id and o.channel_id = m.channel_id
                     and o.direction = 'in' and o.provider_at < m.provider_at)
from message m
where m.workspace = %(workspace)s and m.direction = 'in' and m.provider_at >= %(since)s and m.provider_at < %(until)s
order by m.provider_at desc, m.provider_id
limit %(limit)s

-- name: changes
-- Who came into a segment or left it, but by what begins no journey.
select g.contact_id, g.at
from segment_change g
where g.segment_id = %(segment_id)s and g.entered = %(entered)s and g.at >= %(since)s and g.at < %(until)s
  and g.cause not in ('definition', 'import', 'merge')
order by g.at desc, g.contact_id
limit %(limit)s

-- name: moves
-- Who of these contacts came into one of these segments or left it since then, by time.
select g.contact_id, g.segment_id, g.entered, g.at
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
cross join unnest(%(segments)s::integer[]) as s (id)
join segment_change g on g.shard = k.shard and g.contact_id = k.id and g.segment_id = s.id and g.at >= %(since)s
order by g.at, g.contact_id, g.segment_id, g.entered

-- name: left
-- Who left a segment since then, the last first.
select g.contact_id
from segment_change g
where g.segment_id = %(segment_id)s and not g.entered and g.at >= %(since)s
order by g.at desc, g.contact_id
limit %(limit)s

-- name: models
-- Some customers of every shard, the newest.
select c.id
from unnest(%(shards)s::smallint[]) as k (shard)
cross join lateral (
    select o.id from contact o
    where o.shard = k.shard and o.workspace = %(workspace)s and o.merged_into is null and o.erased_at is null
    order by o.id desc
    limit %(each)s
) c

-- name: people
select count(*) from contact c
where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null

-- name: event_samples
-- What some events of these types and names said, the newest.
select k.type, k.name, e.properties
from unnest(%(types)s::text[], %(names)s::text[]) as k (type, name)
cross join lateral (
    select v.properties, v.id, v.occurred_at from event v
    where v.workspace = %(workspace)s and v.name = k.name and v.type = k.type and v.contact_id <> 0
      and v.day >= %(since)s::date
    order by v.occurred_at desc, v.id
    limit %(each)s
) e
order by k.type, k.name, e.occurred_at desc, e.id

-- name: spent
-- What the messages of a workspace but those of one journey cost, minute by minute.
select date_trunc('minute', d.sent_at), d.currency, sum(d.cost_micros)::bigint
from delivery d
where d.workspace = %(workspace)s and d.day >= %(first_day)s and d.day <= %(last_day)s
  and d.sent_at >= %(since)s and d.sent_at < %(until)s and d.cost_micros > 0
  and d.journey_id is distinct from %(journey)s
group by 1, 2
order by 1, 2

-- name: begun
-- What began runs and is kept with them alone: calls for these journeys (null: for any), or comments; the newest.
select k.contact_id, k.entered_at, k.event
from (
    select distinct on (r.contact_id, r.event ->> 'id') r.contact_id, r.entered_at, r.event
    from (
        select o.contact_id, o.journey_id, o.entered_at, o.event from run_open o
        where o.workspace = %(workspace)s and o.entered_at >= %(since)s and o.entered_at < %(until)s
        union all
        select e.contact_id, e.journey_id, e.entered_at, e.event from run e
        where e.workspace = %(workspace)s and e.day >= %(first_day)s
          and e.entered_at >= %(since)s and e.entered_at < %(until)s
    ) r
    where r.event ->> 'type' = %(type)s
      and (%(journeys)s::integer[] is null or r.journey_id = any(%(journeys)s::integer[]))
    order by r.contact_id, r.event ->> 'id'
) k
order by k.entered_at desc, k.contact_id
limit %(limit)s
