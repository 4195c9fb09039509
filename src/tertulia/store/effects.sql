-- The effects of a cycle, folded by kind: one statement each.

-- name: create_contacts
insert into contact (shard, id, workspace, name, surname, locale, zone, country, external_id, attributes, changed,
                     search, source, created_at, updated_at, active_at)
select shard, id, workspace, name, '', locale, '', country, '', '{}', '{}', search, source, at, at, active_at
from unnest(%(shard)s::smallint[], %(id)s::bigint[], %(workspace)s::integer[], %(name)s::text[], %(locale)s::text[],
            %(country)s::text[], %(search)s::text[], %(source)s::text[], %(at)s::timestamptz[],
            %(active_at)s::timestamptz[])
     as t (shard, id, workspace, name, locale, country, search, source, at, active_at)

-- name: add_addresses
insert into address (shard, contact_id, kind, value, canonical, workspace, line_type, country, sms, dead_code, source,
                     added_at)
select shard, contact_id, kind, value, canonical, workspace, line_type, country, sms, '', source, at
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(kind)s::text[], %(value)s::text[],
            %(canonical)s::text[], %(workspace)s::integer[], %(line_type)s::text[], %(country)s::text[],
            %(sms)s::boolean[], %(source)s::text[], %(at)s::timestamptz[])
     as t (shard, contact_id, kind, value, canonical, workspace, line_type, country, sms, source, at)
on conflict do nothing

-- name: add_address_keys
insert into address_key (shard, workspace, kind, canonical, contact_id)
select * from unnest(%(shard)s::smallint[], %(workspace)s::integer[], %(kind)s::text[], %(canonical)s::text[],
                     %(contact_id)s::bigint[])
on conflict do nothing

-- name: extend_search
-- A new word goes into the trigram index, so the contact's last activity is written along with it.
update contact c set search = c.search || ' ' || t.words, active_at = greatest(c.active_at, t.at)
from unnest(%(shard)s::smallint[], %(id)s::bigint[], %(words)s::text[], %(at)s::timestamptz[])
     as t (shard, id, words, at)
where c.shard = t.shard and c.id = t.id and position(t.words in c.search) = 0

-- name: route_identities
insert into identity (shard, workspace, kind, scope, value, contact_id, route, trust, seen_at)
select shard, workspace, kind, scope, value, null, route, 0, at
from unnest(%(shard)s::smallint[], %(workspace)s::integer[], %(kind)s::text[], %(scope)s::text[], %(value)s::text[],
            %(route)s::smallint[], %(at)s::timestamptz[])
     as t (shard, workspace, kind, scope, value, route, at)
on conflict (shard, workspace, kind, scope, value) do update set route = excluded.route
where identity.contact_id is null

-- name: link_identities
-- The unique key decides between owners; whoever loses touches fewer rows than it wrote, and reads again.
insert into identity (shard, workspace, kind, scope, value, contact_id, route, trust, seen_at)
select shard, workspace, kind, scope, value, contact_id, route, trust, at
from unnest(%(shard)s::smallint[], %(workspace)s::integer[], %(kind)s::text[], %(scope)s::text[], %(value)s::text[],
            %(contact_id)s::bigint[], %(route)s::smallint[], %(trust)s::smallint[], %(at)s::timestamptz[])
     as t (shard, workspace, kind, scope, value, contact_id, route, trust, at)
on conflict (shard, workspace, kind, scope, value) do update
   set contact_id = excluded.contact_id, route = excluded.route, trust = excluded.trust, seen_at = excluded.seen_at
where identity.contact_id is null or identity.contact_id = excluded.contact_id

-- name: unlink_identities
update identity i set contact_id = null, route = i.shard
from unnest(%(shard)s::smallint[], %(workspace)s::integer[], %(kind)s::text[], %(scope)s::text[], %(value)s::text[],
            %(contact_id)s::bigint[]) as t (shard, workspace, kind, scope, value, contact_id)
where i.shard = t.shard and i.workspace = t.workspace and i.kind = t.kind and i.scope = t.scope
  and i.value = t.value and i.contact_id = t.contact_id

