-- Imports: what the check looks up, the stage between check and apply, apply and undo by groups of shards.
-- Progress stands in the import's own row, so that it commits with the rows that it counts.

-- name: relax
-- Progress commits with what it counts, so a crash of the server loses the last moments of both: waiting for the disk at
-- every batch would buy nothing.
set synchronous_commit = off

-- name: widen
-- Room for the groups of a million phones (82 MB), and for longer passes of what the search's index gathers: each pass
-- goes through all of its common trigrams.
set work_mem = '128MB'

-- name: plan_each
-- Each group is planned for by itself: a plan made for any array of shards would not know that there are four of them.
set plan_cache_mode = force_custom_plan

-- name: waiting
select id from import where state in ('checking', 'applying', 'undoing') and kind = any(%(kinds)s) order by id

-- name: lock
-- A hint that tells a dead worker's import from a living one's: the lock goes with the session. What makes a second
-- worker harmless is the guard in each update and the stage, whose rows can be deleted once.
select pg_try_advisory_lock(72017, %(id)s)

-- name: unlock
select pg_advisory_unlock(72017, %(id)s)

-- name: read
select id, workspace_id, kind, name, path, size, shape, mapping, options, state, rows_total, rows_done, cursor, counts,
       warnings, created_by_id, started_at, ended_at, source_id
from import where id = %(id)s

-- name: advance
-- Every change names the state and the cursor that it expects; no row touched means that another worker has it.
update import set rows_done = %(rows_done)s, cursor = %(cursor)s, counts = %(counts)s, beat_at = %(now)s
where id = %(id)s and state = %(state)s and cursor = %(expected)s

-- name: beat
-- A group of a check is done. The cursor tells this check from one that was begun anew meanwhile.
update import set beat_at = %(now)s where id = %(id)s and state = %(state)s and cursor = %(expected)s

-- name: count_done
update import set rows_done = rows_done + %(rows)s, beat_at = %(now)s where id = %(id)s and state = %(state)s

-- name: finish
update import set state = %(next)s, fault = %(fault)s, rows_total = coalesce(%(rows_total)s, rows_total),
       counts = %(counts)s, warnings = %(warnings)s, beat_at = null,
       ended_at = coalesce(%(ended_at)s, ended_at), undone_at = coalesce(%(undone_at)s, undone_at)
where id = %(id)s and state = %(state)s

-- name: set_shape
update import set shape = %(shape)s where id = %(id)s

-- name: start
update import set started_at = coalesce(started_at, %(now)s), rows_done = %(rows_done)s, rows_total = %(rows_total)s
where id = %(id)s and state = %(state)s

-- name: notice
insert into notice (workspace_id, kind, facts, link, at) values (%(workspace)s, %(kind)s, %(facts)s, %(link)s, %(now)s)

-- name: notify_live
select pg_notify('tertulia_live', %(topic)s)

-- name: forget_stage
delete from import_stage where import_id = %(id)s

-- name: forget_rows
delete from import_row where import_id = %(id)s

-- name: owners
-- Each key is an index probe in its shard. `offset 0` keeps the probes: joined plainly, the planner reads the whole
-- directory for every batch (38 us a row against 4).
select k.n, coalesce(c.merged_into, c.id)
from unnest(%(shards)s::smallint[], %(kinds)s::text[], %(canonicals)s::text[]) with ordinality
     as k (shard, kind, canonical, n)
cross join lateral (
    select a.contact_id from address_key a
    where a.shard = k.shard and a.workspace = %(workspace)s and a.kind = k.kind and a.canonical = k.canonical
    offset 0) a
cross join lateral (
    select c.id, c.merged_into from contact c
    where c.shard = (%(contact_shards)s::smallint[])[(a.contact_id & 255) + 1] and c.id = a.contact_id
      and c.erased_at is null
    offset 0) c

-- name: known
select c.*
from unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
cross join lateral (
    select c.id, c.name, c.surname, c.country, c.locale, c.zone, c.external_id, c.attributes,
           coalesce((select array_agg(a.kind || ':' || a.canonical) from address a
                     where a.shard = c.shard and a.contact_id = c.id), '{}')
    from contact c
    where c.shard = k.shard and c.id = k.id and c.erased_at is null
    offset 0) c
order by c.id

