-- name: find_contacts
-- Whose the identities of a group of messages are. A point look-up each by the primary key; `tune` keeps the plan so.
select k.place, i.contact_id
from unnest(%(shards)s::smallint[], %(workspaces)s::integer[], %(kinds)s::text[], %(scopes)s::text[],
            %(values)s::text[]) with ordinality as k (shard, workspace, kind, scope, value, place)
join identity i on i.shard = k.shard and i.workspace = k.workspace and i.kind = k.kind and i.scope = k.scope
                   and i.value = k.value
where i.contact_id is not null

-- name: tune
-- For connections that only look up by key and append: a generic plan made while a table was still small must not
-- read all of it later.
select set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
       set_config('enable_mergejoin', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false)
