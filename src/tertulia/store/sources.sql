-- What the list of sources counts. A workspace's tallies lie in every shard; all of them are named, so that
-- each is entered by its primary key instead of reading the table whole.

-- name: any
select 1
from event_tally
where shard = any(%(shards)s::smallint[]) and workspace = %(workspace)s and source_id = %(source)s
limit 1

-- name: volumes
select source_id, day, sum(count)::bigint, max(last_at)
from event_tally
where shard = any(%(shards)s::smallint[]) and workspace = %(workspace)s and day >= %(since)s
group by source_id, day
order by day, source_id

-- name: last
select source_id, max(last_at)
from event_tally
where shard = any(%(shards)s::smallint[]) and workspace = %(workspace)s
group by source_id

-- name: refusals
-- By age, which the rows lie in: the block ranges of the last day are all that is read.
select source_id, count(*)
from event_discard
where workspace = %(workspace)s and at >= %(since)s and code <> 'bad_timestamp'
group by source_id