-- name: suppressed
select k.n, s.cause
from unnest(%(shards)s::smallint[], %(kinds)s::text[], %(canonicals)s::text[]) with ordinality
     as k (shard, kind, canonical, n)
cross join lateral (
    select s.cause from suppression s
    where s.shard = k.shard and s.workspace = %(workspace)s and s.kind = k.kind and s.canonical = k.canonical
      and s.lifted_at is null
    offset 0) s

-- name: serials
select nextval('contact_serial') from generate_series(1, %(blocks)s)

-- name: twins_by_phone
-- Rows of one file that share a key, in file order. The groups are few; the hash aggregate reads the stage once.
select phone_key, shard, row, name, surname, external_id, phone_key, email_key, contact_id
from import_stage
where import_id = %(id)s and phone_key <> '' and phone_key in (
    select phone_key from import_stage where import_id = %(id)s and phone_key <> ''
    group by phone_key having count(*) > 1)
order by 1, row

-- name: twins_by_email
select email_key, shard, row, name, surname, external_id, phone_key, email_key, contact_id
from import_stage
where import_id = %(id)s and email_key <> '' and email_key in (
    select email_key from import_stage where import_id = %(id)s and email_key <> ''
    group by email_key having count(*) > 1)
order by 1, row

-- name: twins_by_external
select external_id, shard, row, name, surname, external_id, phone_key, email_key, contact_id
from import_stage
where import_id = %(id)s and external_id <> '' and external_id in (
    select external_id from import_stage where import_id = %(id)s and external_id <> ''
    group by external_id having count(*) > 1)
order by 1, row

-- name: set_duplicates
with t as (select * from unnest(%(shards)s::smallint[], %(rows)s::integer[], %(reasons)s::text[], %(contacts)s::bigint[])
                  as t (shard, row, reason, contact_id)),
gone as (delete from import_stage s using t where s.shard = t.shard and s.import_id = %(id)s and s.row = t.row)
update import_row r set outcome = 'duplicate', reason = t.reason, contact_id = t.contact_id
from t
where r.shard = t.shard and r.import_id = %(id)s and r.row = t.row

-- name: set_reasons
update import_row r set reason = t.reason
from unnest(%(shards)s::smallint[], %(rows)s::integer[], %(reasons)s::text[]) as t (shard, row, reason)
where r.shard = t.shard and r.import_id = %(id)s and r.row = t.row and r.reason = ''

-- name: mark_series
update import_row set reason = %(reason)s, suggestion = ''
where import_id = %(id)s and row between %(first)s and %(last)s and outcome in ('new', 'updated')

-- name: reject_series
with gone as (delete from import_stage s
              using import_row r
              where s.import_id = %(id)s and r.shard = s.shard and r.import_id = s.import_id and r.row = s.row
                and r.reason = %(reason)s)
update import_row set outcome = 'rejected', contact_id = null
where import_id = %(id)s and reason = %(reason)s and outcome in ('new', 'updated')

-- name: tally
select outcome, split_part(reason, '?', 1), sms, suggestion <> '' and split_part(suggestion, '?', 1)
           not in ('leave_out', 'ask_again', 'needs_digits'), count(*),
       sum(case when outcome = 'updated' then cardinality(string_to_array(field, ',')) else 0 end)
from import_row where import_id = %(id)s
group by 1, 2, 3, 4

-- name: staged
select count(*) from import_stage where import_id = %(id)s

-- name: set_outcomes
update import_row r set outcome = t.outcome, field = t.field, contact_id = t.contact_id, undo = t.undo
from unnest(%(shards)s::smallint[], %(rows)s::integer[], %(outcomes)s::text[], %(fields)s::text[],
            %(contacts)s::bigint[], %(undos)s::jsonb[]) as t (shard, row, outcome, field, contact_id, undo)
where r.shard = t.shard and r.import_id = %(id)s and r.row = t.row