-- name: add_linked
insert into contact_identity (shard, contact_id, kind, scope, value, linked_at, workspace, channel_id, name, username,
                              trust, evidence, window_until, signal, reply_token)
select shard, contact_id, kind, scope, value, at, workspace, channel_id, name, username, trust, evidence::jsonb,
       window_until, signal, reply_token
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(kind)s::text[], %(scope)s::text[], %(value)s::text[],
            %(at)s::timestamptz[], %(workspace)s::integer[], %(channel_id)s::integer[], %(name)s::text[],
            %(username)s::text[], %(trust)s::smallint[], %(evidence)s::text[], %(window_until)s::timestamptz[],
            %(signal)s::text[], %(reply_token)s::text[])
     as t (shard, contact_id, kind, scope, value, at, workspace, channel_id, name, username, trust, evidence,
           window_until, signal, reply_token)
on conflict do nothing

-- name: end_linked
update contact_identity i set unlinked_at = t.at
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(kind)s::text[], %(scope)s::text[], %(value)s::text[],
            %(at)s::timestamptz[]) as t (shard, contact_id, kind, scope, value, at)
where i.shard = t.shard and i.contact_id = t.contact_id and i.kind = t.kind and i.scope = t.scope
  and i.value = t.value and i.unlinked_at is null

-- name: touch_linked
update contact_identity i
set name = t.name, username = t.username, trust = t.trust, window_until = t.window_until, signal = t.signal,
    reply_token = t.reply_token
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(kind)s::text[], %(scope)s::text[], %(value)s::text[],
            %(name)s::text[], %(username)s::text[], %(trust)s::smallint[], %(window_until)s::timestamptz[],
            %(signal)s::text[], %(reply_token)s::text[])
     as t (shard, contact_id, kind, scope, value, name, username, trust, window_until, signal, reply_token)
where i.shard = t.shard and i.contact_id = t.contact_id and i.kind = t.kind and i.scope = t.scope
  and i.value = t.value and i.unlinked_at is null

-- name: touch_contacts
-- To the minute: a lively conversation does not write the contact's row, and its indexes, with every message.
update contact c set active_at = t.at
from unnest(%(shard)s::smallint[], %(id)s::bigint[], %(at)s::timestamptz[]) as t (shard, id, at)
where c.shard = t.shard and c.id = t.id and (c.active_at is null or c.active_at < t.at - interval '1 minute')

-- name: record_consents
insert into consent (shard, contact_id, id, workspace, address, channel, topic, state, source, evidence, text_version,
                     actor, at)
select shard, contact_id, id, workspace, address, channel, topic, state, source, evidence::jsonb, text_version, actor,
       at
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(id)s::uuid[], %(workspace)s::integer[],
            %(address)s::text[], %(channel)s::text[], %(topic)s::text[], %(state)s::text[], %(source)s::text[],
            %(evidence)s::text[], %(text_version)s::text[], %(actor)s::text[], %(at)s::timestamptz[])
     as t (shard, contact_id, id, workspace, address, channel, topic, state, source, evidence, text_version, actor, at)
on conflict do nothing

-- name: suppress
insert into suppression (shard, workspace, kind, canonical, cause, channel, source, evidence, at)
select shard, workspace, kind, canonical, cause, channel, source, evidence::jsonb, at
from unnest(%(shard)s::smallint[], %(workspace)s::integer[], %(kind)s::text[], %(canonical)s::text[],
            %(cause)s::text[], %(channel)s::text[], %(source)s::text[], %(evidence)s::text[], %(at)s::timestamptz[])
     as t (shard, workspace, kind, canonical, cause, channel, source, evidence, at)
on conflict (shard, workspace, kind, canonical, cause, channel) do update
   set lifted_at = null, at = excluded.at, source = excluded.source, evidence = excluded.evidence
where suppression.lifted_at is not null

-- name: lift_suppressions
update suppression s set lifted_at = t.at
from unnest(%(shard)s::smallint[], %(workspace)s::integer[], %(kind)s::text[], %(canonical)s::text[],
            %(cause)s::text[], %(channel)s::text[], %(at)s::timestamptz[])
     as t (shard, workspace, kind, canonical, cause, channel, at)
