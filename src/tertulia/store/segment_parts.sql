-- Parts of the statements that segment_sql.py puts together: braces stand for what it puts in.

-- name: merge_steps
select c.id as member, c.merged_into as root
from contact c where c.workspace = %(workspace)s and c.merged_into is not null
union
select s.member, c.merged_into
from step s join contact c on c.id = s.root and c.workspace = %(workspace)s
where c.merged_into is not null

-- name: merged
-- Of everybody who was merged who they are now.
select s.member, r.id as root, r.shard as root_shard
from step s join contact r on r.id = s.root and r.workspace = %(workspace)s
where r.merged_into is null

-- name: united_attribute
-- Of each family one attribute: the later write; what has no time of its own gives way, the root's last (core/traits.py).
select f.shard, f.id, (array_agg(f.value order by f.at desc nulls last, f.rank desc, f.own desc, f.member))[1] as value
from (
    select r.root_shard as shard, r.root as id, nullif(p.attributes -> {name}, 'null'::jsonb) as value,
           (p.changed ->> {name})::timestamptz as at, p.id = r.root as own, r.member,
           case when p.changed ? {name} then convert_to(coalesce((p.attributes -> {name})::text, 'null'), 'UTF8') end as rank
    from (select m.member, m.root, m.root_shard from m union select m.root, m.root, m.root_shard from m) r
    join contact p on p.id = r.member and p.workspace = %(workspace)s
    where p.changed ? {name} or p.attributes ->> {name} <> ''
) f
group by f.shard, f.id

-- name: united_field
select f.shard, f.id, (array_agg(f.value order by f.at desc nulls last, f.rank desc, f.own desc, f.member))[1] as value
from (
    select r.root_shard as shard, r.root as id, to_jsonb(nullif({column}, '')) as value,
           (p.changed ->> {name})::timestamptz as at, p.id = r.root as own, r.member,
           case when p.changed ? {name} then convert_to({column}, 'UTF8') end as rank
    from (select m.member, m.root, m.root_shard from m union select m.root, m.root, m.root_shard from m) r
    join contact p on p.id = r.member and p.workspace = %(workspace)s
    where p.changed ? {name} or {column} <> ''
) f
group by f.shard, f.id

-- name: reachable
select {address} from address a{join}
where a.workspace = %(workspace)s and {of_address} and a.dead_code = '' and (a.sms or a.kind <> 'phone')
  and {channel} in ('*', case a.kind when 'phone' then 'sms' else a.kind end)
union
select {linked} from contact_identity i{other}
where i.workspace = %(workspace)s and {of_linked} and i.unlinked_at is null and i.kind <> all({not_apps})
  and i.signal <> all({blocked}) and {channel} in ('*', i.kind)

-- name: agreed
-- Consent as `core.consent.derive` has it, of every address and identity of a contact on its kind of channel. What was
-- undone does not count; of a moment's grant and withdrawal the withdrawal does.
select q.shard, q.id,
       case when bool_or(q.state = 'granted') then 'granted'
            when bool_or(q.state = 'withdrawn') then 'withdrawn' else 'none' end as state
from (
    select t.shard, t.id,
           case when t.blocked_at is not null and (t.freed_at is null or t.blocked_at >= t.freed_at) then 'withdrawn'
                when t.withdrawn_at is not null and (t.chosen_at is null or t.withdrawn_at >= t.chosen_at)
                then 'withdrawn'
                when t.granted then 'granted' else 'none' end as state
    from (
        select s.shard, s.id, s.subject, s.channel,
               max(k.at) filter (where k.source = 'platform_block' and k.state = 'withdrawn') as blocked_at,
               max(k.at) filter (where k.source = 'platform_block' and k.state = 'granted') as freed_at,
               max(k.at) filter (where k.source <> 'platform_block' and k.state = 'withdrawn') as withdrawn_at,
               max(k.at) filter (where k.state = 'granted'
                                 and k.source not in ('platform_block', 'customer_list', 'first_message')) as chosen_at,
               coalesce(bool_or(k.source <> 'platform_block' and k.state = 'granted'), false) as granted
        from (
            select {address}, a.kind || ':' || a.canonical as subject,
                   case a.kind when 'phone' then 'sms' else a.kind end as channel
            from address a{join_address}
            where a.workspace = %(workspace)s and {of_address}
              and {channel} in ('*', case a.kind when 'phone' then 'sms' else a.kind end)
            union
            select {linked}, i.kind || ':' || case when i.scope <> '' then i.scope || ':' else '' end || i.value, i.kind
            from contact_identity i{join_linked}
            where i.workspace = %(workspace)s and {of_linked} and i.unlinked_at is null and i.kind <> all({not_apps})
              and {channel} in ('*', i.kind)
        ) s
        left join (
            select {owner}, k.address, k.channel, k.source, k.state, k.at
            from consent k{join_owner}
            where k.workspace = %(workspace)s and {of_consent} and k.topic = any({topics})
              and not (k.source in ('customer_list', 'merge') and coalesce(k.evidence ->> 'ref', '') = any(%(undone)s))
              and (k.source <> 'merge'
                   or not exists (select 1 from merge g where g.shard = k.shard and g.undone_at is not null
                                  and g.id::text = substr(k.evidence ->> 'ref', 7)))
        ) k on k.shard = s.shard and k.id = s.id and k.address in (s.subject, '*') and k.channel in (s.channel, '*')
        group by s.shard, s.id, s.subject, s.channel
    ) t
) q
group by q.shard, q.id

-- name: count_events
insert into activity (shard, key_id, contact_id, bucket, workspace, count, total)
select e.shard, {key_id}, e.contact_id, date_trunc({granule}, e.occurred_at, 'UTC'), %(workspace)s, count(*), {total}
from {source}
where e.shard = any(%(shards)s) and {chosen}
group by 1, 3, 4
