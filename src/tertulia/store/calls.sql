-- Calls of journeys to a company's API: written by cycles, made by callers (S6).

-- name: queue
insert into call_open (shard, id, workspace, contact_id, journey_id, run_id, step, visit, endpoint_id, method, path, body,
                       status_path, expect, save, saved, state, attempt, tries, asked, reason, not_before, made_at)
select shard, id, workspace, contact_id, journey_id, run_id, step, visit, endpoint_id, method, path, body, status_path,
       expect, save::jsonb, '{}', 'queued', 0, 0, 0, '', at, at
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(journey_id)s::integer[], %(run_id)s::uuid[], %(step)s::text[], %(visit)s::integer[],
            %(endpoint_id)s::integer[], %(method)s::text[], %(path)s::text[], %(body)s::text[], %(status_path)s::text[],
            %(expect)s::text[], %(save)s::text[], %(at)s::timestamptz[])
     as t (shard, id, workspace, contact_id, journey_id, run_id, step, visit, endpoint_id, method, path, body,
           status_path, expect, save, at)
on conflict do nothing

-- name: set
-- A call that is handed over says when; whatever it becomes, nobody holds it.
update call_open c
set state = t.state, attempt = t.attempt, tries = t.tries, asked = t.asked, not_before = t.not_before,
    ask_at = t.ask_at, reason = t.reason, lease_until = null,
    called_at = case when t.state = 'calling' then t.not_before else c.called_at end
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(state)s::text[], %(attempt)s::smallint[], %(tries)s::smallint[],
            %(asked)s::smallint[], %(not_before)s::timestamptz[], %(ask_at)s::timestamptz[], %(reason)s::text[])
     as t (shard, id, state, attempt, tries, asked, not_before, ask_at, reason)
where c.shard = t.shard and c.id = t.id

-- name: end
delete from call_open c
using unnest(%(shard)s::smallint[], %(id)s::uuid[]) as t (shard, id)
where c.shard = t.shard and c.id = t.id

-- name: load
select c.id, c.workspace, c.contact_id, c.journey_id, c.run_id, c.step, c.visit, c.endpoint_id, c.method,
       c.status_path <> '', c.state, c.attempt, c.tries, c.asked, c.reason, c.made_at, c.saved
from unnest(%(shards)s::smallint[], %(ids)s::uuid[]) as k (shard, id)
cross join lateral (select * from call_open o where o.shard = k.shard and o.id = k.id offset 0) c

-- name: due
-- Queued calls whose time has come, of journeys that run: of each endpoint so many as it has room for beside those that
-- are under way, those that wait longest first.
select c.id, c.workspace, c.contact_id, c.journey_id, c.run_id, c.step, c.visit, c.endpoint_id, c.method,
       c.status_path <> '', c.state, c.attempt, c.tries, c.asked, c.reason, c.made_at, c.saved
from endpoint e
cross join lateral (
    select * from call_open o
    where o.endpoint_id = e.id and o.state = 'queued' and o.not_before <= %(now)s
      and o.shard = any(%(shards)s::smallint[]) and o.journey_id = any(%(journeys)s::integer[])
    order by o.not_before, o.id
    limit greatest(%(room)s - (select count(*) from call_open u where u.endpoint_id = e.id and u.state = 'calling'), 0)
) c
union all
-- Those whose endpoint is gone, to be told so.
select c.id, c.workspace, c.contact_id, c.journey_id, c.run_id, c.step, c.visit, c.endpoint_id, c.method,
       c.status_path <> '', c.state, c.attempt, c.tries, c.asked, c.reason, c.made_at, c.saved
from call_open c
where c.state = 'queued' and c.not_before <= %(now)s and c.shard = any(%(shards)s::smallint[])
  and c.journey_id = any(%(journeys)s::integer[]) and not exists (select 1 from endpoint e where e.id = c.endpoint_id)

-- name: put_off
update call_open set not_before = %(until)s where shard = %(shard)s and id = %(id)s and state = 'queued'

-- name: take
-- Rows that another caller takes at this moment are left to it.
with wanted as materialized (
    select o.shard, o.id
    from call_open o
    where o.state = 'calling' and o.lease_until is null and o.shard = any(%(shards)s::smallint[])
      and o.endpoint_id = any(%(endpoints)s::integer[])
    order by o.called_at
    limit %(limit)s
    for update skip locked
)
update call_open o
set lease_until = %(until)s
from wanted w
where o.shard = w.shard and o.id = w.id
returning o.shard, o.id, o.workspace, o.contact_id, o.endpoint_id, o.attempt, o.asked, o.method, o.path, o.body,
          o.status_path, o.expect, o.save

