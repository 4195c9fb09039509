-- R5: totals that all owners share (budgets). Every statement takes the rows of totals in one order.

-- name: parts
-- What this owner has of each, and whether others have something that may come back.
select t.workspace, t.scope, t.period,
       coalesce(sum(p.unspent) filter (where p.owner = %(owner)s), 0)::bigint,
       coalesce(bool_or(p.owner <> %(owner)s and p.unspent > 0), false)
from unnest(%(workspaces)s::integer[], %(scopes)s::text[], %(periods)s::text[]) as t (workspace, scope, period)
left join allowance_part p using (workspace, scope, period)
group by t.workspace, t.scope, t.period

-- name: prepare
insert into allowance (workspace, scope, period, taken)
select workspace, scope, period, 0
from unnest(%(workspaces)s::integer[], %(scopes)s::text[], %(periods)s::text[]) as t (workspace, scope, period)
order by workspace, scope, period
on conflict do nothing

-- name: take
-- As much more of each as is wanted and left. The rows of totals are locked until the commit of the cycle.
with locked as materialized (
    select a.workspace, a.scope, a.period, least(t.wanted, t.most - a.taken) as more
    from unnest(%(workspaces)s::integer[], %(scopes)s::text[], %(periods)s::text[], %(limits)s::bigint[],
                %(wanted)s::bigint[]) as t (workspace, scope, period, most, wanted)
    join allowance a using (workspace, scope, period)
    order by a.workspace, a.scope, a.period
    for update of a
),
taken as (
    update allowance a set taken = a.taken + l.more
    from locked l
    where a.workspace = l.workspace and a.scope = l.scope and a.period = l.period and l.more > 0
    returning a.workspace, a.scope, a.period, l.more
)
insert into allowance_part as p (workspace, scope, period, owner, unspent)
select workspace, scope, period, %(owner)s, more from taken
on conflict (workspace, scope, period, owner) do update set unspent = p.unspent + excluded.unspent
returning p.workspace, p.scope, p.period, p.unspent

-- name: spend
update allowance_part p set unspent = p.unspent - t.micros
from unnest(%(workspaces)s::integer[], %(scopes)s::text[], %(periods)s::text[], %(micros)s::bigint[])
     as t (workspace, scope, period, micros)
where p.workspace = t.workspace and p.scope = t.scope and p.period = t.period and p.owner = %(owner)s
  and p.unspent >= t.micros

-- name: add
-- What is spent whatever is left, or comes back (below zero).
with locked as materialized (
    select a.workspace, a.scope, a.period, t.micros
    from unnest(%(workspaces)s::integer[], %(scopes)s::text[], %(periods)s::text[], %(micros)s::bigint[])
         as t (workspace, scope, period, micros)
    join allowance a using (workspace, scope, period)
    order by a.workspace, a.scope, a.period
    for update of a
)
update allowance a set taken = a.taken + l.micros
from locked l
where a.workspace = l.workspace and a.scope = l.scope and a.period = l.period

-- name: warn
-- People are told once for each limit, when so much of it is spent. What owners hold is not.
with low as (
    update allowance a set warned = t.most
    from unnest(%(workspaces)s::integer[], %(scopes)s::text[], %(periods)s::text[], %(limits)s::bigint[],
                %(names)s::text[]) as t (workspace, scope, period, most, name)
    where a.workspace = t.workspace and a.scope = t.scope and a.period = t.period
      and a.warned is distinct from t.most and a.taken * 100 >= t.most * %(percent)s
      and (a.taken - coalesce((select sum(p.unspent) from allowance_part p
                               where p.workspace = a.workspace and p.scope = a.scope and p.period = a.period), 0)
          ) * 100 >= t.most * %(percent)s
    returning a.workspace, a.scope, a.period, t.most, t.name
)
insert into notice (workspace_id, kind, facts, link, at)
select workspace, 'budget_low',
       jsonb_build_object('scope', scope, 'period', period, 'limit_micros', most, 'name', name), '', %(at)s
from low

