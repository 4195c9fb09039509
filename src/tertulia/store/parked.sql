-- Entries that could not be decided, and calls that could not be read (I3). Both are few, or something is broken; reads of
-- a whole workspace fan out.

-- name: list
-- The newest first; of one channel, or all (0).
select shard, id, channel_id, kind, key, reason, payload, at, settled_at
from parked
where workspace = %(workspace)s and (%(channel)s = 0 or channel_id = %(channel)s)
  and (settled_at is null or %(settled)s) and at < %(before)s
order by at desc, id
limit %(limit)s

-- name: get
select shard, id, channel_id, kind, key, reason, payload, at, settled_at
from parked
where workspace = %(workspace)s and id = %(id)s

-- name: settle
-- The guard is in the update: who settles it tries it again, nobody twice.
update parked set settled_at = %(now)s
where shard = %(shard)s and id = %(id)s and workspace = %(workspace)s and settled_at is null

-- name: uncount
update channel_tally set parked = parked - 1 where shard = %(shard)s and channel_id = %(channel)s

-- name: calls
-- From the index webhook_unread.
select id, channel_id, received_at, method, parked, octet_length(body), tried_at
from webhook
where workspace = %(workspace)s and parked <> '' and (%(channel)s = 0 or channel_id = %(channel)s)
  and (received_at, id) < (%(before)s::timestamptz, %(before_id)s::uuid)
order by received_at desc, id desc
limit %(limit)s

-- name: untried
-- Those that were never tried before those that were: of very many, each gets its turn.
select id
from webhook
where workspace = %(workspace)s and parked <> '' and (%(channel)s = 0 or channel_id = %(channel)s)
order by tried_at nulls first, received_at desc
limit %(limit)s

-- name: get_call
select id, workspace, channel_id, received_at, method, url, headers, body, parked
from webhook
where shard = %(shard)s and id = %(id)s and workspace = %(workspace)s

-- name: settle_call
-- What a call came to when it was tried again. The guard is in the update: of two who try, one appends.
update webhook set parked = %(parked)s, events = %(events)s, unknown = %(unknown)s, tried_at = %(now)s
where shard = %(shard)s and id = %(id)s and parked <> ''
