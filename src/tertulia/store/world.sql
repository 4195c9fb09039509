-- What a cycle loads. Every query takes arrays of keys with their shards, so that each is one round trip and every
-- look-up is an index probe in a named shard.

-- name: identities
select i.workspace, i.kind, i.scope, i.value, i.contact_id, i.route, i.trust
from identity i
join unnest(%(shards)s::smallint[], %(workspaces)s::integer[], %(kinds)s::text[], %(scopes)s::text[],
            %(values)s::text[]) as k (shard, workspace, kind, scope, value)
  on i.shard = k.shard and i.workspace = k.workspace and i.kind = k.kind and i.scope = k.scope and i.value = k.value

-- name: owners
select a.workspace, a.kind, a.canonical, a.contact_id
from address_key a
join unnest(%(shards)s::smallint[], %(workspaces)s::integer[], %(kinds)s::text[], %(canonicals)s::text[])
     as k (shard, workspace, kind, canonical)
  on a.shard = k.shard and a.workspace = k.workspace and a.kind = k.kind and a.canonical = k.canonical

-- name: suppressions
select s.workspace, s.kind, s.canonical, s.cause, s.channel, s.at, s.source
from suppression s
join unnest(%(shards)s::smallint[], %(workspaces)s::integer[], %(kinds)s::text[], %(canonicals)s::text[])
     as k (shard, workspace, kind, canonical)
  on s.shard = k.shard and s.workspace = k.workspace and s.kind = k.kind and s.canonical = k.canonical
where s.lifted_at is null

-- name: links
select l.code_hash, l.workspace, l.contact_id, l.match_id, l.attempt, l.made_at, l.expires_at, l.sent_at,
       l.bound_kind, l.bound_scope, l.bound_value, l.bound_at
from link l
join unnest(%(shards)s::smallint[], %(hashes)s::bytea[]) as k (shard, code_hash)
  on l.shard = k.shard and l.code_hash = k.code_hash

-- name: links_of
select l.code_hash, l.workspace, l.contact_id, l.match_id, l.attempt, l.made_at, l.expires_at, l.sent_at,
       l.bound_kind, l.bound_scope, l.bound_value, l.bound_at
from link l
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, contact_id)
  on l.shard = k.shard and l.contact_id = k.contact_id

-- name: contacts
select c.id, c.workspace, c.name, c.surname, c.locale, c.country, c.source, c.attributes, c.created_at, c.zone,
       c.changed, c.active_at, c.merged_into, c.erased_at is not null
from contact c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id

-- name: glimpses
-- What a plain event needs of its contact, one that was neither merged nor erased and has the event's identities, and of
-- the visit that is going on. `offset 0`: by key, one after the other.
select k.number, c.active_at, c.settled, s.ends_at
from unnest(%(shards)s::smallint[], %(ids)s::bigint[], %(users)s::text[], %(devices)s::text[]) with ordinality
     as k (shard, id, user_id, device, number)
cross join lateral (
    select x.active_at, x.locale <> '' and x.zone <> '' as settled
    from contact x
    where x.shard = k.shard and x.id = k.id and x.merged_into is null and x.erased_at is null
    offset 0
) c
left join lateral (
    select r.ends_at from session r where r.shard = k.shard and r.contact_id = k.id offset 0
) s on true
where (k.user_id = '' or exists (
        select from contact_identity i
        where i.shard = k.shard and i.contact_id = k.id and i.kind = 'user_id' and i.scope = '' and i.value = k.user_id
          and i.unlinked_at is null
        offset 0
    ))
  and (k.device = '' or exists (
        select from contact_identity i
        where i.shard = k.shard and i.contact_id = k.id and i.kind = 'anonymous_id' and i.scope = ''
          and i.value = k.device and i.unlinked_at is null
        offset 0
    ))

-- name: countries
select c.id, c.country
from contact c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id

-- name: absorbed
-- Contacts that were merged into these: their addresses, identities and consent count as the contact's (M8).
select m.into_id, m.contact_id
from merge m
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on m.shard = k.shard and m.into_id = k.id
where m.undone_at is null

-- name: parted
select m.contact_id, m.into_id
from merge m
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on m.shard = k.shard and m.into_id = k.id
where m.undone_at is not null

-- name: addresses
select a.contact_id, a.kind, a.value, a.canonical, a.country, a.sms, a.line_type, a.dead_code
from address a
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on a.shard = k.shard and a.contact_id = k.id
order by a.added_at, a.value

-- name: linked
select i.contact_id, i.kind, i.scope, i.value, i.channel_id, i.trust, i.name, i.username, i.linked_at,
       i.window_until, i.signal, i.reply_token
from contact_identity i
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on i.shard = k.shard and i.contact_id = k.id
where i.unlinked_at is null
order by i.linked_at