-- name: run_out
with out as (
    update allowance a set spent = t.most
    from unnest(%(workspaces)s::integer[], %(scopes)s::text[], %(periods)s::text[], %(limits)s::bigint[],
                %(names)s::text[]) as t (workspace, scope, period, most, name)
    where a.workspace = t.workspace and a.scope = t.scope and a.period = t.period and a.spent is distinct from t.most
    returning a.workspace, a.scope, a.period, t.most, t.name
)
insert into notice (workspace_id, kind, facts, link, at)
select workspace, 'budget_spent',
       jsonb_build_object('scope', scope, 'period', period, 'limit_micros', most, 'name', name), '', %(at)s
from out

-- name: return_parts
-- Of this owner, or of those who own nothing any more: they died with what they held.
with held as materialized (
    select a.workspace, a.scope, a.period, p.owner, p.unspent
    from allowance_part p
    join allowance a using (workspace, scope, period)
    where case when %(owner)s = '' then not exists (select 1 from shard_owner s
                                                     where s.owner = p.owner and s.lease_until > %(now)s)
               else p.owner = %(owner)s end
    order by a.workspace, a.scope, a.period
    for update
),
gone as (
    delete from allowance_part p using held h
    where p.workspace = h.workspace and p.scope = h.scope and p.period = h.period and p.owner = h.owner
)
update allowance a set taken = a.taken - h.unspent
from (select workspace, scope, period, sum(unspent) as unspent from held group by 1, 2, 3) h
where a.workspace = h.workspace and a.scope = h.scope and a.period = h.period

-- name: states
-- Of a workspace's totals in these periods: spent or kept for messages that go out now, and what people were told.
select a.scope, a.period,
       a.taken - coalesce((select sum(p.unspent) from allowance_part p
                           where p.workspace = a.workspace and p.scope = a.scope and p.period = a.period), 0)::bigint,
       a.spent
from allowance a
where a.workspace = %(workspace)s and a.period = any(%(periods)s::text[])

-- name: warned
-- Whose totals people were told of, of days and months after a date, or in all.
select distinct scope from allowance
where workspace = %(workspace)s and period > %(since)s and (warned is not null or spent is not null)

-- name: lines
-- The throttles of these journeys, locked until the commit: a cycle takes as many turns as its messages need.
select l.journey_id, l.next_at, l.drawn, l.done
from throttle_line l
join unnest(%(journeys)s::integer[]) as t (journey_id) on l.journey_id = t.journey_id
order by l.journey_id
for update of l

-- name: move_lines
insert into throttle_line as l (journey_id, workspace, next_at, drawn, done)
select journey_id, workspace, coalesce(next_at, %(beginning)s::timestamptz), drawn, done
from unnest(%(journeys)s::integer[], %(workspaces)s::integer[], %(next)s::timestamptz[], %(drawn)s::bigint[],
            %(done)s::bigint[]) as t (journey_id, workspace, next_at, drawn, done)
order by journey_id
on conflict (journey_id) do update
   set next_at = greatest(l.next_at, excluded.next_at), drawn = l.drawn + excluded.drawn, done = l.done + excluded.done

-- name: forget
delete from allowance a
using (select workspace, scope, period from allowance where period < %(before)s order by 1, 2, 3 limit %(limit)s) f
where a.workspace = f.workspace and a.scope = f.scope and a.period = f.period

-- name: run_out_totals
-- Totals for good at whose end people were told and that have room: what is taken, and whose they are.
select a.workspace, a.scope, a.period, a.taken from allowance a
where a.period = %(period)s and a.spent is not null and a.taken < a.spent

-- name: wake_waiting
-- Some of those who wait for a total, in no order: each is judged again.
update delivery_open d set not_before = %(now)s, held_by = ''
from (
    select w.shard, w.id
    from unnest(%(workspaces)s::integer[], %(journeys)s::integer[], %(matches)s::integer[])
         as t (workspace, journey, match)
    cross join lateral (
        select o.shard, o.id from delivery_open o
        where o.workspace = t.workspace and o.held_by = %(gate)s and o.state = 'queued'
          and (o.journey_id = t.journey or o.match_id = t.match)
          and o.not_before > %(now)s and (o.not_before = %(for_good)s or o.not_before = o.deadline)
          and o.shard = any(%(shards)s::smallint[])
        limit %(limit)s
    ) w
) k
where d.shard = k.shard and d.id = k.id
