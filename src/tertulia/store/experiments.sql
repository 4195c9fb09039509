-- Who came to experiments and converted (A4). It fans out over one workspace's assignments.

-- name: converted
-- By experiment, way and weight: people whose time is over, how many of those converted in it, and people in all. A goal
-- counts of the journey, or of any where none is named, but for those that are told `apart`. Goals are fewer than assignments and joined once: asking for each
-- of 100,000 people whether there is one takes 0.5 s, this 0.2 s. Who was merged is one person with whom they became:
-- the oldest choice is theirs (A1), and what either of them did is (M8).
with recursive moved as (
    select distinct contact_id, into_id from merge
    where workspace = %(workspace)s and undone_at is null and into_id <> 0
), upward as (
    select contact_id, into_id from moved
    union
    select u.contact_id, m.into_id from upward u join moved m on m.contact_id = u.into_id
), root as (
    select u.contact_id, u.into_id as person from upward u
    where not exists (select from moved m where m.contact_id = u.into_id)
), chosen as (
    select coalesce(r.person, a.contact_id) as person, a.contact_id, a.experiment, a.way, a.weight, a.at
    from assignment a
    left join root r on r.contact_id = a.contact_id
    where a.workspace = %(workspace)s and a.experiment = any(%(experiments)s::text[])
), numbered as (
    select c.contact_id, c.experiment,
           row_number() over (partition by c.person, c.experiment
                              order by c.at, c.contact_id <> c.person, c.contact_id) as place
    from chosen c
    where c.person in (select person from root)
), mine as (
    select c.* from chosen c
    where not exists (select from numbered n
                      where n.contact_id = c.contact_id and n.experiment = c.experiment and n.place > 1)
), came as (
    select a.experiment, a.way, a.weight, count(*) filter (where a.at <= %(over)s) as over, count(*) as people
    from mine a
    group by a.experiment, a.way, a.weight
), converted as (
    select a.experiment, a.way, a.weight, count(distinct a.person) as people
    from goal g
    left join root r on r.contact_id = g.contact_id
    join mine a on a.person = coalesce(r.person, g.contact_id)
    where g.workspace = %(workspace)s and (%(journey)s::integer is null or g.journey_id = %(journey)s)
      and g.journey_id <> all(%(apart)s::integer[])
      and a.at <= %(over)s and g.at >= a.at and g.at <= a.at + %(within)s::interval
    group by a.experiment, a.way, a.weight
)
select c.experiment, c.way, c.weight, c.over, coalesce(v.people, 0), c.people
from came c
left join converted v on (v.experiment, v.way, v.weight) = (c.experiment, c.way, c.weight)