-- name: insert_new
-- One statement writes a group of shards: the stage's rows become contacts, addresses, keys and consent. Its rows are
-- read once. The contacts with their trigrams are half of its time. Nothing can conflict, for a row's contact is its own;
-- to say `on conflict` all the same costs 7 us of 57 a row.
with moved as (
    delete from import_stage
    where shard = any(%(shards)s) and import_id = %(id)s and outcome = 'new'
    returning *
), made as (
    insert into contact (shard, id, workspace, name, surname, locale, zone, country, external_id, attributes, changed,
                         search, source, created_at, updated_at, active_at)
    select shard, contact_id, workspace, name, surname, locale, zone, country, external_id, attributes,
           case when attributes = '{}' then '{}'::jsonb
                else (select jsonb_object_agg(k, to_jsonb(%(now)s::timestamptz)) from jsonb_object_keys(attributes) k) end,
           search, %(source)s, %(now)s, %(now)s, null
    from moved
), placed as (
    insert into address (shard, contact_id, kind, value, canonical, workspace, line_type, country, sms, dead_code,
                         source, added_at)
    select shard, contact_id, 'phone', phone, phone_key, workspace, line_type, phone_country, sms, '', %(source)s,
           %(now)s::timestamptz
    from moved where phone <> ''
    union all
    select shard, contact_id, 'email', email, email_key, workspace, '', '', false, '', %(source)s, %(now)s
    from moved where email <> ''
), keyed as (
    insert into address_key (shard, workspace, kind, canonical, contact_id)
    select shard, workspace, 'phone', phone_key, contact_id from moved where phone <> ''
    union all
    select email_shard, workspace, 'email', email_key, contact_id from moved where email <> ''
    union all
    select external_shard, workspace, 'external_id', external_id, contact_id from moved where external_id <> ''
), agreed as (
    insert into consent (shard, contact_id, id, workspace, address, channel, topic, state, source, evidence,
                         text_version, actor, at)
    select shard, contact_id, md5(%(source)s || ':' || contact_id || ':' || a.address || ':' || topic)::uuid, workspace,
           a.address, a.channel, topic, 'granted', 'customer_list', %(evidence)s, %(text_version)s, %(actor)s,
           %(now)s::timestamptz
    from moved
    cross join lateral (select 'phone:' || phone_key as address, %(channel)s::text as channel where phone <> ''
                        union all select 'email:' || email_key, %(mail_channel)s where email <> '') a
    cross join unnest(%(topics)s::text[]) as topic
    where moved.consents
)
select count(*) from moved

-- name: agree_known
-- Contacts that were there already: their consent is recorded where none from a list that counts is there yet.
insert into consent (shard, contact_id, id, workspace, address, channel, topic, state, source, evidence, text_version,
                     actor, at)
select distinct c.shard, c.id, md5(%(source)s || ':' || c.id || ':' || a.address || ':' || topic)::uuid, s.workspace,
       a.address, a.channel, topic, 'granted', 'customer_list', %(evidence)s::jsonb, %(text_version)s, %(actor)s,
       %(now)s::timestamptz
from import_stage s
join contact c on c.id = s.contact_id and c.shard = (%(contact_shards)s::smallint[])[(s.contact_id & 255) + 1]
cross join lateral (select 'phone:' || s.phone_key as address, %(channel)s::text as channel where s.phone <> ''
                    union all select 'email:' || s.email_key, %(mail_channel)s where s.email <> '') a
cross join unnest(%(topics)s::text[]) as topic
where s.shard = any(%(shards)s) and s.import_id = %(id)s and s.outcome in ('updated', 'unchanged') and s.consents
  and not exists (
    select 1 from consent k
    where k.shard = c.shard and k.contact_id = c.id and k.state = 'granted' and k.source = 'customer_list'
      and k.address = a.address and k.channel = a.channel and k.topic = topic
      and k.evidence ->> 'ref' not in (select 'import:' || i.id from import i
                                       where i.workspace_id = s.workspace and i.undone_at is not null))
on conflict do nothing

-- name: drop_known
delete from import_stage where shard = any(%(shards)s) and import_id = %(id)s and outcome in ('updated', 'unchanged')

-- name: update_contacts
update contact c set name = t.name, surname = t.surname, locale = t.locale, zone = t.zone, country = t.country,
       external_id = t.external_id, attributes = t.attributes, changed = c.changed || t.changed, search = t.search,
       updated_at = %(now)s
from unnest(%(shards)s::smallint[], %(ids)s::bigint[], %(names)s::text[], %(surnames)s::text[], %(locales)s::text[],
            %(zones)s::text[], %(countries)s::text[], %(external_ids)s::text[], %(attributes)s::jsonb[],
            %(changed)s::jsonb[], %(searches)s::text[])
     as t (shard, id, name, surname, locale, zone, country, external_id, attributes, changed, search)
