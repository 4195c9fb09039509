-- Entries that could not be decided, and calls that could not be read (I3).

-- name: list
-- Parked rows are few, or something is broken; the channel's page shows the newest.
select shard, id, kind, reason, at
from parked
where workspace = %(workspace)s and channel_id = %(channel)s and settled_at is null
order by at desc, id
limit %(limit)s

-- name: calls
select received_at, method, parked
from webhook
where workspace = %(workspace)s and channel_id = %(channel)s and parked <> ''
order by received_at desc
limit %(limit)s

-- name: take
-- The guard is in the update: who settles it tries it again, nobody twice.
update parked set settled_at = %(now)s
where shard = %(shard)s and id = %(id)s and workspace = %(workspace)s and settled_at is null
returning channel_id, payload

-- name: uncount
update channel_tally set parked = parked - 1 where shard = %(shard)s and channel_id = %(channel)s