-- name: consents
select c.contact_id, c.address, c.channel, c.topic, c.state, c.source, c.at, c.text_version, c.evidence, c.actor
from consent c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.contact_id = k.id
where c.source <> 'merge'
   or not exists (select 1 from merge m where m.shard = c.shard and m.undone_at is not null
                  and m.id::text = substr(c.evidence ->> 'ref', 7))

-- name: conversations
select v.id, v.contact_id, v.channel_id, v.question, v.opened_at, v.last_at, v.hand_over
from conversation v
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on v.shard = k.shard and v.contact_id = k.id
where v.state <> 'resolved'

-- name: progress
-- The offset keeps the look-up a probe of the primary key for each contact. Joined freely it went through the whole
-- audience of the match, once for each key: 360 ms for 850 keys among 10,000.
select p.match_id, p.contact_id, p.stage, p.state, p.reason
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
cross join lateral (
    select c.match_id, c.contact_id, c.stage, c.state, c.reason
    from match_contact c
    where c.shard = k.shard and c.contact_id = k.id
    offset 0
) p
where exists (select 1 from match m where m.id = p.match_id and m.state <> 'draft')

-- name: matched_apps
select a.match_id, a.contact_id, a.app
from match_app a
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on a.shard = k.shard and a.contact_id = k.id
where a.matched_at is not null

-- name: open_by_id
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.lane, d.state, d.attempt,
       d.to_kind, d.to_value, d.identity_scope, d.content, d.cause, d.deadline, d.made_at,
       d.journey_id, d.run_id, coalesce(d.step, '')
from delivery_open d
join unnest(%(shards)s::smallint[], %(ids)s::uuid[]) as k (shard, id) on d.shard = k.shard and d.id = k.id

-- name: open_of
-- What is still undecided for contacts that are merged or erased.
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.lane, d.state, d.attempt,
       d.to_kind, d.to_value, d.identity_scope, d.content, d.cause, d.deadline, d.made_at,
       d.journey_id, d.run_id, coalesce(d.step, '')
from delivery_open d
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on d.shard = k.shard and d.contact_id = k.id

-- name: closed_by_id
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.state, d.to_kind, d.to_value,
       d.parts, d.provider_ids, d.journey_id, d.run_id, coalesce(d.step, '')
from delivery d
join unnest(%(shards)s::smallint[], %(days)s::date[], %(ids)s::uuid[]) as k (shard, day, id)
  on d.shard = k.shard and d.day = k.day and d.id = k.id

-- name: closed_before
-- A watermark: every message up to an instant to one contact on one channel.
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.state, d.to_kind, d.to_value,
       d.parts, d.provider_ids, d.journey_id, d.run_id, coalesce(d.step, '')
from delivery d
join unnest(%(shards)s::smallint[], %(ids)s::bigint[], %(channels)s::integer[], %(until)s::timestamptz[])
     as k (shard, contact_id, channel_id, until)
  on d.shard = k.shard and d.contact_id = k.contact_id and d.channel_id = k.channel_id and d.sent_at <= k.until
where d.state in ('sent', 'delivered')

-- name: seen_messages
-- The offset keeps the look-up a probe of the primary key for each message. Joined freely it was planned, while the
-- table was small, as one reading of it all: 15 ms for 150 keys among 6,000.
select k.channel_id, k.provider_id
from unnest(%(shards)s::smallint[], %(channels)s::integer[], %(ids)s::text[]) as k (shard, channel_id, provider_id)
where exists (
    select 1 from message m
    where m.shard = k.shard and m.channel_id = k.channel_id and m.direction = 'in' and m.provider_id = k.provider_id
    offset 0
)

-- name: seen_events
select k.day, k.id
from unnest(%(shards)s::smallint[], %(days)s::date[], %(ids)s::uuid[]) as k (shard, day, id)
where exists (select 1 from event e where e.shard = k.shard and e.day = k.day and e.id = k.id offset 0)

-- name: queued_of_match
-- The claim's candidates: due, in order of lane and age, by the claim's index; a row that another transaction holds is
-- left to it.
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.lane, d.state, d.attempt,
       d.to_kind, d.to_value, d.identity_scope, d.content, d.cause, d.deadline, d.made_at,
       d.journey_id, d.run_id, coalesce(d.step, '')
from delivery_open d
where d.channel_id = %(channel)s and d.match_id = %(match)s and d.state = 'queued' and d.not_before <= %(now)s
  and d.shard = any(%(shards)s)
order by d.lane, d.not_before, d.id
limit %(limit)s
for update skip locked

-- name: queued_alone
-- The same for what belongs to no match: answers, test sends.
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.lane, d.state, d.attempt,
       d.to_kind, d.to_value, d.identity_scope, d.content, d.cause, d.deadline, d.made_at,
       d.journey_id, d.run_id, coalesce(d.step, '')
from delivery_open d
where d.channel_id = %(channel)s and d.match_id is null and d.state = 'queued' and d.not_before <= %(now)s
  and (d.journey_id is null or d.journey_id = any(%(journeys)s::integer[])) and d.shard = any(%(shards)s)
