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
insert into goal (shard, run_id, workspace, contact_id, journey_id, step, event_id, at, earlier_steps)
select shard, run_id, workspace, contact_id, journey_id, step, event_id, at,
       array(select jsonb_array_elements_text(earlier_steps::jsonb))
from unnest(%(shard)s::smallint[], %(run_id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(journey_id)s::integer[], %(step)s::text[], %(event_id)s::uuid[], %(at)s::timestamptz[],
            %(earlier_steps)s::text[])
     as t (shard, run_id, workspace, contact_id, journey_id, step, event_id, at, earlier_steps)
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

-- name: lose_credits
-- The earliest message of the step leaves those to which the goal may be owed.
update goal_open o
   set (step, sent_at, earlier_steps, earlier_at) = (
       select coalesce(m.steps[m.n], ''), m.times[m.n], coalesce(m.steps[:m.n - 1], '{}'), coalesce(m.times[:m.n - 1], '{}')
       from (
           select array_agg(u.step order by u.place) as steps, array_agg(u.at order by u.place) as times,
                  count(*)::integer as n
           from unnest(o.earlier_steps || o.step, o.earlier_at || o.sent_at) with ordinality as u (step, at, place)
           where u.place <> array_position(o.earlier_steps || o.step, t.step)
       ) m
   )
from unnest(%(shard)s::smallint[], %(run_id)s::uuid[], %(step)s::text[]) as t (shard, run_id, step)
where o.shard = t.shard and o.run_id = t.run_id and o.sent_at is not null
  and t.step = any(o.earlier_steps || o.step)

-- name: move_credits
-- A goal that was reached is owed to the message before, and the counts of the steps say so.
with lost as (
    select g.shard, g.run_id, g.workspace, g.journey_id, t.step, g.earlier_steps as steps,
           cardinality(g.earlier_steps) as n
    from goal g
    join unnest(%(shard)s::smallint[], %(run_id)s::uuid[], %(step)s::text[]) as t (shard, run_id, step)
      on g.shard = t.shard and g.run_id = t.run_id and g.step = t.step
), moved as (
    update goal g set step = coalesce(l.steps[l.n], ''), earlier_steps = l.steps[:l.n - 1]
    from lost l where g.shard = l.shard and g.run_id = l.run_id
)
insert into step_tally (shard, journey_id, step, what, workspace, count)
select l.shard, l.journey_id, v.step, 'goal', l.workspace, sum(v.count)
from lost l cross join lateral (values (l.step, -1), (coalesce(l.steps[l.n], ''), 1)) as v (step, count)
where v.step <> ''
group by 1, 2, 3, 5
order by 1, 2, 3
on conflict (shard, journey_id, step, what) do update set count = step_tally.count + excluded.count
