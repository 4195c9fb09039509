-- name: claim_shards
-- Take the shards that nobody owns now, or that this owner held on a connection that it has lost. The epoch rises with
-- every take-over; it fences the writes.
insert into shard_owner (shard, owner, epoch, lease_until)
select shard, %(owner)s, 1, %(until)s from unnest(%(shards)s::smallint[]) as t (shard)
on conflict (shard) do update
   set owner = excluded.owner, epoch = shard_owner.epoch + 1, lease_until = excluded.lease_until
where shard_owner.lease_until <= %(now)s or shard_owner.owner = excluded.owner
returning shard, epoch

-- name: fence
-- The first statement of every cycle: a shard whose owner or epoch has changed is not locked, and the cycle stands down.
-- A lock and no update, for a cycle is short and a backup's snapshot long: 256 new versions of these rows with every
-- cycle, none of which may be cleared away beside it, made the fence 100 ms slower after some hundred cycles.
select s.shard
from shard_owner s
join unnest(%(shards)s::smallint[], %(epochs)s::bigint[]) as t (shard, epoch) on s.shard = t.shard and s.epoch = t.epoch
where s.owner = %(owner)s
for no key update of s

-- name: prolong
-- The same, and the lease is prolonged.
update shard_owner s set lease_until = %(until)s
from unnest(%(shards)s::smallint[], %(epochs)s::bigint[]) as t (shard, epoch)
where s.shard = t.shard and s.epoch = t.epoch and s.owner = %(owner)s

-- name: owners
select distinct owner from shard_owner where lease_until > %(now)s

-- name: release
update shard_owner set lease_until = %(now)s where owner = %(owner)s

-- name: workspaces
select id, name, link_key, link_domain, link_days, country, language, currency, epoch, zone,
       sensitive_attributes, send_window, hold_out, typical_hours, budget, event_hours
from workspace

-- name: caps
select workspace_id, name, document from cap order by id

-- name: epochs
select coalesce(sum(epoch), 0)::bigint, count(*) from workspace

-- name: matches
select m.id, m.workspace_id, m.name, m.state, m.sms_channel_id, m.text, m.message_class, m.on_missing, m.direct,
       m.rate_per_s, m.budget_micros, m.neutral,
       coalesce((select array_agg(a.channel_id order by a."order") from match_channel a where a.match_id = m.id), '{}')
from match m
where m.state <> 'draft'

-- name: undone
select 'import:' || id from import where undone_at is not null

-- name: launching
select id, workspace_id, audience, frozen_to from match where state = 'launching' order by id

-- name: allow_scans
select set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true),
       set_config('plan_cache_mode', 'force_custom_plan', true)

-- name: freeze_audience
-- The audience's contacts of some shards, each with the number that an SMS or a direct way would go to: a mobile one
-- before any other. The row in match_contact is the frozen audience; the same again inserts nothing. An import's rows
-- lie in their contacts' shards, so the join stays within them.
with next as (
    select c.shard, c.id
    from contact c
    where c.shard = any(%(shards)s) and c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
      and (%(all)s or c.id = any(%(contacts)s::bigint[])
           or c.id in (select r.contact_id from import_row r
                       where r.shard = any(%(shards)s) and r.import_id = any(%(imports)s::integer[])
                         and r.contact_id is not null))
), numbered as (
    select n.shard, n.id, p.value, coalesce(p.sms and p.dead_code = '', false) as mobile
    from next n
    left join lateral (
        select a.value, a.sms, a.dead_code from address a
        where a.shard = n.shard and a.contact_id = n.id and a.kind = 'phone'
        order by (a.sms and a.dead_code = '') desc, a.added_at, a.value limit 1
    ) p on true
), frozen as (
    insert into match_contact (shard, match_id, contact_id, workspace, stage, state, reason, valid_mobile, direct,
                               cost_micros, currency, matched_app, forwarded)
    select shard, %(match)s, id, %(workspace)s, 0, 'waiting', '', mobile, '', 0, '', '', false from numbered
    on conflict do nothing
)
select id, coalesce(value, '') from numbered order by id

-- name: set_frozen
update match set frozen_to = %(frozen_to)s where id = %(match)s

-- name: set_live
update match set state = 'live', audience_size = (select count(*) from match_contact where match_id = %(match)s)
where id = %(match)s and state = 'launching'

-- name: finish_matches
-- A live match whose last message is handed over and answered is done; its links and figures go on.
update match m set state = 'done', ended_at = %(now)s
where m.state = 'live' and not exists (select 1 from delivery_open d where d.match_id = m.id)
returning m.id, m.workspace_id, m.name
