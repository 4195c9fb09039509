-- The stage: rows of a file between check and apply, by groups of shards. A row is listed (`import_row`) when its group
-- was checked, so a check that was interrupted goes on with the rows that are not.

-- name: analyze
-- A million fresh rows would otherwise be planned for as a few: nested loops in the place of the hash joins below.
analyze import_stage

-- name: shards
-- The shards in which an import has rows: a probe each, so a small list is not asked for in all 256.
select k.shard
from unnest(%(shards)s::smallint[]) as k (shard)
where exists (select 1 from import_stage s where s.shard = k.shard and s.import_id = %(id)s)

-- name: owned
-- New rows whose address or id somebody has, in whole. Phones lie in the row's own shard, so the directory's part is
-- read once and hashed (16,000 rows of a group beside 16,000 keys: 12 ms, against 100 ms by a probe each); an e-mail or
-- an id may lie anywhere and is probed. `listed`: of rows that were checked, or of those that were not.
with fresh as materialized (
    select s.shard, s.row, s.phone_key, s.email_key, s.email_shard, s.external_id, s.external_shard
    from import_stage s
    left join import_row r on r.shard = s.shard and r.import_id = %(id)s and r.row = s.row and r.shard = any(%(shards)s)
    where s.shard = any(%(shards)s) and s.import_id = %(id)s and s.outcome = 'new' and (%(listed)s or r.row is null)
), owned as (
    select f.shard, f.row
    from fresh f
    join address_key a on a.shard = f.shard and a.canonical = f.phone_key
    where a.shard = any(%(shards)s) and a.workspace = %(workspace)s and a.kind = 'phone'
    union
    select f.shard, f.row
    from fresh f
    cross join lateral (
        select 1 from address_key a
        where a.shard = f.email_shard and a.workspace = %(workspace)s and a.kind = 'email' and a.canonical = f.email_key
        offset 0) a
    where f.email_key <> ''
    union
    select f.shard, f.row
    from fresh f
    cross join lateral (
        select 1 from address_key a
        where a.shard = f.external_shard and a.workspace = %(workspace)s and a.kind = 'external_id'
          and a.canonical = f.external_id
        offset 0) a
    where f.external_id <> ''
)
select s.row, s.outcome, s.contact_id, s.name, s.surname, s.phone, s.phone_key, s.line_type, s.phone_country, s.sms,
       s.email, s.email_key, s.external_id, s.country, s.locale, s.zone, s.attributes, s.shard, s.reason
from owned o
join import_stage s on s.shard = o.shard and s.import_id = %(id)s and s.row = o.row
where s.shard = any(%(shards)s)
order by s.shard, s.row

-- name: updated
-- The rows of a group that change a contact, locked, in file order.
select row, outcome, contact_id, name, surname, phone, phone_key, line_type, phone_country, sms, email, email_key,
       external_id, country, locale, zone, attributes, shard, reason
from import_stage
where shard = any(%(shards)s) and import_id = %(id)s and outcome = 'updated'
order by row
for update

-- name: suppressed
-- Rows of a group that were not checked yet and whose address is suppressed; the phone's cause comes first.
select distinct on (s.shard, s.row) s.shard, s.row, p.cause
from import_stage s
join suppression p on p.shard = s.shard and p.canonical = s.phone_key
where s.shard = any(%(shards)s) and s.import_id = %(id)s and s.phone_key <> ''
  and p.shard = any(%(shards)s) and p.workspace = %(workspace)s and p.kind = 'phone' and p.lifted_at is null
order by s.shard, s.row, p.cause

-- name: suppressed_by_email
select distinct on (s.shard, s.row) s.shard, s.row, p.cause
from import_stage s
cross join lateral (
    select p.cause from suppression p
    where p.shard = s.email_shard and p.workspace = %(workspace)s and p.kind = 'email' and p.canonical = s.email_key
      and p.lifted_at is null
    offset 0) p
where s.shard = any(%(shards)s) and s.import_id = %(id)s and s.email_key <> ''
order by s.shard, s.row, p.cause

-- name: restage
update import_stage s set outcome = t.outcome, contact_id = t.contact_id
from unnest(%(staged)s::smallint[], %(rows)s::integer[], %(outcomes)s::text[], %(contacts)s::bigint[])
     as t (shard, row, outcome, contact_id)
where s.shard = t.shard and s.import_id = %(id)s and s.row = t.row

-- name: move
-- Rows of contacts who live in another shard than their address does go there, with what is listed of them.
with t as (
    select * from unnest(%(froms)s::smallint[], %(rows)s::integer[], %(shards)s::smallint[]) as t (source, row, shard)
), unlisted as (
    delete from import_row r using t where r.shard = t.source and r.import_id = %(id)s and r.row = t.row
    returning r.*
), listed as (
    insert into import_row (shard, import_id, row, workspace, outcome, field, value, reason, suggestion, contact_id, sms,
                            undo)
    select t.shard, u.import_id, u.row, u.workspace, u.outcome, u.field, u.value, u.reason, u.suggestion, u.contact_id,
           u.sms, u.undo
    from unlisted u
    join t on t.row = u.row
), gone as (
    delete from import_stage s using t where s.shard = t.source and s.import_id = %(id)s and s.row = t.row
    returning s.*
)
insert into import_stage (shard, import_id, row, workspace, outcome, contact_id, name, surname, phone, phone_key,
                          line_type, phone_country, sms, email, email_key, email_shard, external_id, external_shard,
                          country, locale, zone, attributes, search, consents, reason)
select t.shard, g.import_id, g.row, g.workspace, g.outcome, g.contact_id, g.name, g.surname, g.phone, g.phone_key,
       g.line_type, g.phone_country, g.sms, g.email, g.email_key, g.email_shard, g.external_id, g.external_shard,
       g.country, g.locale, g.zone, g.attributes, g.search, g.consents, g.reason
from gone g
join t on t.row = g.row

-- name: list_rows
-- What the rows of a group are to become, where that is not known yet; `t` holds what the check found out about some.
-- In the order of the index by outcome, whose pages are then filled one after the other.
insert into import_row (shard, import_id, row, workspace, outcome, field, value, reason, suggestion, contact_id, sms, undo)
select s.shard, s.import_id, s.row, s.workspace,
       case when starts_with(s.outcome, 'erased:') then 'rejected' else s.outcome end, coalesce(t.field, ''),
       case when s.phone <> '' then s.phone when s.email <> '' then s.email else s.external_id end,
       coalesce(t.reason, s.reason), '', case when starts_with(s.outcome, 'erased:') then null else s.contact_id end,
       s.sms and not coalesce(t.suppressed, false), null
from import_stage s
left join unnest(%(found)s::integer[], %(fields)s::text[], %(reasons)s::text[], %(suppressed)s::boolean[])
          as t (row, field, reason, suppressed) on t.row = s.row
where s.shard = any(%(shards)s) and s.import_id = %(id)s
  and not exists (select 1 from import_row r
                  where r.shard = any(%(shards)s) and r.shard = s.shard and r.import_id = %(id)s and r.row = s.row)
order by s.outcome, s.row
