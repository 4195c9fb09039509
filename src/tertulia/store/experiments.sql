-- Who came to experiments and converted (A4). Both fan out over one workspace's assignments.

-- name: converted
-- By experiment, way and weight: people whose time is over, how many of those converted in it, and people in all. A goal
-- counts of the journey, or of any where none is named.
select a.experiment, a.way, a.weight, count(*) filter (where a.at <= %(over)s),
       count(*) filter (where a.at <= %(over)s and exists (
           select 1 from goal g
           where g.shard = a.shard and g.contact_id = a.contact_id
             and (%(journey)s::integer is null or g.journey_id = %(journey)s)
             and g.at >= a.at and g.at <= a.at + %(within)s::interval)),
       count(*)
from assignment a
where a.workspace = %(workspace)s and a.experiment = any(%(experiments)s::text[])
group by a.experiment, a.way, a.weight
