-- Reads of the decision ledger (S1) and of what it tells about: deliveries, how far a contact came in a match.

-- name: rows
-- A contact's decisions, the newest first, of one match or of all (0). Of one instant in the order in
-- which they were made.
select l.id, l.contact_id, l.match_id, l.delivery_id, l.at, l.outcome, l.gate, l.reason, l.facts, l.epoch,
       l.journey_id, coalesce(l.step, '')
from ledger l
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on l.shard = k.shard and l.contact_id = k.id
where (%(match)s = 0 or l.match_id = %(match)s) and l.at < %(before)s
order by l.at desc, l.place desc nulls last, l.id
limit %(limit)s

-- name: journey_rows
-- A contact's decisions about one journey, the newest first, likewise.
select l.id, l.contact_id, l.match_id, l.delivery_id, l.at, l.outcome, l.gate, l.reason, l.facts, l.epoch,
       l.journey_id, coalesce(l.step, '')
from ledger l
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on l.shard = k.shard and l.contact_id = k.id
where l.journey_id = %(journey)s
order by l.at desc, l.place desc nulls last, l.id
limit %(limit)s

-- name: deliveries
-- A contact's deliveries, the newest first, of one match or of all (0). Of one instant the later way of reaching is newer.
select * from (
    select d.id, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.state, d.attempt, d.to_kind, d.to_value,
           d.content, d.cause, '' as reason, '{}'::text[] as provider_ids, 0::smallint as parts, 0::bigint as cost,
           '' as currency, '{}'::text[] as flags, d.made_at, null::timestamptz as sent_at,
           null::timestamptz as delivered_at, null::timestamptz as read_at, null::timestamptz as failed_at, d.journey_id,
           d.step
    from delivery_open d
    join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
      on d.shard = k.shard and d.contact_id = k.id
    where %(match)s = 0 or d.match_id = %(match)s
    union all
    select d.id, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.state, d.attempt, d.to_kind, d.to_value,
           d.content, d.cause, d.reason, d.provider_ids, d.parts, d.cost_micros, d.currency, d.flags, d.made_at,
           d.sent_at, d.delivered_at, d.read_at, d.failed_at, d.journey_id, d.step
    from delivery d
    join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
      on d.shard = k.shard and d.contact_id = k.id
    where %(match)s = 0 or d.match_id = %(match)s
) t
order by made_at desc, stage desc, id
limit %(limit)s

-- name: delivery
-- One delivery, by the shard and day that its id names.
select d.id, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.state, d.attempt, d.to_kind, d.to_value,
       d.content, d.cause, '', '{}'::text[], 0::smallint, 0::bigint, '', '{}'::text[], d.made_at,
       null::timestamptz, null::timestamptz, null::timestamptz, null::timestamptz, d.journey_id, d.step
from delivery_open d
where d.shard = %(shard)s and d.id = %(id)s and d.workspace = %(workspace)s
union all
select d.id, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.state, d.attempt, d.to_kind, d.to_value,
       d.content, d.cause, d.reason, d.provider_ids, d.parts, d.cost_micros, d.currency, d.flags, d.made_at,
       d.sent_at, d.delivered_at, d.read_at, d.failed_at, d.journey_id, d.step
from delivery d
where d.shard = %(shard)s and d.day = %(day)s and d.id = %(id)s and d.workspace = %(workspace)s

-- name: match_deliveries
-- A match's deliveries by id, from after one; by state, or all (''). Fans out.
select d.id, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.state, d.attempt, d.to_kind, d.to_value,
       d.content, d.cause, d.reason, d.provider_ids, d.parts, d.cost_micros, d.currency, d.flags, d.made_at,
       d.sent_at, d.delivered_at, d.read_at, d.failed_at, d.journey_id, d.step
from (
    select id, workspace, contact_id, channel_id, match_id, stage, class, state, attempt, to_kind, to_value, content,
           cause, '' as reason, '{}'::text[] as provider_ids, 0::smallint as parts, 0::bigint as cost_micros,
           '' as currency, '{}'::text[] as flags, made_at, null::timestamptz as sent_at,
           null::timestamptz as delivered_at, null::timestamptz as read_at, null::timestamptz as failed_at, journey_id,
           step
    from delivery_open
    union all
    select id, workspace, contact_id, channel_id, match_id, stage, class, state, attempt, to_kind, to_value, content,
           cause, reason, provider_ids, parts, cost_micros, currency, flags, made_at, sent_at, delivered_at, read_at,
           failed_at, journey_id, step
    from delivery
) d
where d.workspace = %(workspace)s and d.match_id = %(match)s and d.id > %(after)s
  and (%(state)s = '' or d.state = %(state)s)
order by d.id
limit %(limit)s

-- name: progress
select p.contact_id, p.stage, p.state, p.reason, p.valid_mobile, p.direct, p.cost_micros, p.currency, p.sent_at,
       p.delivered_at, p.clicked_at, p.wrote_at, p.matched_at, p.matched_app, p.forwarded
from match_contact p
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on p.shard = k.shard and p.contact_id = k.id
where p.match_id = %(match)s
order by p.contact_id

-- name: in_imports
select r.import_id
from import_row r
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on r.shard = k.shard and r.contact_id = k.id
where r.import_id = any(%(imports)s::integer[])
limit 1