-- name: take_questions
with wanted as materialized (
    select o.shard, o.id
    from call_open o
    where o.state = 'unknown' and o.ask_at <= %(now)s and o.shard = any(%(shards)s::smallint[])
      and o.endpoint_id = any(%(endpoints)s::integer[]) and (o.lease_until is null or o.lease_until < %(real)s)
    order by o.ask_at
    limit %(limit)s
    for update skip locked
)
update call_open o
set lease_until = %(until)s
from wanted w
where o.shard = w.shard and o.id = w.id
returning o.shard, o.id, o.workspace, o.contact_id, o.endpoint_id, o.attempt, o.asked, o.method, o.path, o.body,
          o.status_path, o.expect, o.save

-- name: take_lost
-- Calls whose lease ended without an outcome. It is renewed, so that they are told again only if the telling was lost.
with ended as materialized (
    select o.shard, o.id
    from call_open o
    where o.state = 'calling' and o.lease_until < %(now)s and o.shard = any(%(shards)s::smallint[])
    limit %(limit)s
    for update skip locked
)
update call_open o
set lease_until = %(until)s
from ended e
where o.shard = e.shard and o.id = e.id
returning o.workspace, o.contact_id, o.id, o.attempt

-- name: keep_answers
-- What was saved, beside the entry that tells of it, unless the call has gone on meanwhile. Values of a person stand
-- here and not in the log: an erasure removes them with the call.
update call_open c
set saved = t.saved::jsonb
from unnest(%(shards)s::smallint[], %(ids)s::uuid[], %(attempts)s::smallint[], %(saved)s::text[])
     as t (shard, id, attempt, saved)
where c.shard = t.shard and c.id = t.id and c.attempt = t.attempt

-- name: count_waiting
select count(*) from call_open
where workspace = %(workspace)s and reason <> '' and (%(journey)s::integer is null or journey_id = %(journey)s)

-- name: waiting
-- Calls that wait for a person, the oldest first.
select c.id, c.contact_id, c.journey_id, c.step, c.endpoint_id, c.method, c.path, c.attempt, c.called_at,
       concat_ws(' ', nullif(k.name, ''), nullif(k.surname, ''))
from call_open c
left join contact k on k.shard = c.shard and k.id = c.contact_id
where c.workspace = %(workspace)s and c.reason <> '' and (%(journey)s::integer is null or c.journey_id = %(journey)s)
order by c.made_at, c.id
limit %(limit)s

-- name: find
select c.contact_id, c.attempt, c.journey_id, c.step, c.endpoint_id
from call_open c
where c.workspace = %(workspace)s and c.id = %(id)s and c.reason <> ''

-- name: record
-- As in the channel log: nothing is kept of a call for a person who was erased meanwhile.
insert into call_log (shard, id, workspace, endpoint_id, contact_id, call_id, purpose, at, took_ms, method, url, headers,
                      body, status, answer, error)
select shard, nextval('call_log_serial'), workspace, endpoint_id, contact_id, call_id, purpose, at, took_ms, method, url,
       headers, body, status, answer, error
from unnest(%(shards)s::smallint[], %(workspaces)s::integer[], %(endpoints)s::integer[], %(contacts)s::bigint[],
            %(calls)s::uuid[], %(purposes)s::text[], %(ats)s::timestamptz[], %(tooks)s::integer[], %(methods)s::text[],
            %(urls)s::text[], %(headers)s::text[], %(bodies)s::text[], %(statuses)s::smallint[], %(answers)s::text[],
            %(errors)s::text[])
     with ordinality as t (shard, workspace, endpoint_id, contact_id, call_id, purpose, at, took_ms, method, url, headers,
                           body, status, answer, error, place)
where not exists (select 1 from contact c
                  where c.shard = t.shard and c.id = t.contact_id and c.erased_at is not null
                  offset 0)
order by place

-- name: exchanges
select workspace, endpoint_id, contact_id, call_id, purpose, at, took_ms, method, url, headers, body, status, answer,
       error, id
from call_log
where workspace = %(workspace)s and endpoint_id = %(endpoint)s and (%(before)s::bigint is null or id < %(before)s)
order by id desc
limit %(limit)s

-- name: trim
-- The last exchanges of each endpoint; of one that is gone none.
delete from call_log l
using (
    select e.id as endpoint_id, o.id as oldest
    from (select distinct endpoint_id as id from call_log) e
    cross join lateral (
        select coalesce(
            (select id from call_log where endpoint_id = e.id order by id desc offset %(kept)s limit 1),
            case when exists (select 1 from endpoint n where n.id = e.id) then 0
                 else (select max(id) from call_log where endpoint_id = e.id) end) as id
    ) o
) k
where l.endpoint_id = k.endpoint_id and l.id <= k.oldest
