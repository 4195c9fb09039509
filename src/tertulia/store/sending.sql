-- name: take
-- One probe of the partial index delivery_open_send a channel; rows that another sender takes at this moment are left
-- to it. lease_until is in no index, so the lease is a HOT update.
with wanted as materialized (
    select d.shard, d.id
    from unnest(%(channels)s::integer[], %(rooms)s::integer[]) as c (channel, room)
    cross join lateral (
        select o.shard, o.id
        from delivery_open o
        where o.channel_id = c.channel and o.state = 'sending' and o.lease_until is null
          and o.shard = any(%(shards)s::smallint[]) and o.lane between %(first)s and %(last)s
        order by o.lane, o.made_at
        limit c.room
        for update skip locked
    ) d
)
update delivery_open o
set lease_until = %(until)s
from wanted w
where o.shard = w.shard and o.id = w.id
returning o.shard, o.id, o.workspace, o.contact_id, o.channel_id, o.attempt, o.lane, o.to_kind, o.to_value,
          o.identity_scope, o.content, o.made_at

-- name: take_lost
with ended as materialized (
    select o.shard, o.id, o.lease_until
    from delivery_open o
    where o.state = 'sending' and o.lease_until < %(now)s and o.shard = any(%(shards)s::smallint[])
    limit %(limit)s
    for update skip locked
)
update delivery_open o
set lease_until = %(until)s
from ended e, channel c
where o.shard = e.shard and o.id = e.id and c.id = o.channel_id
returning o.id, o.workspace, o.contact_id, o.channel_id, o.attempt, c.kind, e.lease_until

-- name: ask
-- handed_at stays the earliest: an earlier attempt that was lost too may be the one that the provider has.
update delivery_open d
set asked = t.number, ask_at = t.at, handed_at = least(d.handed_at, t.handed_at), lease_until = null
from unnest(%(shards)s::smallint[], %(ids)s::uuid[], %(numbers)s::smallint[], %(ats)s::timestamptz[],
            %(handed)s::timestamptz[]) as t (shard, id, number, at, handed_at)
where d.shard = t.shard and d.id = t.id

-- name: take_questions
-- By the partial index delivery_open_ask, which holds lost messages only.
with wanted as materialized (
    select o.shard, o.id
    from delivery_open o
    where o.state = 'unknown' and o.ask_at <= %(now)s and o.channel_id = any(%(channels)s::integer[])
      and o.shard = any(%(shards)s::smallint[]) and (o.lease_until is null or o.lease_until < %(real)s)
    order by o.ask_at
    limit %(limit)s
    for update skip locked
)
update delivery_open o
set lease_until = %(until)s
from wanted w
where o.shard = w.shard and o.id = w.id
returning o.shard, o.id, o.workspace, o.contact_id, o.channel_id, o.attempt, o.asked, o.to_kind, o.to_value, o.content,
          coalesce(o.handed_at, o.made_at)

-- name: beat
update log_writer set seen_at = %(now)s where id = %(writer)s

-- name: count_senders
select count(*) from log_writer where name = %(name)s and seen_at > %(since)s

-- name: end_sender
update log_writer set name = name || ':ended' where id = %(writer)s
