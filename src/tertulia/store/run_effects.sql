-- What journeys bring about, folded by kind: one statement each.

-- name: set_runs
insert into run_open (shard, id, workspace, contact_id, journey_id, revision, key, step, visit, entered_at, started_at,
                      since, due_at, delivery_id, event, withheld, answers, question, results, exit_at)
select shard, id, workspace, contact_id, journey_id, revision, key, step, visit, entered_at, started_at, since, due_at,
       delivery_id, event::jsonb, withheld, answers::jsonb, question::jsonb, results::jsonb, exit_at
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(journey_id)s::integer[], %(revision)s::integer[], %(key)s::text[], %(step)s::text[],
            %(visit)s::integer[], %(entered_at)s::timestamptz[], %(started_at)s::timestamptz[],
            %(since)s::timestamptz[], %(due_at)s::timestamptz[], %(delivery_id)s::uuid[], %(event)s::text[],
            %(withheld)s::boolean[], %(answers)s::text[], %(question)s::text[], %(results)s::text[],
            %(exit_at)s::timestamptz[])
     as t (shard, id, workspace, contact_id, journey_id, revision, key, step, visit, entered_at, started_at, since,
           due_at, delivery_id, event, withheld, answers, question, results, exit_at)
on conflict (shard, id) do update
   set revision = excluded.revision, step = excluded.step, visit = excluded.visit, entered_at = excluded.entered_at,
       since = excluded.since,
       due_at = excluded.due_at, delivery_id = excluded.delivery_id, withheld = excluded.withheld,
       answers = excluded.answers, question = excluded.question, results = excluded.results, exit_at = excluded.exit_at,
       event = case when run_open.visit = excluded.visit then run_open.event else excluded.event end

-- name: close_runs
delete from run_open r
using unnest(%(shard)s::smallint[], %(id)s::uuid[]) as t (shard, id)
where r.shard = t.shard and r.id = t.id

-- name: end_runs
insert into run (shard, day, id, workspace, contact_id, journey_id, revision, key, step, entered_at, started_at, event,
                 answers, results, outcome, reason, event_id, ended_at)
select shard, day, id, workspace, contact_id, journey_id, revision, key, step, entered_at, started_at, event::jsonb,
       answers::jsonb, results::jsonb, outcome, reason, event_id, ended_at
from unnest(%(shard)s::smallint[], %(day)s::date[], %(id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(journey_id)s::integer[], %(revision)s::integer[], %(key)s::text[], %(step)s::text[],
            %(entered_at)s::timestamptz[], %(started_at)s::timestamptz[], %(event)s::text[], %(answers)s::text[],
            %(results)s::text[], %(outcome)s::text[], %(reason)s::text[], %(event_id)s::uuid[],
            %(ended_at)s::timestamptz[])
     as t (shard, day, id, workspace, contact_id, journey_id, revision, key, step, entered_at, started_at, event,
           answers, results, outcome, reason, event_id, ended_at)
on conflict do nothing

-- name: tally_steps
insert into step_tally (shard, journey_id, step, what, workspace, count)
select shard, journey_id, step, what, workspace, count
from unnest(%(shard)s::smallint[], %(journey_id)s::integer[], %(step)s::text[], %(what)s::text[],
            %(workspace)s::integer[], %(count)s::bigint[])
     as t (shard, journey_id, step, what, workspace, count)
on conflict (shard, journey_id, step, what) do update set count = step_tally.count + excluded.count

-- name: note_passages
insert into passage (shard, contact_id, journey_id, key, workspace, entry_at, message_at)
select shard, contact_id, journey_id, key, workspace, entry_at, message_at
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(journey_id)s::integer[], %(key)s::text[],
            %(workspace)s::integer[], %(entry_at)s::timestamptz[], %(message_at)s::timestamptz[])
     as t (shard, contact_id, journey_id, key, workspace, entry_at, message_at)
on conflict (shard, contact_id, journey_id, key) do update
   set entry_at = greatest(passage.entry_at, excluded.entry_at),
       message_at = greatest(passage.message_at, excluded.message_at)