where s.shard = t.shard and s.workspace = t.workspace and s.kind = t.kind and s.canonical = t.canonical
  and s.cause = t.cause and s.channel = t.channel and s.lifted_at is null

-- name: mark_dead
update address a set dead_code = t.code, dead_at = t.at
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(kind)s::text[], %(value)s::text[], %(code)s::text[],
            %(at)s::timestamptz[]) as t (shard, contact_id, kind, value, code, at)
where a.shard = t.shard and a.contact_id = t.contact_id and a.kind = t.kind and a.value = t.value

-- name: open_conversations
insert into conversation (shard, id, workspace, contact_id, channel_id, state, opened_at, last_at, question)
select shard, id, workspace, contact_id, channel_id, 'open', at, at, '{}'
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(channel_id)s::integer[], %(at)s::timestamptz[])
     as t (shard, id, workspace, contact_id, channel_id, at)

-- name: set_questions
update conversation v set question = t.question::jsonb
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(question)s::text[]) as t (shard, id, question)
where v.shard = t.shard and v.id = t.id

-- name: touch_conversations
update conversation v set last_at = greatest(v.last_at, t.at)
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(at)s::timestamptz[]) as t (shard, id, at)
where v.shard = t.shard and v.id = t.id

-- name: store_messages
insert into message (shard, channel_id, direction, provider_id, workspace, contact_id, conversation_id, identity_kind,
                     identity_scope, identity_value, form, text, facts, provider_at, provider_seq, arrived_at)
select shard, channel_id, direction, provider_id, workspace, contact_id, conversation_id, identity_kind,
       identity_scope, identity_value, form, text, facts::jsonb, provider_at, provider_seq, arrived_at
from unnest(%(shard)s::smallint[], %(channel_id)s::integer[], %(direction)s::text[], %(provider_id)s::text[],
            %(workspace)s::integer[], %(contact_id)s::bigint[], %(conversation_id)s::uuid[], %(identity_kind)s::text[],
            %(identity_scope)s::text[], %(identity_value)s::text[], %(form)s::text[], %(text)s::text[],
            %(facts)s::text[], %(provider_at)s::timestamptz[], %(provider_seq)s::bigint[],
            %(arrived_at)s::timestamptz[])
     as t (shard, channel_id, direction, provider_id, workspace, contact_id, conversation_id, identity_kind,
           identity_scope, identity_value, form, text, facts, provider_at, provider_seq, arrived_at)
on conflict do nothing

-- name: bind_links
update link l set bound_kind = t.kind, bound_scope = t.scope, bound_value = t.value, bound_at = t.at
from unnest(%(shard)s::smallint[], %(code_hash)s::bytea[], %(kind)s::text[], %(scope)s::text[], %(value)s::text[],
            %(at)s::timestamptz[]) as t (shard, code_hash, kind, scope, value, at)
where l.shard = t.shard and l.code_hash = t.code_hash and l.bound_kind = ''

-- name: mint_links
insert into link (shard, code_hash, workspace, contact_id, match_id, attempt, made_at, expires_at, sent_at, bound_kind,
                  bound_scope, bound_value)
