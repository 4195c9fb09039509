-- V3, R5: totals that all owners share. Small, and not distributed: an owner takes a part in the transaction of a cycle,
-- spends of its part alone, and returns what is left with its lease.
create table allowance (
    workspace integer not null,
    scope     text    not null,  -- whose: budget, budget:journey:7, budget:match:7
    period    text    not null,  -- 2026-11-30, 2026-11, or total
    taken     bigint  not null,  -- by all owners, less what came back
    warned    bigint,            -- the limit of whose greater part people were told
    spent     bigint,            -- the limit of whose end they were told
    primary key (workspace, scope, period)
) with (fillfactor = 50);

create table allowance_part (
    workspace integer not null,
    scope     text    not null,
    period    text    not null,
    owner     text    not null,
    unspent   bigint  not null,
    primary key (workspace, scope, period, owner)
) with (fillfactor = 50);

-- What matches with a budget have cost so far.
insert into allowance (workspace, scope, period, taken)
select m.workspace_id, 'budget:match:' || m.id, 'total', coalesce(sum(c.cost_micros), 0)
from match m
join match_contact c on c.match_id = m.id
where m.budget_micros is not null
group by m.workspace_id, m.id;
