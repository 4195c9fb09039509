-- name: mark_links_sent
update link l set sent_at = t.at
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(match_id)s::integer[], %(at)s::timestamptz[])
     as t (shard, contact_id, match_id, at)
where l.shard = t.shard and l.contact_id = t.contact_id and l.match_id = t.match_id and l.sent_at is null

-- name: close_deliveries
-- The verdicts come along from the deletion; joined to its rows afterwards they made a product of the two.
with gone as (
    delete from delivery_open d
    using unnest(%(shard)s::smallint[], %(day)s::date[], %(id)s::uuid[], %(state)s::text[], %(content)s::text[],
                 %(reason)s::text[], %(provider_ids)s::text[], %(parts)s::smallint[], %(cost)s::bigint[],
                 %(currency)s::text[], %(flags)s::text[], %(sent_at)s::timestamptz[], %(delivered_at)s::timestamptz[],
                 %(read_at)s::timestamptz[], %(failed_at)s::timestamptz[])
         as t (shard, day, id, verdict, shown, reason, provider_ids, parts, cost, currency, flags, sent_at,
               delivered_at, read_at, failed_at)
    where d.shard = t.shard and d.id = t.id
    returning d.shard, t.day, d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, t.verdict,
              d.attempt, d.to_kind, d.to_value, t.shown, d.cause, t.reason, t.provider_ids, t.parts, t.cost,
              t.currency, t.flags, d.made_at, t.sent_at, t.delivered_at, t.read_at, t.failed_at, d.journey_id,
              d.run_id, d.step
)
insert into delivery (shard, day, id, workspace, contact_id, channel_id, match_id, stage, class, state, attempt,
                      to_kind, to_value, content, cause, reason, provider_ids, parts, cost_micros, currency, flags,
                      made_at, sent_at, delivered_at, read_at, failed_at, journey_id, run_id, step)
select shard, day, id, workspace, contact_id, channel_id, match_id, stage, class, verdict, attempt, to_kind, to_value,
       shown::jsonb, cause, reason,
       case when provider_ids = '' then '{}' else string_to_array(provider_ids, chr(31)) end, parts, cost, currency,
       case when flags = '' then '{}' else string_to_array(flags, ',') end, made_at, sent_at, delivered_at, read_at,
       failed_at, journey_id, run_id, step
from gone

-- name: advance_deliveries
update delivery d
set state = t.state,
    reason = case when t.reason = '' then d.reason else t.reason end,
    flags = case when t.flag = '' or t.flag = any(d.flags) then d.flags else d.flags || t.flag end,
    cost_micros = coalesce(t.cost, d.cost_micros),
    currency = case when t.currency = '' then d.currency else t.currency end,
    sent_at = coalesce(d.sent_at, t.sent_at),
    delivered_at = coalesce(d.delivered_at, t.delivered_at),
    read_at = coalesce(d.read_at, t.read_at),
    failed_at = coalesce(d.failed_at, t.failed_at)
from unnest(%(shard)s::smallint[], %(day)s::date[], %(id)s::uuid[], %(state)s::text[], %(reason)s::text[],
            %(flag)s::text[], %(cost)s::bigint[], %(currency)s::text[], %(sent_at)s::timestamptz[],
            %(delivered_at)s::timestamptz[], %(read_at)s::timestamptz[], %(failed_at)s::timestamptz[])
     as t (shard, day, id, state, reason, flag, cost, currency, sent_at, delivered_at, read_at, failed_at)
where d.shard = t.shard and d.day = t.day and d.id = t.id
