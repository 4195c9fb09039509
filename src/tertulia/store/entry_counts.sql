-- R5: runs of journeys whose entries are limited.

-- name: prepare
insert into entry_count (journey_id, day, workspace, count)
select journey_id, day, workspace, 0
from unnest(%(journeys)s::integer[], %(days)s::date[], %(workspaces)s::integer[]) as t (journey_id, day, workspace)
order by journey_id, day
on conflict do nothing

-- name: lock
-- In one order for all owners, until the commit: of two that let people into one journey, one waits for the other.
select c.journey_id, c.day, c.count
from entry_count c
join unnest(%(journeys)s::integer[], %(days)s::date[]) as t (journey_id, day)
  on c.journey_id = t.journey_id and c.day = t.day
order by c.journey_id, c.day
for update of c

-- name: take
update entry_count c set count = c.count + t.more
from unnest(%(journeys)s::integer[], %(days)s::date[], %(more)s::bigint[]) as t (journey_id, day, more)
where c.journey_id = t.journey_id and c.day = t.day
