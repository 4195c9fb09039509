-- Runs of journeys, for a cycle.

-- name: runs_of
select r.id, r.workspace, r.contact_id, r.journey_id, r.revision, r.key, r.step, r.visit, r.entered_at, r.started_at,
       r.since, r.due_at, r.delivery_id, r.event, r.withheld, r.answers, r.question, r.results, r.exit_at
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, contact_id)
cross join lateral (
    select * from run_open o where o.shard = k.shard and o.contact_id = k.contact_id offset 0
) r

-- name: runs_by_id
select r.id, r.workspace, r.contact_id, r.journey_id, r.revision, r.key, r.step, r.visit, r.entered_at, r.started_at,
       r.since, r.due_at, r.delivery_id, r.event, r.withheld, r.answers, r.question, r.results, r.exit_at
from unnest(%(shards)s::smallint[], %(ids)s::uuid[]) as k (shard, id)
cross join lateral (
    select * from run_open o where o.shard = k.shard and o.id = k.id offset 0
) r

-- name: due_runs
-- Those that wait longest first.
select r.id, r.workspace, r.contact_id, r.journey_id, r.revision, r.key, r.step, r.visit, r.entered_at, r.started_at,
       r.since, r.due_at, r.delivery_id, r.event, r.withheld, r.answers, r.question, r.results, r.exit_at
from run_open r
where r.due_at <= %(now)s and r.shard = any(%(shards)s::smallint[]) and r.journey_id = any(%(journeys)s::integer[])
order by r.due_at, r.id
limit %(limit)s

-- name: exit_runs
-- Those whose exit condition is to be looked at (X5), whether their journey runs or is paused.
select r.id, r.workspace, r.contact_id, r.journey_id, r.revision, r.key, r.step, r.visit, r.entered_at, r.started_at,
       r.since, r.due_at, r.delivery_id, r.event, r.withheld, r.answers, r.question, r.results, r.exit_at
from run_open r
where r.exit_at <= %(now)s and r.shard = any(%(shards)s::smallint[])
order by r.exit_at, r.id
limit %(limit)s

-- name: runs_of_journey
select r.id, r.workspace, r.contact_id, r.journey_id, r.revision, r.key, r.step, r.visit, r.entered_at, r.started_at,
       r.since, r.due_at, r.delivery_id, r.event, r.withheld, r.answers, r.question, r.results, r.exit_at
from run_open r
where r.journey_id = %(journey)s and r.shard = any(%(shards)s::smallint[])
limit %(limit)s

-- name: runs_behind
-- Those of older revisions, in some shards.
select r.id, r.workspace, r.contact_id, r.journey_id, r.revision, r.key, r.step, r.visit, r.entered_at, r.started_at,
       r.since, r.due_at, r.delivery_id, r.event, r.withheld, r.answers, r.question, r.results, r.exit_at
from run_open r
where r.journey_id = %(journey)s and r.revision < %(revision)s and r.shard = any(%(shards)s::smallint[])

-- name: written
-- Runs that have sent something, or may have, or would have, were their customer not held out (A3).
select k.id
from unnest(%(shards)s::smallint[], %(contacts)s::bigint[], %(ids)s::uuid[], %(days)s::date[])
     as k (shard, contact_id, id, day)
where exists (
    select 1 from delivery d
    where d.shard = k.shard and d.contact_id = k.contact_id and d.day >= k.day and d.run_id = k.id
      and (d.state in ('sent', 'delivered', 'read', 'expired') or d.reason like 'hold\_out.%%')
) or exists (
    select 1 from delivery_open o
    where o.shard = k.shard and o.run_id = k.id and o.state in ('sending', 'unknown')
)

-- name: inside
-- How many are in a journey, by revision, step and whether their run has sent something (as above).
select r.revision, r.step,
       w.run_id is not null or exists (
           select 1 from delivery_open o
           where o.shard = r.shard and o.run_id = r.id and o.state in ('sending', 'unknown')
       ),
       count(*)
from run_open r
left join (
    select distinct d.shard, d.run_id from delivery d
    where d.journey_id = %(journey)s
      and (d.state in ('sent', 'delivered', 'read', 'expired') or d.reason like 'hold\_out.%%')
) w on w.shard = r.shard and w.run_id = r.id
where r.journey_id = %(journey)s
group by 1, 2, 3

-- name: put_off
update run_open set due_at = %(until)s where shard = %(shard)s and id = %(id)s

-- name: look_at_exits
update run_open r set exit_at = %(now)s
from unnest(%(shards)s::smallint[], %(contacts)s::bigint[], %(journeys)s::integer[]) as t (shard, contact_id, journey_id)
where r.shard = t.shard and r.contact_id = t.contact_id and r.journey_id = t.journey_id

-- name: put_off_exit
update run_open set exit_at = %(until)s where shard = %(shard)s and id = %(id)s

-- name: shift_runs
-- V2: a pause that froze the timers moves them by its length.
update run_open set due_at = due_at + make_interval(secs => %(seconds)s)
where journey_id = %(journey)s and due_at is not null and shard = any(%(shards)s::smallint[])

-- name: passages
select p.journey_id, p.contact_id, p.key, p.entry_at, p.message_at
from unnest(%(shards)s::smallint[], %(ids)s::bigint[], %(journeys)s::integer[]) as k (shard, contact_id, journey_id)
cross join lateral (
    select * from passage o
    where o.shard = k.shard and o.contact_id = k.contact_id and o.journey_id = k.journey_id
    offset 0
) p

-- name: recalled
-- Events of these names since an instant, the newest of each contact.
select e.contact_id, e.id, e.occurred_at, e.type, e.name, e.properties
from unnest(%(shards)s::smallint[], %(ids)s::bigint[], %(since)s::timestamptz[]) as k (shard, contact_id, since)
cross join lateral (
    select v.contact_id, v.id, v.occurred_at, v.type, v.name, v.properties
    from event v
    where v.shard = k.shard and v.contact_id = k.contact_id and v.occurred_at >= k.since
      and v.name = any(%(names)s::text[])
    order by v.occurred_at desc
    limit %(limit)s
) e

-- name: begun
-- A contact has few runs, so they are looked through.
select distinct k.id::uuid
from unnest(%(shards)s::smallint[], %(contacts)s::bigint[], %(ids)s::text[]) as k (shard, contact_id, id)
cross join lateral (
    select 1 from run_open o where o.shard = k.shard and o.contact_id = k.contact_id and o.event ->> 'id' = k.id
    union all
    select 1 from run r where r.shard = k.shard and r.contact_id = k.contact_id and r.event ->> 'id' = k.id
) f
