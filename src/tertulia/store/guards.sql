-- V3: guards of journeys.

-- name: since
-- From when each is judged: not before it was resumed.
select id, greatest(guarded_from, %(since)s::timestamptz) from journey
where id = any(%(journeys)s::integer[]) and state in ('live', 'closed')

-- name: counts
-- By the indexes of deliveries and of the ledger by journey, in the partitions of these days: a delivery lies in that of
-- the day on which it was made, and may have been held for some since.
select (select count(*) from delivery d
        where d.journey_id = %(journey)s and d.day >= %(day)s and coalesce(d.sent_at, d.failed_at) >= %(since)s),
       (select count(*) from delivery d
        where d.journey_id = %(journey)s and d.day >= %(day)s and d.state = 'failed' and d.failed_at >= %(since)s),
       (select count(distinct d.contact_id) from delivery d
        join consent c on c.shard = d.shard and c.contact_id = d.contact_id
        where d.journey_id = %(journey)s and d.day >= %(day)s and d.sent_at >= %(since)s
          and c.state = 'withdrawn' and c.source = any(%(blocked_by)s) and c.at >= d.sent_at),
       (select count(distinct d.contact_id) from delivery d
        join consent c on c.shard = d.shard and c.contact_id = d.contact_id
        where d.journey_id = %(journey)s and d.day >= %(day)s and d.sent_at >= %(since)s
          and c.state = 'withdrawn' and c.source = any(%(left_by)s) and c.at >= d.sent_at),
       (select count(*) from ledger l
        where l.journey_id = %(journey)s and l.day >= %(since_day)s and l.at >= %(since)s
          and l.outcome = 'not_sent' and l.gate = 'render')

-- name: pause
-- A pause like a person's (V2), with its reason, a row of the audit log, a notice and the next epoch. Of several
-- engines one does it.
with paused as (
    update journey set state = 'paused', paused_at = %(at)s, changed_at = %(at)s, guard = %(fired)s::jsonb
    where id = %(journey)s and state in ('live', 'closed')
    returning id, workspace_id, name, kind
),
told as (
    insert into audit (workspace_id, user_id, verb, subject, facts, at)
    select workspace_id, null, 'journey_paused', 'journey:' || id, %(fired)s::jsonb || '{"actor": "guard"}', %(at)s
    from paused
),
noticed as (
    insert into notice (workspace_id, kind, facts, link, at)
    select workspace_id, 'journey_paused',
           %(fired)s::jsonb || jsonb_build_object('journey', id, 'name', name, 'kind', kind), '', %(at)s
    from paused
)
update workspace w set epoch = w.epoch + 1 from paused p where w.id = p.workspace_id

-- name: fired
select id, guard, canary from journey where guard <> '{}'::jsonb or canary <> '{}'::jsonb
