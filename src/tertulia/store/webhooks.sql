-- name: insert_calls
-- The raw call, before it is acknowledged (I3). When the answer to a commit is lost the group is written once more: a call
-- that stands already stays.
insert into webhook (shard, id, workspace, channel_id, received_at, method, url, headers, body, events, unknown, parked)
select shard, id, workspace, channel_id, %(received)s, method, url, headers::jsonb, body, events, unknown, parked
from unnest(%(shards)s::smallint[], %(ids)s::uuid[], %(workspaces)s::integer[], %(channels)s::integer[],
            %(methods)s::text[], %(urls)s::text[], %(headers)s::text[], %(bodies)s::bytea[], %(events)s::integer[],
            %(unknowns)s::integer[], %(parked)s::text[])
     as t (shard, id, workspace, channel_id, method, url, headers, body, events, unknown, parked)
on conflict do nothing

-- name: remember_nonces
-- The body that a nonce came with first, this one's or an earlier one's. In the order of the key, so that two appenders
-- never wait for each other.
insert into hook_nonce (shard, channel_id, nonce, workspace, body_hash, at)
select distinct on (shard, channel_id, nonce) shard, channel_id, nonce, workspace, body_hash, %(at)s
from unnest(%(shards)s::smallint[], %(channels)s::integer[], %(nonces)s::text[], %(workspaces)s::integer[],
            %(hashes)s::bytea[]) with ordinality as t (shard, channel_id, nonce, workspace, body_hash, place)
order by shard, channel_id, nonce, place
on conflict (shard, channel_id, nonce) do update set at = hook_nonce.at
returning channel_id, nonce, body_hash

-- name: count_received
-- A row of the appender's own, so that it never waits for an owner's cycle, which holds the rows of its shards.
insert into channel_tally (shard, channel_id, workspace, received, processed, duplicates, parked)
select %(shard)s, channel_id, workspace, received, 0, 0, parked
from unnest(%(channels)s::integer[], %(workspaces)s::integer[], %(received)s::bigint[], %(parked)s::bigint[])
     as t (channel_id, workspace, received, parked)
order by channel_id
on conflict (shard, channel_id) do update
set received = channel_tally.received + excluded.received, parked = channel_tally.parked + excluded.parked

-- name: touch_channels
-- When the provider first and last called. At most once a second for a channel, by its caller.
update channel c set first_call_at = coalesce(c.first_call_at, %(at)s), last_call_at = %(at)s
from unnest(%(channels)s::integer[]) as t (id)
where c.id = t.id
