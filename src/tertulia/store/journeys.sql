-- name: published
-- Every journey that was published, with its newest revision and those that live runs are in, or whose goals may be reached.
select j.id, j.workspace_id, j.name, j.state, j.revision, r.number, r.document, j.key,
       (select n.published_at from journey_revision n where n.journey_id = j.id and n.number = j.revision)
from journey j
join journey_revision r on r.journey_id = j.id
where j.revision is not null and j.state <> 'cancelled'
  and (r.number = j.revision
       or exists (select 1 from run_open o where o.journey_id = j.id and o.revision = r.number)
       or exists (select 1 from goal_open g where g.journey_id = j.id and g.revision = r.number))
order by j.id, r.number

-- name: steps
-- How many are at each step of a journey now.
select step, count(*) from run_open where journey_id = %(journey)s group by step

-- name: tallies
select step, what, sum(count)::bigint from step_tally where journey_id = any(%(journeys)s::integer[]) group by step, what

-- name: figures
-- Of each journey: how many entered, are in it now, and were sent something.
select j.id,
       coalesce((select sum(t.count)::bigint from step_tally t
                 where t.journey_id = j.id and t.step = '' and t.what = 'entered'), 0),
       (select count(*) from run_open o where o.journey_id = j.id),
       (select count(*) from delivery d where d.journey_id = j.id and d.sent_at is not null)
from unnest(%(journeys)s::integer[]) as j (id)

-- name: messages
-- What became of the messages of each step; those of who is held out apart (A3).
select step, case when reason like 'hold\_out.%%' then 'ghost' else state end, count(*)
from delivery where journey_id = %(journey)s group by 1, 2

-- name: unsent
-- Why messages of each step were not sent (of who is held out too), calls did not work, and people did not enter.
select coalesce(step, ''), reason, count(*) from ledger
where journey_id = %(journey)s and (outcome in ('not_sent', 'ghost', 'not_entered') or (outcome = 'failed' and gate = 'call'))
group by 1, 2 order by 3 desc

-- name: runs_of_contact
-- A contact's runs and those of who was merged into it, the newest first: live ones and those that are over.
select r.id, r.contact_id, r.journey_id, r.revision, r.key, r.step, r.entered_at, r.started_at, r.due_at, r.event,
       '' as outcome, '' as reason, null::uuid as event_id, null::timestamptz as ended_at,
       (select g.at from goal g where g.shard = r.shard and g.run_id = r.id) as goal_at,
       (select g.step from goal g where g.shard = r.shard and g.run_id = r.id) as goal_step,
       r.answers, r.question -> 'channel' is not null as asked, r.results, r.exit_at
from run_open r
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on r.shard = k.shard and r.contact_id = k.id
union all
select r.id, r.contact_id, r.journey_id, r.revision, r.key, r.step, r.entered_at, r.started_at, null, r.event,
       r.outcome, r.reason, r.event_id, r.ended_at,
       (select g.at from goal g where g.shard = r.shard and g.run_id = r.id),
       (select g.step from goal g where g.shard = r.shard and g.run_id = r.id), r.answers, false, r.results, null
from run r
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on r.shard = k.shard and r.contact_id = k.id
order by 8 desc, 1
limit %(limit)s

-- name: run_exists
select 1 from run_open where shard = %(shard)s and id = %(id)s
union all
select 1 from run where shard = %(shard)s and contact_id = %(contact)s and id = %(id)s

-- name: runs_at_step
-- Who is at a step now, those that came first.
select r.id, r.contact_id, r.since, r.due_at, c.name, c.surname
from run_open r
left join contact c on c.shard = r.shard and c.id = r.contact_id
where r.journey_id = %(journey)s and (%(step)s::text is null or r.step = %(step)s)
order by r.since, r.id
limit %(limit)s

-- name: end_cancelling
update journey set state = 'cancelled' where id = %(journey)s and state = 'cancelling'

-- name: resuming
select id, coalesce(shift_s, 0)::bigint, shift_s is null from journey where state = 'resuming' order by id

-- name: end_resuming
update journey set state = 'live', shift_s = null, paused_at = null where id = %(journey)s and state = 'resuming'
