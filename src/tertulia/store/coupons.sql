-- S5, R5: pools of coupon codes.

-- name: pools
select id, workspace_id, key, name, code, expires, turn from coupon_pool order by id

-- name: lock_pools
-- In one order for all owners, until the commit.
select id from coupon_pool where id = any(%(pools)s::integer[]) order by id for no key update

-- name: free_codes
select code from coupon_code where pool_id = %(pool)s and claimed_at is null order by added_at, code limit %(limit)s

-- name: claims_of
select c.contact_id, c.journey_id, c.pool_id, c.run_id, c.delivery_id, c.code, c.given, c.claimed_at, c.expires_at
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, contact_id)
cross join lateral (
    select * from coupon_claim o where o.shard = k.shard and o.contact_id = k.contact_id offset 0
) c

-- name: take_codes
update coupon_code c set claimed_at = t.at, journey_id = t.journey_id
from unnest(%(shard)s::smallint[], %(pool_id)s::integer[], %(code)s::text[], %(journey_id)s::integer[],
            %(at)s::timestamptz[]) as t (shard, pool_id, code, journey_id, at)
where c.shard = t.shard and c.pool_id = t.pool_id and c.code = t.code and c.claimed_at is null

-- name: add_claims
insert into coupon_claim (shard, contact_id, journey_id, pool_id, run_id, workspace, code, delivery_id, given,
                          claimed_at, expires_at)
select shard, contact_id, journey_id, pool_id, run_id, workspace, code, delivery_id, false, at, expires_at
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(journey_id)s::integer[], %(pool_id)s::integer[],
            %(run_id)s::uuid[], %(workspace)s::integer[], %(code)s::text[], %(delivery_id)s::uuid[],
            %(at)s::timestamptz[], %(expires_at)s::timestamptz[])
     as t (shard, contact_id, journey_id, pool_id, run_id, workspace, code, delivery_id, at, expires_at)

-- name: keep_claims
update coupon_claim c set given = true
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(delivery_id)s::uuid[])
     as t (shard, contact_id, delivery_id)
where c.shard = t.shard and c.contact_id = t.contact_id and c.delivery_id = t.delivery_id and not c.given

-- name: move_claims
update coupon_claim c set delivery_id = t.to_id
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(delivery_id)s::uuid[], %(to_id)s::uuid[])
     as t (shard, contact_id, delivery_id, to_id)
where c.shard = t.shard and c.contact_id = t.contact_id and c.delivery_id = t.delivery_id and not c.given

-- name: drop_claims
delete from coupon_claim c
using unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(delivery_id)s::uuid[])
      as t (shard, contact_id, delivery_id)
where c.shard = t.shard and c.contact_id = t.contact_id and c.delivery_id = t.delivery_id and not c.given
returning c.workspace, c.pool_id, c.code

-- name: put_back
-- A code that everybody has is no row here.
update coupon_code c set claimed_at = null, journey_id = null, returned = c.returned + 1
from unnest(%(shard)s::smallint[], %(pool_id)s::integer[], %(code)s::text[]) as t (shard, pool_id, code)
where c.shard = t.shard and c.pool_id = t.pool_id and c.code = t.code

-- name: mark_dry
with dry as (
    update coupon_pool set empty_at = %(at)s where id = any(%(pools)s::integer[]) and empty_at is null
    returning id, workspace_id, name
)
insert into notice (workspace_id, kind, facts, link, at)
select workspace_id, 'coupons_spent', jsonb_build_object('pool', id, 'name', name), '', %(at)s from dry

-- name: mark_low
-- Those whose codes have come down to where people want to be told; their rows are locked by whoever takes codes.
with low as (
    update coupon_pool p set low_at = %(at)s
    where p.id = any(%(pools)s::integer[]) and p.low_at is null and p.code = ''
      and (select count(*) from (select 1 from coupon_code c where c.pool_id = p.id and c.claimed_at is null
                                 limit p.warn_at + 1) f) <= p.warn_at
    returning id, workspace_id, name, warn_at
)
insert into notice (workspace_id, kind, facts, link, at)
select workspace_id, 'coupons_low', jsonb_build_object('pool', id, 'name', name, 'left', warn_at), '', %(at)s from low

-- name: add_codes
-- Those that are there already stay as they are.
insert into coupon_code (shard, pool_id, code, workspace, added_at, returned)
select shard, %(pool)s, code, %(workspace)s, %(at)s, 0
from unnest(%(shards)s::smallint[], %(codes)s::text[]) as t (shard, code)
on conflict do nothing
returning code

-- name: figures
-- Of a code that everybody has, its claims; else codes, which stay counted when a customer is erased.
select p.id,
       (select count(*) from coupon_code c where c.pool_id = p.id and c.claimed_at is null),
       case p.code when '' then (select count(*) from coupon_code c where c.pool_id = p.id and c.claimed_at is not null)
                   else (select count(*) from coupon_claim c where c.pool_id = p.id) end,
       (select coalesce(sum(c.returned), 0) from coupon_code c where c.pool_id = p.id and c.returned > 0)
from coupon_pool p
where p.id = any(%(pools)s::integer[])

-- name: left
select p.id, (select count(*) from coupon_code c where c.pool_id = p.id and c.claimed_at is null)
from coupon_pool p
where p.id = any(%(pools)s::integer[]) and p.code = ''

-- name: by_journey
select c.pool_id, c.journey_id, count(*)
from coupon_code c
where c.pool_id = any(%(pools)s::integer[]) and c.claimed_at is not null
group by c.pool_id, c.journey_id
union all
select c.pool_id, c.journey_id, count(*)
from coupon_claim c
join coupon_pool p on p.id = c.pool_id and p.code <> ''
where c.pool_id = any(%(pools)s::integer[])
group by c.pool_id, c.journey_id
order by 3 desc, 2

-- name: held
-- How many messages wait for a code of any pool of the workspace.
select count(*) from delivery_open where workspace = %(workspace)s and held_by = 'coupon'

-- name: coupons_of_contact
select c.code, p.key, p.name, c.journey_id, c.run_id, c.claimed_at, c.expires_at, c.given
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, contact_id)
join coupon_claim c on c.shard = k.shard and c.contact_id = k.contact_id
join coupon_pool p on p.id = c.pool_id
order by c.claimed_at desc, p.key
limit %(limit)s
