-- name: find_contacts
-- Whose the identities of a group of messages are. The offset keeps the look-up a probe of the primary key for each:
-- joined freely it was planned, while the table was small, as one reading of it all for every group.
select k.place, i.contact_id
from unnest(%(shards)s::smallint[], %(workspaces)s::integer[], %(kinds)s::text[], %(scopes)s::text[],
            %(values)s::text[]) with ordinality as k (shard, workspace, kind, scope, value, place)
cross join lateral (
    select d.contact_id from identity d
    where d.shard = k.shard and d.workspace = k.workspace and d.kind = k.kind and d.scope = k.scope
      and d.value = k.value and d.contact_id is not null
    offset 0
) i

-- name: tune
-- For connections that only look up by key and append: a generic plan made while a table was still small must not
-- read all of it later.
select set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
       set_config('enable_mergejoin', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false)
