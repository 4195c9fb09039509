-- What the list of sources counts.

-- name: any
-- Entered by the primary key in every shard: 256 looks, however many events other sources had.
select 1
from event_tally
where shard = any(%(shards)s::smallint[]) and workspace = %(workspace)s and source_id = %(source)s
limit 1

-- name: volumes
select source_id, day, sum(count)::bigint, max(last_at)
from event_tally
where workspace = %(workspace)s and day >= %(since)s
group by source_id, day
order by day, source_id

-- name: last
-- Of its last day alone, which is found from the newest day backwards.
select max(t.last_at)
from event_tally t
where t.workspace = %(workspace)s and t.source_id = %(source)s
  and t.day = (select max(l.day) from event_tally l where l.workspace = %(workspace)s and l.source_id = %(source)s)

-- name: client
select id from source where client_side

-- name: refusals
select source_id, count(*)
from event_discard
where workspace = %(workspace)s and at >= %(since)s and code not in ('bad_timestamp', 'privacy_request')
group by source_id

-- name: event_names
-- Names of what came lately, the most frequent first; by the index over workspace and day.
select name
from event_tally
where workspace = %(workspace)s and day >= %(since)s and name <> '' and type in ('track', 'derived')
group by name
order by sum(count) desc, name
limit %(limit)s

-- name: named
select coalesce(sum(count), 0)::bigint
from event_tally
where workspace = %(workspace)s and day >= %(since)s and name = %(name)s and type = any(%(types)s::text[])