select shard, code_hash, workspace, contact_id, match_id, attempt, at, expires_at, null, '', '', ''
from unnest(%(shard)s::smallint[], %(code_hash)s::bytea[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(match_id)s::integer[], %(attempt)s::smallint[], %(at)s::timestamptz[], %(expires_at)s::timestamptz[])
     as t (shard, code_hash, workspace, contact_id, match_id, attempt, at, expires_at)

-- name: advance_progress
-- Only forward: an instant that is set stays, a state of a higher rank stays.
update match_contact p
set stage = coalesce(t.stage, p.stage),
    state = coalesce(t.state, p.state),
    reason = coalesce(t.reason, p.reason),
    direct = coalesce(t.direct, p.direct),
    cost_micros = p.cost_micros + t.cost,
    currency = case when t.currency = '' then p.currency else t.currency end,
    sent_at = coalesce(p.sent_at, t.sent_at),
    delivered_at = coalesce(p.delivered_at, t.delivered_at),
    clicked_at = coalesce(p.clicked_at, t.clicked_at),
    wrote_at = coalesce(p.wrote_at, t.wrote_at),
    matched_at = coalesce(p.matched_at, t.matched_at),
    matched_app = case when p.matched_app = '' then t.matched_app else p.matched_app end,
    forwarded = p.forwarded or t.forwarded
from unnest(%(shard)s::smallint[], %(match_id)s::integer[], %(contact_id)s::bigint[], %(stage)s::smallint[],
            %(state)s::text[], %(reason)s::text[], %(direct)s::text[], %(cost)s::bigint[], %(currency)s::text[],
            %(sent_at)s::timestamptz[], %(delivered_at)s::timestamptz[], %(clicked_at)s::timestamptz[],
            %(wrote_at)s::timestamptz[], %(matched_at)s::timestamptz[], %(matched_app)s::text[],
            %(forwarded)s::boolean[])
     as t (shard, match_id, contact_id, stage, state, reason, direct, cost, currency, sent_at, delivered_at,
           clicked_at, wrote_at, matched_at, matched_app, forwarded)
where p.shard = t.shard and p.match_id = t.match_id and p.contact_id = t.contact_id

-- name: advance_apps
insert into match_app (shard, match_id, contact_id, app, workspace, clicked_at, wrote_at, matched_at)
select shard, match_id, contact_id, app, workspace, clicked_at, wrote_at, matched_at
from unnest(%(shard)s::smallint[], %(match_id)s::integer[], %(contact_id)s::bigint[], %(app)s::text[],
            %(workspace)s::integer[], %(clicked_at)s::timestamptz[], %(wrote_at)s::timestamptz[],
            %(matched_at)s::timestamptz[])
     as t (shard, match_id, contact_id, app, workspace, clicked_at, wrote_at, matched_at)
on conflict (shard, contact_id, match_id, app) do update
   set clicked_at = coalesce(match_app.clicked_at, excluded.clicked_at),
       wrote_at = coalesce(match_app.wrote_at, excluded.wrote_at),
       matched_at = coalesce(match_app.matched_at, excluded.matched_at)

-- name: suggest_merges
insert into merge_suggestion (shard, contact_id, other_id, rule, workspace, evidence, at, state, actor)
select shard, contact_id, other_id, rule, workspace, evidence::jsonb, at, 'open', ''
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(other_id)s::bigint[], %(rule)s::text[],
            %(workspace)s::integer[], %(evidence)s::text[], %(at)s::timestamptz[])
     as t (shard, contact_id, other_id, rule, workspace, evidence, at)
on conflict do nothing

-- name: settle_suggestions
update merge_suggestion s set state = t.state, actor = t.actor
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(other_id)s::bigint[], %(state)s::text[],
            %(actor)s::text[]) as t (shard, contact_id, other_id, state, actor)
where s.shard = t.shard and s.contact_id = t.contact_id and s.other_id = t.other_id and s.state = 'open'

-- name: record_merges
insert into merge (shard, id, workspace, contact_id, into_id, evidence, actor, at, undone_by)
select shard, id, workspace, contact_id, into_id, evidence::jsonb, actor, at, ''
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(into_id)s::bigint[], %(evidence)s::text[], %(actor)s::text[], %(at)s::timestamptz[])
     as t (shard, id, workspace, contact_id, into_id, evidence, actor, at)
on conflict do nothing

-- name: redirect_contacts
update contact c set merged_into = t.into_id, updated_at = t.at
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(into_id)s::bigint[], %(at)s::timestamptz[])
     as t (shard, contact_id, into_id, at)
where c.shard = t.shard and c.id = t.contact_id

-- name: undo_merges
update merge m set undone_at = t.at, undone_by = t.actor
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(actor)s::text[], %(at)s::timestamptz[]) as t (shard, id, actor, at)
where m.shard = t.shard and m.id = t.id and m.undone_at is null

