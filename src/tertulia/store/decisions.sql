-- Reads of the decision ledger for a contact's page. Every query names the shards of the contact and of those merged
-- into it, but `count_by_reason`, which fans out over one match.

-- name: unsent
-- Decisions that did not end in a message, the newest first; what was sent is told by its delivery.
select l.id, l.contact_id, l.match_id, l.delivery_id, l.at, l.outcome, l.gate, l.reason, l.facts, l.epoch,
       l.journey_id, coalesce(l.step, '')
from ledger l
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on l.shard = k.shard and l.contact_id = k.id
where l.at < %(before)s and l.outcome <> 'sent'
order by l.at desc, l.place desc nulls last, l.id
limit %(limit)s

-- name: account
-- A decision by its id, or every decision about the delivery of that id, the newest first.
select l.id, l.contact_id, l.match_id, l.delivery_id, l.at, l.outcome, l.gate, l.reason, l.facts, l.epoch,
       l.journey_id, coalesce(l.step, '')
from ledger l
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on l.shard = k.shard and l.contact_id = k.id
where l.id = %(id)s or l.delivery_id = %(id)s
order by l.at desc, l.place desc nulls last, l.id
limit %(limit)s

-- name: count_by_reason
-- How many contacts one reason stopped in one match.
select count(distinct contact_id) from ledger where match_id = %(match)s and reason = %(reason)s