where c.shard = t.shard and c.id = t.id

-- name: lock_contacts
select c.id, c.name, c.surname, c.country, c.locale, c.zone, c.external_id, c.attributes,
       coalesce((select array_agg(a.kind || ':' || a.canonical) from address a
                 where a.shard = c.shard and a.contact_id = c.id), '{}'), c.search
from contact c
where c.shard = any(%(shards)s::smallint[]) and c.id = any(%(ids)s::bigint[]) and c.erased_at is null
order by c.shard, c.id
for update of c

-- name: add_addresses
insert into address (shard, contact_id, kind, value, canonical, workspace, line_type, country, sms, dead_code, source,
                     added_at)
select shard, contact_id, kind, value, canonical, %(workspace)s, line_type, country, sms, '', %(source)s, %(now)s
from unnest(%(shards)s::smallint[], %(contacts)s::bigint[], %(kinds)s::text[], %(values)s::text[],
            %(canonicals)s::text[], %(line_types)s::text[], %(countries)s::text[], %(sms)s::boolean[])
     as t (shard, contact_id, kind, value, canonical, line_type, country, sms)
on conflict do nothing

-- name: add_keys
insert into address_key (shard, workspace, kind, canonical, contact_id)
select shard, %(workspace)s, kind, canonical, contact_id
from unnest(%(shards)s::smallint[], %(kinds)s::text[], %(canonicals)s::text[], %(contacts)s::bigint[])
     as t (shard, kind, canonical, contact_id)
on conflict do nothing

-- name: suppress
-- An opt-out list wins over any consent, whichever came first. What a person lifted later than the list's own date
-- stays lifted.
with moved as (
    delete from import_stage
    where shard = any(%(shards)s) and import_id = %(id)s and outcome = 'suppressed'
    returning *
), kept as (
    insert into suppression (shard, workspace, kind, canonical, cause, channel, source, evidence, at)
    select distinct on (shard, phone_key, email_key)
           shard, workspace, case when phone_key <> '' then 'phone' else 'email' end,
           case when phone_key <> '' then phone_key else email_key end, attributes ->> 'cause', %(channel)s, %(source)s,
           jsonb_build_object('ref', %(source)s::text, 'row', row, 'word', attributes ->> 'word'),
           (attributes ->> 'at')::timestamptz
    from moved order by shard, phone_key, email_key, row
    on conflict (shard, workspace, kind, canonical, cause, channel) do update
       set lifted_at = null, at = excluded.at, source = excluded.source, evidence = excluded.evidence
    where suppression.lifted_at is not null and suppression.lifted_at < excluded.at
), told as (
    insert into consent (shard, contact_id, id, workspace, address, channel, topic, state, source, evidence,
                         text_version, actor, at)
    select (%(contact_shards)s::smallint[])[(a.contact_id & 255) + 1], a.contact_id,
           md5(%(source)s || ':' || a.contact_id || ':' || m.row)::uuid, m.workspace, a.kind || ':' || a.canonical,
           %(channel)s, 'marketing', 'withdrawn', 'opt_out_list',
           jsonb_build_object('ref', %(source)s::text, 'row', m.row, 'word', m.attributes ->> 'word'), '', %(actor)s,
           (m.attributes ->> 'at')::timestamptz
    from moved m
    join address_key a on a.shard = m.shard and a.workspace = m.workspace
     and a.kind = case when m.phone_key <> '' then 'phone' else 'email' end
     and a.canonical = case when m.phone_key <> '' then m.phone_key else m.email_key end
    where m.attributes ->> 'cause' = 'withdrawn'
    on conflict do nothing
)
select count(*) from moved

-- name: copy_stage
copy import_stage (shard, import_id, row, workspace, outcome, contact_id, name, surname, phone, phone_key, line_type,
                   phone_country, sms, email, email_key, email_shard, external_id, external_shard, country, locale, zone,
                   attributes, search, consents, reason)
from stdin with (encoding 'UTF8')

-- name: copy_rows
copy import_row (shard, import_id, row, workspace, outcome, field, value, reason, suggestion, contact_id, sms, undo)
from stdin with (encoding 'UTF8')

-- name: needed_files
-- Files that an import has still to read.
select path from import where state in ('uploaded', 'mapped', 'checking', 'checked', 'applying', 'failed')
