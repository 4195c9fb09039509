-- Segments: who is in them, and what that is decided by.

-- name: has_merged
select 1 from contact c where c.workspace = %(workspace)s and c.merged_into is not null limit 1


-- name: published
-- Every live segment's newest revision.
select s.id, s.workspace_id, s.key, s.name, s.turn, s.cause, r.document
from segment s
join segment_revision r on r.segment_id = s.id and r.number = s.revision
where s.state = 'live'
order by s.id

-- name: keys
select k.id, k.workspace_id, k.type, k.name, k."where", k.sum, k.hourly from segment_key k order by k.id

-- name: add_activity
-- In one order, so that two owners who meet at a merge do not wait for each other.
insert into activity (shard, key_id, contact_id, bucket, workspace, count, total)
select * from unnest(%(shard)s::smallint[], %(key_id)s::integer[], %(contact_id)s::bigint[], %(bucket)s::timestamptz[],
                     %(workspace)s::integer[], %(count)s::integer[], %(total)s::numeric[])
on conflict (shard, key_id, contact_id, bucket)
do update set count = activity.count + excluded.count, total = activity.total + excluded.total

-- name: tallies
select a.contact_id, a.key_id, a.bucket, a.count, a.total
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
cross join unnest(%(keys)s::integer[]) as w (key_id)
join activity a on a.shard = k.shard and a.key_id = w.key_id and a.contact_id = k.id

-- name: clear_activity
delete from activity where key_id = %(key_id)s and shard = any(%(shards)s::smallint[])

-- name: message_tallies
-- What became of contacts' messages, as `segment_sql` counts it: their state, journey, step and channel, and when.
select d.contact_id, d.journey_id, coalesce(d.step, ''), d.channel_id, d.sent_at, coalesce(d.delivered_at, d.read_at),
       d.read_at, d.failed_at
from delivery d
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on d.shard = k.shard and d.contact_id = k.id

-- name: click_tallies
select c.contact_id, c.journey_id, coalesce(c.step, ''), c.channel_id, c.at
from click c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.contact_id = k.id
where c.class = 'human'

-- name: memberships
select m.contact_id, m.segment_id
from segment_member m
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on m.shard = k.shard and m.contact_id = k.id

-- name: add_members
insert into segment_member (shard, segment_id, contact_id, workspace, since)
select * from unnest(%(shard)s::smallint[], %(segment_id)s::integer[], %(contact_id)s::bigint[], %(workspace)s::integer[],
                     %(at)s::timestamptz[])
on conflict (shard, segment_id, contact_id) do nothing

-- name: drop_members
delete from segment_member m
using unnest(%(shard)s::smallint[], %(segment_id)s::integer[], %(contact_id)s::bigint[]) as k (shard, segment_id, contact_id)
where m.shard = k.shard and m.segment_id = k.segment_id and m.contact_id = k.contact_id

-- name: note_changes
insert into segment_change (shard, contact_id, segment_id, at, entered, workspace, cause, name)
select * from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(segment_id)s::integer[], %(at)s::timestamptz[],
                     %(entered)s::boolean[], %(workspace)s::integer[], %(cause)s::text[], %(name)s::text[])
on conflict (shard, contact_id, segment_id, at, entered) do nothing

-- name: members_of_shards
select m.contact_id from segment_member m where m.segment_id = %(segment_id)s and m.shard = any(%(shards)s::smallint[])

-- name: turns
-- Which turn of these segments the shards of some contacts have.
select t.segment_id, t.shard, t.turn
from segment_shard t
where t.shard = any(%(shards)s::smallint[]) and t.segment_id = any(%(segments)s::integer[])

-- name: set_turn
insert into segment_shard (shard, segment_id, workspace, turn, swept_to)
select s.shard, %(segment_id)s, %(workspace)s, %(turn)s, %(swept_to)s
from unnest(%(shards)s::smallint[]) as s (shard)
on conflict (shard, segment_id) do update set turn = excluded.turn, swept_to = excluded.swept_to

-- name: set_swept
update segment_shard set swept_to = %(swept_to)s
where segment_id = %(segment_id)s and shard = any(%(shards)s::smallint[])

-- name: stale
-- Shards of which nobody has looked who belongs to a segment since its last turn.
select s.shard from unnest(%(shards)s::smallint[]) as s (shard)
where not exists (select 1 from segment_shard t
                  where t.shard = s.shard and t.segment_id = %(segment_id)s and t.turn = %(turn)s)
limit %(limit)s

-- name: unswept
select t.shard, t.swept_to from segment_shard t
where t.segment_id = %(segment_id)s and t.shard = any(%(shards)s::smallint[]) and t.swept_to < %(before)s
limit %(limit)s

-- name: leaving
-- Whose events lie in the hours or days that a window has just left.
select distinct a.contact_id from activity a
where a.key_id = %(key_id)s and a.shard = any(%(shards)s::smallint[])
  and a.bucket >= %(since)s and a.bucket < %(until)s

-- name: leaving_messages
select distinct d.contact_id from delivery d
where d.shard = any(%(shards)s::smallint[])
  and (d.sent_at >= %(since)s and d.sent_at < %(until)s or d.delivered_at >= %(since)s and d.delivered_at < %(until)s
       or d.read_at >= %(since)s and d.read_at < %(until)s or d.failed_at >= %(since)s and d.failed_at < %(until)s)
union
select distinct k.contact_id from click k
where k.shard = any(%(shards)s::smallint[]) and k.at >= %(since)s and k.at < %(until)s

-- name: count_members
select m.segment_id, count(*) from segment_member m
where m.segment_id = any(%(segments)s::integer[]) group by m.segment_id

-- name: pending
-- How many shards have not looked yet who belongs since the last turn.
select %(shards)s - count(*) from segment_shard t where t.segment_id = %(segment_id)s and t.turn = %(turn)s

-- name: list_members
select c.id, c.name, c.surname, m.since
from segment_member m
join contact c on c.shard = m.shard and c.id = m.contact_id
where m.segment_id = %(segment_id)s and m.contact_id > %(after)s
order by m.contact_id
limit %(limit)s

-- name: segments_of
-- In which segments a contact is, and those merged into it, each since when.
select m.segment_id, min(m.since)
from segment_member m
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on m.shard = k.shard and m.contact_id = k.id
group by m.segment_id
order by 2 desc, 1

-- name: changes_of
select g.segment_id, g.at, g.entered, g.cause, g.name
from segment_change g
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on g.shard = k.shard and g.contact_id = k.id
where %(segment_id)s::integer is null or g.segment_id = %(segment_id)s
order by g.at desc, g.segment_id
limit %(limit)s

-- name: recent_changes
select g.contact_id, c.name, c.surname, g.at, g.entered, g.cause, g.name
from segment_change g
left join contact c on c.shard = g.shard and c.id = g.contact_id
where g.segment_id = %(segment_id)s
order by g.at desc, g.contact_id
limit %(limit)s

-- name: next_members
-- The next of a segment's members in some shards.
select m.shard, m.contact_id
from segment_member m
where m.shard = %(shard)s and m.segment_id = %(segment_id)s and m.contact_id > %(after)s
order by m.contact_id
limit %(limit)s
