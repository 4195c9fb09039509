-- Reads of contacts for pages and the API. `list`, `list_rare`, `count`, `estimate` and `absorbed` fan out over the shards (search and list may);
-- everything about one contact names its shard, or the few shards of those merged into it.

-- name: list
-- One page of the workspace's contacts, the newest first, from after (created_at, id). Up to three words as LIKE
-- patterns, '%%' for none, served by the trigram index (LIKE ALL over an array would not be). Consent for marketing as
-- `core.consent` derives it: withdrawn when a withdrawal is not followed by a chosen grant, granted by any grant
-- otherwise. The page is picked before numbers and apps are joined to it. What most contacts meet (a number, a grant) is
-- asked of one after the other in the order of the page, which a join would not do: 20 ms in the place of 3 s.
with page as materialized (
select c.shard, c.id, c.name, c.surname, c.country, c.source, c.created_at, c.active_at
from contact c
where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
  and c.search like %(first)s and c.search like %(second)s and c.search like %(third)s
  and (%(country)s = '' or c.country = %(country)s)
  and (%(attribute)s = '' or case when %(value)s = '' then c.attributes ->> %(attribute)s <> ''
                                  else lower(c.attributes ->> %(attribute)s) = lower(%(value)s) end)
  and (%(import)s = 0 or c.id in (select r.contact_id from import_row r where r.import_id = %(import)s))
  and (%(segment)s = 0 or exists (
        select 1 from segment_member g
        where g.shard = c.shard and g.segment_id = %(segment)s and g.contact_id = c.id))
  and (%(app)s = '' or exists (
        select 1 from contact_identity i
        where i.shard = c.shard and i.contact_id = c.id and i.unlinked_at is null
          and (i.kind = %(app)s or (%(app)s = 'any' and i.kind not in ('phone', 'email', 'user_id', 'anonymous_id', 'comment')))))
  and (not %(sms)s or (
        select true from address a
        where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone' and a.sms and a.dead_code = '' limit 1))
  and (%(consent)s <> 'none' or not exists (
        select 1 from consent k
        where k.shard = c.shard and k.contact_id = c.id and k.topic in ('marketing', '*')
          and k.source <> 'platform_block'))
  and (%(consent)s <> 'granted' or (
        select true from consent k
        where k.shard = c.shard and k.contact_id = c.id and k.topic in ('marketing', '*') and k.state = 'granted'
          and k.source <> 'platform_block' limit 1))
  and (%(consent)s <> 'granted' or not exists (
        select 1 from consent k
        where k.shard = c.shard and k.contact_id = c.id and k.topic in ('marketing', '*') and k.state = 'withdrawn'
          and k.source <> 'platform_block'
          and not exists (
                select 1 from consent g
                where g.shard = k.shard and g.contact_id = k.contact_id and g.state = 'granted'
                  and g.source not in ('customer_list', 'first_message') and g.at > k.at
                  and g.topic in ('marketing', '*') and g.address in (k.address, '*')
                  and g.channel in (k.channel, '*'))))
  and (%(consent)s <> 'withdrawn' or exists (
        select 1 from consent k
        where k.shard = c.shard and k.contact_id = c.id and k.topic in ('marketing', '*') and k.state = 'withdrawn'
          and k.source <> 'platform_block'
          and not exists (
                select 1 from consent g
                where g.shard = k.shard and g.contact_id = k.contact_id and g.state = 'granted'
                  and g.source not in ('customer_list', 'first_message') and g.at > k.at
                  and g.topic in ('marketing', '*') and g.address in (k.address, '*')
                  and g.channel in (k.channel, '*'))))
  and (c.created_at, c.id) < (%(before_at)s::timestamptz, %(before_id)s::bigint)
order by c.created_at desc, c.id desc
limit %(limit)s
)
select c.id, c.name, c.surname, c.country, c.source, c.created_at, c.active_at, p.value, coalesce(p.sms, false),
       coalesce((select array_agg(distinct i.kind order by i.kind) from contact_identity i
                 where i.shard = c.shard and i.contact_id = c.id and i.unlinked_at is null
                   and i.kind not in ('user_id', 'anonymous_id', 'comment')), '{}')
from page c
left join lateral (select a.value, a.sms and a.dead_code = '' as sms from address a
                   where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone'
                   order by a.added_at, a.value limit 1) p on true
order by c.created_at desc, c.id desc

-- name: list_rare
-- The same page of a filter that few contacts meet: found as `count` finds them and then sorted, for walking the list
-- until 51 of them have come would walk all of it (8 s of 1,000,000, for an app that nobody uses).
with agreed as (
    select distinct k.shard, k.contact_id from consent k
    where %(consent)s in ('granted', 'none') and k.workspace = %(workspace)s and k.topic in ('marketing', '*')
      and k.source <> 'platform_block' and (k.state = 'granted' or %(consent)s = 'none')
), refused as (
    select distinct k.shard, k.contact_id from consent k
    where %(consent)s in ('granted', 'withdrawn') and k.workspace = %(workspace)s and k.topic in ('marketing', '*')
      and k.source <> 'platform_block' and k.state = 'withdrawn'
      and not exists (
            select 1 from consent g
            where g.shard = k.shard and g.contact_id = k.contact_id and g.state = 'granted'
              and g.source not in ('customer_list', 'first_message') and g.at > k.at
              and g.topic in ('marketing', '*') and g.address in (k.address, '*')
              and g.channel in (k.channel, '*'))
), textable as (
    select distinct a.shard, a.contact_id from address a
    where %(sms)s and a.workspace = %(workspace)s and a.kind = 'phone' and a.sms and a.dead_code = ''
), reachable as (
    select distinct i.shard, i.contact_id from contact_identity i
    where %(app)s <> '' and i.workspace = %(workspace)s and i.unlinked_at is null
      and (i.kind = %(app)s or (%(app)s = 'any' and i.kind not in ('phone', 'email', 'user_id', 'anonymous_id', 'comment')))
), imported as (
    select distinct r.shard, r.contact_id from import_row r
    where %(import)s <> 0 and r.import_id = %(import)s and r.contact_id is not null
), inside as (
    select g.shard, g.contact_id from segment_member g where %(segment)s <> 0 and g.segment_id = %(segment)s
), page as materialized (
select c.shard, c.id, c.name, c.surname, c.country, c.source, c.created_at, c.active_at
from contact c
left join agreed on agreed.shard = c.shard and agreed.contact_id = c.id
left join refused on refused.shard = c.shard and refused.contact_id = c.id
left join textable on textable.shard = c.shard and textable.contact_id = c.id
left join reachable on reachable.shard = c.shard and reachable.contact_id = c.id
left join imported on imported.shard = c.shard and imported.contact_id = c.id
left join inside on inside.shard = c.shard and inside.contact_id = c.id
where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
  and c.search like %(first)s and c.search like %(second)s and c.search like %(third)s
  and (%(country)s = '' or c.country = %(country)s)
  and (%(attribute)s = '' or case when %(value)s = '' then c.attributes ->> %(attribute)s <> ''
                                  else lower(c.attributes ->> %(attribute)s) = lower(%(value)s) end)
  and (not %(sms)s or textable.contact_id is not null)
  and (%(app)s = '' or reachable.contact_id is not null)
  and (%(import)s = 0 or imported.contact_id is not null)
  and (%(segment)s = 0 or inside.contact_id is not null)
  and case %(consent)s when 'granted' then agreed.contact_id is not null and refused.contact_id is null
                       when 'none' then agreed.contact_id is null
                       when 'withdrawn' then refused.contact_id is not null
                       else true end
  and (c.created_at, c.id) < (%(before_at)s::timestamptz, %(before_id)s::bigint)
order by c.created_at desc, c.id desc
limit %(limit)s
)
select c.id, c.name, c.surname, c.country, c.source, c.created_at, c.active_at, p.value, coalesce(p.sms, false),
       coalesce((select array_agg(distinct i.kind order by i.kind) from contact_identity i
                 where i.shard = c.shard and i.contact_id = c.id and i.unlinked_at is null
                   and i.kind not in ('user_id', 'anonymous_id', 'comment')), '{}')
from page c
left join lateral (select a.value, a.sms and a.dead_code = '' as sms from address a
                   where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone'
                   order by a.added_at, a.value limit 1) p on true
order by c.created_at desc, c.id desc

-- name: list_by_id
select c.id, c.name, c.surname, c.country, c.source, c.created_at, c.active_at, p.value, coalesce(p.sms, false),
       coalesce((select array_agg(distinct i.kind order by i.kind) from contact_identity i
                 where i.shard = c.shard and i.contact_id = c.id and i.unlinked_at is null
                   and i.kind not in ('user_id', 'anonymous_id', 'comment')), '{}')
from contact c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id
left join lateral (select a.value, a.sms and a.dead_code = '' as sms from address a
                   where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone'
                   order by a.added_at, a.value limit 1) p on true
where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
order by c.created_at desc, c.id desc

-- name: count
-- Exact, as sets that are joined once: asked row by row, what most contacts meet took 4 to 7 s of 1,000,000. A set that
-- the filter does not ask for is empty by a constant condition and costs nothing.
with agreed as (
    select distinct k.shard, k.contact_id from consent k
    where %(consent)s in ('granted', 'none') and k.workspace = %(workspace)s and k.topic in ('marketing', '*')
      and k.source <> 'platform_block' and (k.state = 'granted' or %(consent)s = 'none')
), refused as (
    select distinct k.shard, k.contact_id from consent k
    where %(consent)s in ('granted', 'withdrawn') and k.workspace = %(workspace)s and k.topic in ('marketing', '*')
      and k.source <> 'platform_block' and k.state = 'withdrawn'
      and not exists (
            select 1 from consent g
            where g.shard = k.shard and g.contact_id = k.contact_id and g.state = 'granted'
              and g.source not in ('customer_list', 'first_message') and g.at > k.at
              and g.topic in ('marketing', '*') and g.address in (k.address, '*')
              and g.channel in (k.channel, '*'))
), textable as (
    select distinct a.shard, a.contact_id from address a
    where %(sms)s and a.workspace = %(workspace)s and a.kind = 'phone' and a.sms and a.dead_code = ''
), reachable as (
    select distinct i.shard, i.contact_id from contact_identity i
    where %(app)s <> '' and i.workspace = %(workspace)s and i.unlinked_at is null
      and (i.kind = %(app)s or (%(app)s = 'any' and i.kind not in ('phone', 'email', 'user_id', 'anonymous_id', 'comment')))
), imported as (
    select distinct r.shard, r.contact_id from import_row r
    where %(import)s <> 0 and r.import_id = %(import)s and r.contact_id is not null
), inside as (
    select g.shard, g.contact_id from segment_member g where %(segment)s <> 0 and g.segment_id = %(segment)s
)
select count(*)
from contact c
left join agreed on agreed.shard = c.shard and agreed.contact_id = c.id
left join refused on refused.shard = c.shard and refused.contact_id = c.id
left join textable on textable.shard = c.shard and textable.contact_id = c.id
left join reachable on reachable.shard = c.shard and reachable.contact_id = c.id
left join imported on imported.shard = c.shard and imported.contact_id = c.id
left join inside on inside.shard = c.shard and inside.contact_id = c.id
where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null
  and c.search like %(first)s and c.search like %(second)s and c.search like %(third)s
  and (%(country)s = '' or c.country = %(country)s)
  and (%(attribute)s = '' or case when %(value)s = '' then c.attributes ->> %(attribute)s <> ''
                                  else lower(c.attributes ->> %(attribute)s) = lower(%(value)s) end)
  and (not %(sms)s or textable.contact_id is not null)
  and (%(app)s = '' or reachable.contact_id is not null)
  and (%(import)s = 0 or imported.contact_id is not null)
  and (%(segment)s = 0 or inside.contact_id is not null)
  and case %(consent)s when 'granted' then agreed.contact_id is not null and refused.contact_id is null
                       when 'none' then agreed.contact_id is null
                       when 'withdrawn' then refused.contact_id is not null
                       else true end

-- name: estimate
-- How many contacts of a sample of the table's blocks meet the filter, and how large the sample is; row by row, for a
-- sample is small. Said while `count` still works.
select count(*) filter (where
  (%(country)s = '' or c.country = %(country)s)
  and (%(attribute)s = '' or case when %(value)s = '' then c.attributes ->> %(attribute)s <> ''
                                  else lower(c.attributes ->> %(attribute)s) = lower(%(value)s) end)
  and c.search like %(first)s and c.search like %(second)s and c.search like %(third)s
  and (%(import)s = 0 or c.id in (select r.contact_id from import_row r where r.import_id = %(import)s))
  and (%(segment)s = 0 or exists (
        select 1 from segment_member g
        where g.shard = c.shard and g.segment_id = %(segment)s and g.contact_id = c.id))
  and (%(app)s = '' or exists (
        select 1 from contact_identity i
        where i.shard = c.shard and i.contact_id = c.id and i.unlinked_at is null
          and (i.kind = %(app)s or (%(app)s = 'any' and i.kind not in ('phone', 'email', 'user_id', 'anonymous_id', 'comment')))))
  and (not %(sms)s or exists (
        select 1 from address a
        where a.shard = c.shard and a.contact_id = c.id and a.kind = 'phone' and a.sms and a.dead_code = ''))
  and (%(consent)s <> 'none' or not exists (
        select 1 from consent k
        where k.shard = c.shard and k.contact_id = c.id and k.topic in ('marketing', '*')
          and k.source <> 'platform_block'))
  and (%(consent)s <> 'granted' or exists (
        select 1 from consent k
        where k.shard = c.shard and k.contact_id = c.id and k.topic in ('marketing', '*') and k.state = 'granted'
          and k.source <> 'platform_block'))
  and (%(consent)s <> 'granted' or not exists (
        select 1 from consent k
        where k.shard = c.shard and k.contact_id = c.id and k.topic in ('marketing', '*') and k.state = 'withdrawn'
          and k.source <> 'platform_block'
          and not exists (
                select 1 from consent g
                where g.shard = k.shard and g.contact_id = k.contact_id and g.state = 'granted'
                  and g.source not in ('customer_list', 'first_message') and g.at > k.at
                  and g.topic in ('marketing', '*') and g.address in (k.address, '*')
                  and g.channel in (k.channel, '*'))))
  and (%(consent)s <> 'withdrawn' or exists (
        select 1 from consent k
        where k.shard = c.shard and k.contact_id = c.id and k.topic in ('marketing', '*') and k.state = 'withdrawn'
          and k.source <> 'platform_block'
          and not exists (
                select 1 from consent g
                where g.shard = k.shard and g.contact_id = k.contact_id and g.state = 'granted'
                  and g.source not in ('customer_list', 'first_message') and g.at > k.at
                  and g.topic in ('marketing', '*') and g.address in (k.address, '*')
                  and g.channel in (k.channel, '*'))))), count(*)
from contact c tablesample system (%(percent)s)
where c.workspace = %(workspace)s and c.merged_into is null and c.erased_at is null

-- name: get
select id, workspace, name, surname, locale, zone, country, external_id, attributes, source, created_at, updated_at,
       active_at, merged_into, erased_at
from contact
where shard = %(shard)s and id = %(id)s and workspace = %(workspace)s

-- name: profiles
-- What traits and lists have written of these contacts, with the times of the writes (E2).
select c.id, c.workspace, c.name, c.surname, c.locale, c.country, c.source, c.attributes, c.created_at, c.zone, c.changed
from contact c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.id = k.id

-- name: absorbed
-- Who was merged into a contact, directly or through others.
with recursive family as (
    select m.contact_id from merge m
    where m.workspace = %(workspace)s and m.into_id = %(id)s and m.undone_at is null
    union
    select m.contact_id from merge m join family f on m.into_id = f.contact_id
    where m.workspace = %(workspace)s and m.undone_at is null
)
select contact_id from family order by contact_id

-- name: addresses
select a.contact_id, a.kind, a.value, a.canonical, a.line_type, a.country, a.sms, a.dead_code, a.dead_at, a.source,
       a.added_at
from address a
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on a.shard = k.shard and a.contact_id = k.id
order by a.added_at, a.value

-- name: identities
-- With their history: those that were unlinked come last.
select i.contact_id, i.kind, i.scope, i.value, i.channel_id, i.name, i.username, i.trust, i.evidence, i.linked_at,
       i.unlinked_at, i.window_until, i.signal
from contact_identity i
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on i.shard = k.shard and i.contact_id = k.id
order by i.unlinked_at is not null, i.linked_at

-- name: consents
select c.contact_id, c.id, c.address, c.channel, c.topic, c.state, c.source, c.evidence, c.text_version, c.actor, c.at
from consent c
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.contact_id = k.id
order by c.at desc, c.id

-- name: undone_evidence
-- What no longer counts in the ledger: the evidence of imports and merges that were taken back.
select 'import:' || i.id from import i where i.workspace_id = %(workspace)s and i.undone_at is not null
union all
select 'merge:' || m.id from merge m where m.workspace = %(workspace)s and m.undone_at is not null

-- name: suppressions
select s.kind, s.canonical, s.cause, s.channel, s.source, s.at, s.lifted_at
from suppression s
join unnest(%(shards)s::smallint[], %(kinds)s::text[], %(canonicals)s::text[]) as k (shard, kind, canonical)
  on s.shard = k.shard and s.workspace = %(workspace)s and s.kind = k.kind and s.canonical = k.canonical
order by s.at

-- name: suggestions_of
select s.contact_id, s.other_id, s.rule, s.evidence, s.at, s.state, s.actor
from merge_suggestion s
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on s.shard = k.shard and s.contact_id = k.id
order by s.at

-- name: open_suggestions
-- The workspace's open suggestions, the newest first, from before an instant. A suggestion stands at both contacts;
-- one of the two is shown. Fans out.
select s.contact_id, s.other_id, s.rule, s.evidence, s.at, s.state, s.actor
from merge_suggestion s
where s.workspace = %(workspace)s and s.state = 'open' and s.at < %(before)s and s.contact_id < s.other_id
order by s.at desc, s.contact_id, s.other_id
limit %(limit)s

-- name: merges_of
-- A merge lies in the shards of both contacts; the absorbed one's row has the evidence.
select * from (
    select distinct on (m.id) m.id, m.contact_id, m.into_id, m.evidence, m.actor, m.at, m.undone_at, m.undone_by
    from merge m
    where m.workspace = %(workspace)s and (m.contact_id = any(%(ids)s::bigint[]) or m.into_id = any(%(ids)s::bigint[]))
    order by m.id, length(m.evidence::text) desc
) m
order by m.at

-- name: settle_suggestion
update merge_suggestion set state = 'dismissed', actor = %(actor)s
where shard = %(shard)s and workspace = %(workspace)s and contact_id = %(id)s and other_id = %(other)s
  and state = 'open'

-- name: timeline
-- What happened with a contact and those merged into it, the newest first, from before an instant. `what` names the
-- sort, `ref` what it leads to, `fact` a code, `text` people's own words.
select * from (
    select m.provider_at as at, case m.direction when 'in' then 'message_in' else 'message_out' end as what,
           m.contact_id, m.channel_id, m.provider_id as ref, m.form as fact, m.text as text, null::integer as match_id,
           null::integer as journey_id
    from message m
    join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on m.shard = k.shard and m.contact_id = k.id
    where m.provider_at < %(before)s
    union all
    select coalesce(d.sent_at, d.failed_at, d.made_at), 'delivery', d.contact_id, d.channel_id, d.id::text, d.state,
           concat_ws(E'\n', nullif(d.content ->> 'subject', ''), nullif(d.content ->> 'text', ''), d.content ->> 'picture', d.content ->> 'attachment'), d.match_id, d.journey_id
    from delivery d
    join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on d.shard = k.shard and d.contact_id = k.id
    where coalesce(d.sent_at, d.failed_at, d.made_at) < %(before)s
    union all
    select d.made_at, 'delivery', d.contact_id, d.channel_id, d.id::text, d.state,
           concat_ws(E'\n', nullif(d.content ->> 'subject', ''), nullif(d.content ->> 'text', ''), d.content ->> 'picture', d.content ->> 'attachment'), d.match_id, d.journey_id
    from delivery_open d
    join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on d.shard = k.shard and d.contact_id = k.id
    where d.made_at < %(before)s
    union all
    select c.at, 'click', c.contact_id, c.channel_id, c.id::text, c.class, coalesce(c.link, c.app), c.match_id, c.journey_id
    from click c
    join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.contact_id = k.id
    where c.at < %(before)s
    union all
    select c.at, 'consent', c.contact_id, null, c.id::text, c.state, c.channel || ' ' || c.topic || ' ' || c.source,
           null, null
    from consent c
    join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on c.shard = k.shard and c.contact_id = k.id
    where c.at < %(before)s
    union all
    select i.linked_at, 'linked', i.contact_id, i.channel_id, i.value, i.kind, i.username, null, null
    from contact_identity i
    join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on i.shard = k.shard and i.contact_id = k.id
    where i.linked_at < %(before)s
    union all
    select i.unlinked_at, 'unlinked', i.contact_id, i.channel_id, i.value, i.kind, i.username, null, null
    from contact_identity i
    join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on i.shard = k.shard and i.contact_id = k.id
    where i.unlinked_at < %(before)s
    union all
    select distinct m.at, 'merged', m.contact_id, null::integer, m.id::text, '', m.into_id::text, null::integer,
           null::integer
    from merge m where m.workspace = %(workspace)s and m.at < %(before)s
      and (m.contact_id = any(%(ids)s::bigint[]) or m.into_id = any(%(ids)s::bigint[]))
    union all
    select distinct m.undone_at, 'unmerged', m.contact_id, null::integer, m.id::text, '', m.into_id::text, null::integer,
           null::integer
    from merge m where m.workspace = %(workspace)s and m.undone_at < %(before)s
      and (m.contact_id = any(%(ids)s::bigint[]) or m.into_id = any(%(ids)s::bigint[]))
    union all
    select n.started_at, 'imported', r.contact_id, null, n.id::text, r.outcome, n.name, null, null
    from import_row r
    join import n on n.id = r.import_id
    where n.workspace_id = %(workspace)s and r.shard = any(%(shards)s::smallint[])
      and r.contact_id = any(%(ids)s::bigint[]) and n.started_at < %(before)s
) t
order by at desc, what, ref
limit %(limit)s

-- name: changed
select changed from contact where shard = %(shard)s and id = %(id)s

-- name: merge
select m.id, m.contact_id, m.into_id, m.evidence, m.actor, m.at, m.undone_at, m.undone_by
from merge m where m.workspace = %(workspace)s and m.id = %(id)s

-- name: open_conversations
select v.id, v.channel_id, v.opened_at
from conversation v
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on v.shard = k.shard and v.contact_id = k.id
where v.state <> 'resolved'
order by v.opened_at

-- name: queued
select count(*)
from delivery_open d
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on d.shard = k.shard and d.contact_id = k.id
where d.state in ('held', 'queued') and d.match_id is not null