-- name: queue_deliveries
-- An id that is already open, or already has its verdict, is the same delivery: queued once.
insert into delivery_open (shard, id, workspace, contact_id, channel_id, match_id, stage, class, lane, state, attempt,
                           to_kind, to_value, identity_scope, content, cause, not_before, deadline, made_at, journey_id,
                           run_id, step)
select shard, id, workspace, contact_id, channel_id, match_id, stage, class, lane, 'queued', 0, to_kind, to_value,
       identity_scope, content::jsonb, cause, not_before, deadline, at, journey_id, run_id, nullif(step, '')
from unnest(%(shard)s::smallint[], %(day)s::date[], %(id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(channel_id)s::integer[], %(match_id)s::integer[], %(stage)s::smallint[], %(class)s::text[],
            %(lane)s::smallint[], %(to_kind)s::text[], %(to_value)s::text[], %(identity_scope)s::text[],
            %(content)s::text[], %(cause)s::text[], %(not_before)s::timestamptz[], %(deadline)s::timestamptz[],
            %(at)s::timestamptz[], %(journey_id)s::integer[], %(run_id)s::uuid[], %(step)s::text[])
     as t (shard, day, id, workspace, contact_id, channel_id, match_id, stage, class, lane, to_kind, to_value,
           identity_scope, content, cause, not_before, deadline, at, journey_id, run_id, step)
where not exists (select 1 from delivery d where d.shard = t.shard and d.day = t.day and d.id = t.id)
on conflict do nothing

-- name: set_open_states
update delivery_open d
set state = t.state, attempt = t.attempt, content = t.content::jsonb, not_before = t.not_before, held_by = t.held_by,
    lease_until = null
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(state)s::text[], %(attempt)s::smallint[], %(content)s::text[],
            %(not_before)s::timestamptz[], %(held_by)s::text[])
     as t (shard, id, state, attempt, content, not_before, held_by)
where d.shard = t.shard and d.id = t.id

-- name: decide
insert into ledger (shard, day, id, workspace, contact_id, match_id, delivery_id, at, outcome, gate, reason, facts,
                    epoch, journey_id, run_id, step)
select shard, day, id, workspace, contact_id, match_id, delivery_id, at, outcome, gate, reason, facts::jsonb, epoch,
       journey_id, run_id, nullif(step, '')
