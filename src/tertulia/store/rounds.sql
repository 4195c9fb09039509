-- Rounds of journeys: the times at which they look for people by themselves.

-- name: open
insert into journey_round (journey_id, day, due_at, state, runs)
select r.journey_id, r.day, r.due_at, r.state, ''
from unnest(%(journeys)s::integer[], %(days)s::date[], %(dues)s::timestamptz[], %(states)s::text[])
     as r (journey_id, day, due_at, state)
on conflict (journey_id, due_at) do nothing

-- name: running
select r.id, r.journey_id, r.day, r.due_at, r.runs, coalesce(j.revision, 0)
from journey_round r
join journey j on j.id = r.journey_id
where r.state = 'running' and r.due_at <= %(now)s
order by r.due_at, r.id

-- name: left
-- Shards that are not looked through yet.
select s.shard from unnest(%(shards)s::smallint[]) as s (shard)
where not exists (select 1 from round_shard d where d.shard = s.shard and d.round_id = %(round_id)s)
limit %(limit)s

-- name: take
insert into round_shard (shard, round_id, workspace, entered)
select s.shard, %(round_id)s, %(workspace)s, s.entered
from unnest(%(shards)s::smallint[], %(entered)s::integer[]) as s (shard, entered)
on conflict (shard, round_id) do nothing

-- name: end
-- Every shard is done.
update journey_round r set state = 'done'
where r.id = %(round_id)s and r.state = 'running'
  and (select count(*) from round_shard d where d.round_id = r.id) = %(shards)s

-- name: everybody
select c.id from contact c
where c.shard = any(%(shards)s::smallint[]) and c.workspace = %(workspace)s and c.merged_into is null
  and c.erased_at is null

-- name: members
select m.contact_id from segment_member m
where m.shard = any(%(shards)s::smallint[]) and m.segment_id = %(segment_id)s

-- name: dated
-- Whose attribute holds one of these dates: whole ones, or of every year the end of one. Also of contacts that were
-- merged into others; whether the others' is the date is asked of them.
select c.id from contact c
where c.shard = any(%(shards)s::smallint[]) and c.workspace = %(workspace)s and c.erased_at is null
  and case when %(yearly)s then substr(c.attributes ->> %(attribute)s, 6, 5)
           else substr(c.attributes ->> %(attribute)s, 1, 10) end = any(%(wanted)s::text[])

-- name: forget_rounds
delete from round_shard d
using (select s.shard, s.round_id from round_shard s join journey_round r on r.id = s.round_id
       where r.state <> 'running' and r.due_at < %(before)s limit %(limit)s) o
where d.shard = o.shard and d.round_id = o.round_id