order by d.lane, d.not_before, d.id
limit %(limit)s
for update skip locked

-- name: due_codes
-- Which channels have a code that is due: one index probe each.
select p.channel_id
from unnest(%(channels)s::integer[]) as p (channel_id)
where exists (select 1 from delivery_open d where d.channel_id = p.channel_id and d.match_id is null and d.lane = 0
              and d.state = 'queued' and d.not_before <= %(now)s)

-- name: queued_codes
-- The claim's candidates among the codes.
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.lane, d.state, d.attempt,
       d.to_kind, d.to_value, d.identity_scope, d.content, d.cause, d.deadline, d.made_at,
       d.journey_id, d.run_id, coalesce(d.step, '')
from delivery_open d
where d.channel_id = %(channel)s and d.match_id is null and d.lane = 0 and d.state = 'queued'
  and d.not_before <= %(now)s and d.shard = any(%(shards)s)
order by d.not_before, d.id
limit %(limit)s
for update skip locked

-- name: in_flight
-- How much is handed over and not yet taken or answered, per channel: codes, and all.
select channel_id, count(*) filter (where lane = 0), count(*) from delivery_open where state = 'sending'
group by channel_id

-- name: due_of_matches
-- Which of these pairs have something due: one index probe each, however long the queue.
select p.channel_id, p.match_id
from unnest(%(channels)s::integer[], %(matches)s::integer[]) as p (channel_id, match_id)
where exists (select 1 from delivery_open d where d.channel_id = p.channel_id and d.match_id = p.match_id
              and d.state = 'queued' and d.not_before <= %(now)s)

-- name: due_alone
-- What belongs to no match: answers, and messages of journeys that run.
select p.channel_id
from unnest(%(channels)s::integer[]) as p (channel_id)
where exists (select 1 from delivery_open d where d.channel_id = p.channel_id and d.match_id is null
              and d.state = 'queued' and d.not_before <= %(now)s
              and (d.journey_id is null or d.journey_id = any(%(journeys)s::integer[])))

-- name: unknown_due
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.lane, d.state, d.attempt,
       d.to_kind, d.to_value, d.identity_scope, d.content, d.cause, d.deadline, d.made_at,
       d.journey_id, d.run_id, coalesce(d.step, '')
from delivery_open d
where d.state = 'unknown' and d.not_before <= %(now)s and d.shard = any(%(shards)s)
limit %(limit)s
for update skip locked

-- name: open_of_match
-- What a stopped match takes back.
select d.id, d.workspace, d.contact_id, d.channel_id, d.match_id, d.stage, d.class, d.lane, d.state, d.attempt,
       d.to_kind, d.to_value, d.identity_scope, d.content, d.cause, d.deadline, d.made_at,
       d.journey_id, d.run_id, coalesce(d.step, '')
from delivery_open d
where d.match_id = %(match)s and d.state in ('queued', 'held') and d.shard = any(%(shards)s)
limit %(limit)s
for update skip locked

-- name: put_off
update delivery_open set not_before = %(until)s where shard = %(shard)s and id = %(id)s

-- name: serials
select nextval('contact_serial')

-- name: dedupe
-- E1: a key that is already there within its day was decided before.
insert into entry_seen (shard, day, key, workspace)
select * from unnest(%(shards)s::smallint[], %(days)s::date[], %(keys)s::text[], %(workspaces)s::integer[])
on conflict do nothing
returning shard, key

-- name: see_events
-- E1: an event whose key is there within its day was decided before.
insert into event_seen (shard, day, id, workspace)
select * from unnest(%(shards)s::smallint[], %(days)s::date[], %(ids)s::uuid[], %(workspaces)s::integer[])
on conflict do nothing
returning id

-- name: wait_for_reference
insert into provider_ref (shard, channel_id, provider_id, workspace, delivery_id, waiting, at)
select shard, channel_id, provider_id, workspace, null, waiting::jsonb, %(now)s
from unnest(%(shards)s::smallint[], %(channels)s::integer[], %(ids)s::text[], %(workspaces)s::integer[],
            %(waiting)s::text[]) as k (shard, channel_id, provider_id, workspace, waiting)
on conflict (shard, channel_id, provider_id) do update
   set waiting = case when provider_ref.delivery_id is null then provider_ref.waiting || excluded.waiting
                      else provider_ref.waiting end
returning channel_id, provider_id, delivery_id

-- name: refer
insert into provider_ref (shard, channel_id, provider_id, workspace, delivery_id, waiting, at)
select shard, channel_id, provider_id, workspace, delivery_id, '[]', %(now)s
from unnest(%(shards)s::smallint[], %(channels)s::integer[], %(ids)s::text[], %(workspaces)s::integer[],
            %(deliveries)s::uuid[]) as k (shard, channel_id, provider_id, workspace, delivery_id)
on conflict (shard, channel_id, provider_id) do update set delivery_id = excluded.delivery_id
returning workspace, channel_id, provider_id, delivery_id, waiting