from unnest(%(shard)s::smallint[], %(day)s::date[], %(id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
            %(match_id)s::integer[], %(delivery_id)s::uuid[], %(at)s::timestamptz[], %(outcome)s::text[],
            %(gate)s::text[], %(reason)s::text[], %(facts)s::text[], %(epoch)s::bigint[], %(journey_id)s::integer[],
            %(run_id)s::uuid[], %(step)s::text[])
     as t (shard, day, id, workspace, contact_id, match_id, delivery_id, at, outcome, gate, reason, facts, epoch,
           journey_id, run_id, step)
on conflict do nothing

-- name: fault_channels
update channel c set state = 'fault', fault = t.sentence
from unnest(%(id)s::integer[], %(sentence)s::text[]) as t (id, sentence)
where c.id = t.id and c.state = 'live'

-- name: park
insert into parked (shard, id, workspace, channel_id, kind, key, reason, payload, at)
values (%(shard)s, %(id)s, %(workspace)s, %(channel_id)s, %(kind)s, %(key)s, %(reason)s, %(payload)s, %(now)s)
on conflict do nothing

-- name: tally
insert into channel_tally (shard, channel_id, workspace, received, processed, duplicates, parked)
select shard, channel_id, workspace, 0, processed, duplicates, parked
from unnest(%(shard)s::smallint[], %(channel_id)s::integer[], %(workspace)s::integer[], %(processed)s::bigint[],
            %(duplicates)s::bigint[], %(parked)s::bigint[])
     as t (shard, channel_id, workspace, processed, duplicates, parked)
on conflict (shard, channel_id) do update
   set processed = channel_tally.processed + excluded.processed,
       duplicates = channel_tally.duplicates + excluded.duplicates,
       parked = channel_tally.parked + excluded.parked

-- name: erase_contact
update contact set name = '', surname = '', locale = '', zone = '', external_id = '', attributes = '{}',
       changed = '{}', search = '', erased_at = %(at)s, updated_at = %(at)s
where shard = %(shard)s and id = %(id)s

-- name: erase_addresses
delete from address where shard = %(shard)s and contact_id = %(id)s

-- name: external_id
select external_id from contact where shard = %(shard)s and id = %(id)s

-- name: erase_address_keys
delete from address_key a
using unnest(%(shards)s::smallint[], %(kinds)s::text[], %(canonicals)s::text[]) as t (shard, kind, canonical)
where a.shard = t.shard and a.workspace = %(workspace)s and a.kind = t.kind and a.canonical = t.canonical
  and a.contact_id = %(id)s

-- name: erase_identities
delete from identity i
using contact_identity c
where c.shard = %(shard)s and c.contact_id = %(id)s and i.workspace = c.workspace
  and i.kind = c.kind and i.scope = c.scope and i.value = c.value and i.contact_id = %(id)s

-- name: erase_linked
delete from contact_identity where shard = %(shard)s and contact_id = %(id)s

-- name: erase_messages
update message set text = '', facts = '{}', identity_value = '' where shard = %(shard)s and contact_id = %(id)s

-- name: erase_conversations
update conversation set question = '{}', handed_at = null, hand_over = '{}'
where shard = %(shard)s and contact_id = %(id)s

-- name: erase_deliveries
update delivery set content = '{}', to_value = '', provider_ids = '{}' where shard = %(shard)s and contact_id = %(id)s

-- name: erase_open
-- What was handed over keeps its row until its verdict: nothing of the person is in it.
update delivery_open set content = '{}', to_value = '' where shard = %(shard)s and contact_id = %(id)s

-- name: erase_consents
-- A first message's own words are the version of its text (M7), so they go too.
update consent set address = split_part(address, ':', 1), evidence = '{}',
       text_version = case source when 'first_message' then '' else text_version end
where shard = %(shard)s and contact_id = %(id)s

-- name: erase_links
-- Bound stays bound, by nobody.
update link set bound_scope = '', bound_value = '' where shard = %(shard)s and contact_id = %(id)s

-- name: erase_message_links
-- Where they led may be the customer's own: a cart, an order.
delete from message_link where shard = %(shard)s and contact_id = %(id)s

-- name: erase_import_rows
update import_row set value = '', suggestion = '', undo = null where shard = %(shard)s and contact_id = %(id)s

-- name: erase_parked
-- Entries of theirs that could not be decided: nothing of them stays but their place and reason, and what a provider sent
-- counts as processed. JSON read back has a blank behind each colon.
with theirs as (
    select p.shard, p.id, p.channel_id,
           p.settled_at is null and p.kind in ('inbound', 'signal', 'receipt') and position(':to-' in p.key) = 0 as counted
    from parked p
    cross join lateral (select replace(p.payload::text, '": ', '":') as text offset 0) w
    where p.workspace = %(workspace)s
      and (exists (select 1 from unnest(%(values)s::text[]) as n (needle) where position(n.needle in w.text) > 0)
           or p.kind = 'event' and exists (select 1 from unnest(%(named)s::text[]) as n (needle)
                                           where position(n.needle in w.text) > 0))
    for update of p
), emptied as (
    update parked p set payload = '{}', settled_at = coalesce(p.settled_at, %(at)s)
    from theirs t
    where p.shard = t.shard and p.id = t.id
)
update channel_tally c set parked = c.parked - t.count, processed = c.processed + t.count
from (select shard, channel_id, count(*) from theirs where counted group by 1, 2) as t
where c.shard = t.shard and c.channel_id = t.channel_id

-- name: erase_webhooks
-- Raw requests that name one of their values lose their body; the row stays, so that counts stay right.
update webhook set body = '', headers = '{}'
where workspace = %(workspace)s
  and exists (select 1 from unnest(%(needles)s::bytea[]) as n (needle) where position(n.needle in body) > 0)

-- name: erase_exchanges
-- What was said to providers about the person: it lies in the contact's shard.
delete from channel_log where shard = %(shard)s and contact_id = %(id)s

-- name: erase_log
-- Decided entries of theirs: by contact, and by the values that an entry of an identity's shard holds. Of a writer that
-- was dropped all are decided, and no position is left.
delete from log
where workspace = %(workspace)s
  and (seq <= (select max(p.seq) from log_position p where p.shard = log.shard and p.writer = log.writer)
       or not exists (select 1 from log_writer w where w.id = log.writer))
  and (contact_id = %(id)s
       or exists (select 1 from unnest(%(values)s::text[]) as n (needle) where position(n.needle in payload) > 0)
       or kind = 'event' and exists (select 1 from unnest(%(named)s::text[]) as n (needle)
                                     where position(n.needle in payload) > 0))

-- name: erase_events
delete from event where shard = %(shard)s and contact_id = %(id)s

-- name: erase_memberships
delete from group_member where shard = %(shard)s and contact_id = %(id)s

-- name: erase_moments
delete from contact_moments where shard = %(shard)s and contact_id = %(id)s

-- name: erase_session
delete from session where shard = %(shard)s and contact_id = %(id)s

-- name: erase_slots
delete from slot where shard = %(shard)s and contact_id = %(id)s

-- name: erase_coupons
-- Whose a code is goes; that it was given stays counted.
delete from coupon_claim where shard = %(shard)s and contact_id = %(id)s

-- name: erase_runs
-- What is over stays counted; nothing of what began it, or was answered or saved in it, does.
update run set event = '{}', answers = '{}', results = '{}', key = '' where shard = %(shard)s and contact_id = %(id)s

-- name: erase_otps
delete from otp where shard = %(shard)s and contact_id = %(id)s

-- name: erase_calls
-- What is under way is not known to anybody when its answer comes.
delete from call_open where shard = %(shard)s and contact_id = %(id)s

-- name: erase_call_log
delete from call_log where shard = %(shard)s and contact_id = %(id)s

-- name: erase_passages
delete from passage where shard = %(shard)s and contact_id = %(id)s

-- name: erase_watches
delete from message_watch where shard = %(shard)s and contact_id = %(id)s

-- name: erase_goals
delete from goal_open where shard = %(shard)s and contact_id = %(id)s

-- name: erase_members
delete from segment_member where shard = %(shard)s and contact_id = %(id)s

-- name: erase_changes
delete from segment_change where shard = %(shard)s and contact_id = %(id)s

-- name: erase_activity
delete from activity where shard = %(shard)s and contact_id = %(id)s

-- name: erase_assignments
delete from assignment where shard = %(shard)s and contact_id = %(id)s

-- name: erase_discards
-- What was not taken of what their apps sent. A name may be as short as a number, so it is looked for with its quotes.
delete from event_discard d
where d.workspace = %(workspace)s
  and (exists (select 1 from unnest(%(values)s::text[]) as n (needle) where position(n.needle in d.sample) > 0)
       or exists (select 1 from unnest(%(quoted)s::text[]) as n (needle) where position(n.needle in d.sample) > 0))

-- name: erase_samples
-- Webhooks of their shop: by whom their events named, else by an address in the body, or an id that is long enough to
-- be nobody else's.
delete from hook_sample h
where h.workspace = %(workspace)s
  and (h.people && %(who)s::text[]
       or exists (select 1 from unnest(%(values)s::text[]) as n (needle)
                  where position(lower(n.needle) in lower(h.body)) > 0)
       or exists (select 1 from unnest(%(who)s::text[]) as n (needle)
                  where length(n.needle) > 5 and position(n.needle in h.body) > 0))

-- name: erase_suggestions
delete from merge_suggestion
where workspace = %(workspace)s and (contact_id = %(id)s or other_id = %(id)s)

-- name: prove_erasure
insert into erasure (shard, workspace, proof, contact_id, actor, at)
select shard, %(workspace)s, proof, %(id)s, %(actor)s, %(at)s
from unnest(%(shards)s::smallint[], %(proofs)s::bytea[]) as t (shard, proof)
on conflict do nothing
