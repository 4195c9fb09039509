-- Goals of journeys (G1-G3).

-- name: open_goals
-- Not again in a run that has reached it.
insert into goal_open (shard, run_id, workspace, contact_id, journey_id, revision, began_by, since, until, step, sent_at)
select t.*
from unnest(%(shard)s::smallint[], %(run_id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(journey_id)s::integer[], %(revision)s::integer[], %(began_by)s::text[], %(since)s::timestamptz[],
            %(until)s::timestamptz[], %(step)s::text[], %(sent_at)s::timestamptz[])
     as t (shard, run_id, workspace, contact_id, journey_id, revision, began_by, since, until, step, sent_at)
where not exists (select 1 from goal g where g.shard = t.shard and g.run_id = t.run_id)
on conflict (shard, run_id) do update
   set began_by = excluded.began_by, since = excluded.since, until = excluded.until, step = excluded.step,
       sent_at = excluded.sent_at,
       earlier_steps = case when excluded.sent_at is null then '{}' else goal_open.earlier_steps end,
       earlier_at = case when excluded.sent_at is null then '{}' else goal_open.earlier_at end

-- name: credit_steps
update goal_open o
   set step = t.step, sent_at = t.at,
       earlier_steps = case when o.sent_at is null then o.earlier_steps else o.earlier_steps || o.step end,
       earlier_at = case when o.sent_at is null then o.earlier_at else o.earlier_at || o.sent_at end
from unnest(%(shard)s::smallint[], %(run_id)s::uuid[], %(step)s::text[], %(at)s::timestamptz[])
     as t (shard, run_id, step, at)
where o.shard = t.shard and o.run_id = t.run_id

-- name: reach_goals
insert into goal (shard, run_id, workspace, contact_id, journey_id, step, event_id, at)
select shard, run_id, workspace, contact_id, journey_id, step, event_id, at
from unnest(%(shard)s::smallint[], %(run_id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(journey_id)s::integer[], %(step)s::text[], %(event_id)s::uuid[], %(at)s::timestamptz[])
     as t (shard, run_id, workspace, contact_id, journey_id, step, event_id, at)
on conflict do nothing

-- name: close_goals
delete from goal_open o
using unnest(%(shard)s::smallint[], %(run_id)s::uuid[]) as t (shard, run_id)
where o.shard = t.shard and o.run_id = t.run_id

-- name: goals_of
select o.workspace, o.contact_id, o.run_id, o.journey_id, o.revision, o.began_by, o.since, o.until, o.step, o.sent_at,
       o.earlier_steps, o.earlier_at
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, contact_id)
cross join lateral (
    select * from goal_open v where v.shard = k.shard and v.contact_id = k.contact_id offset 0
) o

-- name: forget_goals
delete from goal_open where until < %(before)s
