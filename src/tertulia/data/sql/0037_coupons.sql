-- The codes of a pool, each once, where the hash of (pool, code) puts it: shared by the owners of all shards (R5).
create table coupon_code (
    shard      smallint    not null,
    pool_id    integer     not null,
    code       text        not null,
    workspace  integer     not null,
    added_at   timestamptz not null,
    claimed_at timestamptz,            -- null: free
    journey_id integer,                -- that gave it
    returned   integer     not null,   -- how often it came back because no provider had taken it
    primary key (shard, pool_id, code)
) with (fillfactor = 80);
create index coupon_code_free on coupon_code (pool_id, added_at, code) where claimed_at is null;
create index coupon_code_claimed on coupon_code (pool_id, journey_id) where claimed_at is not null;
create index coupon_code_returned on coupon_code (pool_id) include (returned) where returned > 0;

-- S5: the code that a customer has from a journey, in the customer's shard; also of a pool with one code for everybody.
create table coupon_claim (
    shard       smallint    not null,
    contact_id  bigint      not null,
    journey_id  integer     not null,
    pool_id     integer     not null,
    run_id      uuid        not null,  -- the first one that gave it
    workspace   integer     not null,
    code        text        not null,
    delivery_id uuid        not null,  -- the attempt that carries it until somebody may have it
    given       boolean     not null,  -- a provider has taken a message with it, or may have: it never comes back
    claimed_at  timestamptz not null,
    expires_at  timestamptz,
    primary key (shard, contact_id, journey_id, pool_id, run_id)
) with (fillfactor = 80);
create index coupon_claim_by_pool on coupon_claim (pool_id, journey_id);
