-- Slots under the frequency caps, and messages that gates hold back until a time.

-- name: slots_of
-- Of each contact those since an instant, which is as far back as its workspace's caps look.
select s.contact_id, s.message_id, s.delivery_id, s.channel, s.topic, s.class, s.important, s.state, s.at
from unnest(%(shards)s::smallint[], %(ids)s::bigint[], %(since)s::timestamptz[]) as k (shard, contact_id, since)
cross join lateral (
    select * from slot o where o.shard = k.shard and o.contact_id = k.contact_id and o.at >= k.since offset 0
) s

-- name: set_slots
insert into slot (shard, contact_id, message_id, workspace, delivery_id, channel, topic, class, important, state, at)
select shard, contact_id, message_id, workspace, delivery_id, channel, topic, class, important, state, at
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(message_id)s::uuid[], %(workspace)s::integer[],
            %(delivery_id)s::uuid[], %(channel)s::text[], %(topic)s::text[], %(class)s::text[],
            %(important)s::boolean[], %(state)s::text[], %(at)s::timestamptz[])
     as t (shard, contact_id, message_id, workspace, delivery_id, channel, topic, class, important, state, at)
on conflict (shard, contact_id, message_id) do update
   set delivery_id = excluded.delivery_id, channel = excluded.channel, topic = excluded.topic, class = excluded.class,
       important = excluded.important, state = excluded.state, at = excluded.at

-- name: move_slots
update slot s set delivery_id = t.to_id, state = 'reserved'
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(delivery_id)s::uuid[], %(to_id)s::uuid[])
     as t (shard, contact_id, delivery_id, to_id)
where s.shard = t.shard and s.contact_id = t.contact_id and s.delivery_id = t.delivery_id

-- name: release_slots
delete from slot s
using unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(delivery_id)s::uuid[])
     as t (shard, contact_id, delivery_id)
where s.shard = t.shard and s.contact_id = t.contact_id and s.delivery_id = t.delivery_id

-- name: deferred_of
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.lane, d.state, d.attempt,
       d.to_kind, d.to_value, d.identity_scope, d.content, d.cause, d.deadline, d.made_at,
       d.journey_id, d.run_id, coalesce(d.step, '')
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, contact_id)
cross join lateral (
    select * from delivery_open o
    where o.shard = k.shard and o.contact_id = k.contact_id and o.state = 'queued' and o.held_by = 'cap'
    offset 0
) d

-- name: wake_held
update delivery_open d set not_before = t.at, held_by = ''
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(at)s::timestamptz[]) as t (shard, contact_id, at)
where d.shard = t.shard and d.contact_id = t.contact_id and d.state = 'queued' and d.held_by <> '' and d.not_before > t.at

-- name: wake_held_of_workspaces
update delivery_open d set not_before = %(now)s, held_by = ''
where d.workspace = any(%(workspaces)s::integer[]) and d.held_by <> '' and d.state = 'queued'
  and d.not_before > %(now)s and d.shard = any(%(shards)s::smallint[])

-- name: forget_slots
-- As far back as the longest cap looks, and a month where a cap may yet be set.
delete from slot s
using (
    select o.shard, o.contact_id, o.message_id from slot o
    where o.at < %(now)s::timestamptz - make_interval(secs => greatest(%(least_s)s, (select coalesce(max(c.window_s), 0) from cap c)))
    limit %(limit)s
) f
where s.shard = f.shard and s.contact_id = f.contact_id and s.message_id = f.message_id
