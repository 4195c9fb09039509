-- Results of broadcasts.

-- name: results
-- Of each channel: messages that went out, arrived, were read, failed, and what they cost.
select d.channel_id, count(*) filter (where d.sent_at is not null),
       count(*) filter (where d.delivered_at is not null or d.read_at is not null),
       count(*) filter (where d.read_at is not null), count(*) filter (where d.state = 'failed'),
       sum(d.cost_micros)::bigint, max(d.currency)
from delivery d
where d.journey_id = %(journey)s
group by d.channel_id

-- name: clicked
-- Of each channel: messages in which people opened a link.
select k.channel_id, count(distinct k.delivery_id) from click k
where k.journey_id = %(journey)s and k.class = 'human' group by k.channel_id

-- name: waiting
-- Of each channel: messages without a verdict.
select o.channel_id, count(*) from delivery_open o where o.journey_id = %(journey)s group by o.channel_id

-- name: people
-- Whose messages on a channel, or any, came so far, those that came there last first.
select d.contact_id, c.name, c.surname, d.channel_id, d.step, d.state, d.reason,
       case %(state)s when 'opened' then d.read_at when 'delivered' then coalesce(d.delivered_at, d.read_at)
                      when 'clicked' then k.at when 'failed' then d.failed_at else d.sent_at end as at
from delivery d
left join contact c on c.shard = d.shard and c.id = d.contact_id
left join (select delivery_id, min(at) as at from click
           where %(state)s = 'clicked' and journey_id = %(journey)s and class = 'human' group by delivery_id) k
  on k.delivery_id = d.id
where d.journey_id = %(journey)s and (%(channel)s::integer is null or d.channel_id = %(channel)s)
  and case %(state)s when 'sent' then d.sent_at is not null
                     when 'delivered' then d.delivered_at is not null or d.read_at is not null
                     when 'opened' then d.read_at is not null
                     when 'clicked' then k.at is not null
                     else d.state = 'failed' end
order by 8 desc nulls last, d.id
limit %(limit)s

-- name: people_waiting
select o.contact_id, c.name, c.surname, o.channel_id, o.step, o.state, '', o.not_before
from delivery_open o
left join contact c on c.shard = o.shard and c.id = o.contact_id
where o.journey_id = %(journey)s and (%(channel)s::integer is null or o.channel_id = %(channel)s)
order by 8, o.id
limit %(limit)s

-- name: people_refused
-- Who did not enter, or was not written to, for a reason.
select l.contact_id, c.name, c.surname, null::integer, coalesce(l.step, ''), l.outcome, l.reason, max(l.at)
from ledger l
left join contact c on c.shard = l.shard and c.id = l.contact_id
where l.journey_id = %(journey)s and l.reason = %(reason)s and l.outcome in ('not_sent', 'ghost', 'not_entered')
group by 1, 2, 3, 5, 6, 7
order by 8 desc, 1
limit %(limit)s

-- name: figures
-- Of each broadcast: messages that went out, arrived, and were read.
select d.journey_id, count(*) filter (where d.sent_at is not null),
       count(*) filter (where d.delivered_at is not null or d.read_at is not null),
       count(*) filter (where d.read_at is not null)
from delivery d
where d.journey_id = any(%(journeys)s::integer[])
group by d.journey_id
