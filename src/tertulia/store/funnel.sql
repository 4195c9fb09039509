-- How far a match has come. Every figure counts rows of match_contact (one per contact of the frozen audience), so a
-- figure and the list of contacts behind it (`people`) use the same conditions. A test compares the two.

-- name: totals
select count(*),
       count(*) filter (where valid_mobile),
       count(*) filter (where sent_at is not null),
       count(*) filter (where delivered_at is not null),
       count(*) filter (where clicked_at is not null),
       count(*) filter (where wrote_at is not null),
       count(*) filter (where matched_at is not null),
       count(*) filter (where forwarded),
       percentile_cont(0.5) within group (order by extract(epoch from matched_at - sent_at))
           filter (where matched_at is not null and sent_at is not null and direct = ''),
       count(*) filter (where not valid_mobile),
       count(*) filter (where valid_mobile and sent_at is null),
       count(*) filter (where sent_at is not null and delivered_at is null),
       count(*) filter (where delivered_at is not null and clicked_at is null),
       count(*) filter (where clicked_at is not null and wrote_at is null),
       count(*) filter (where wrote_at is not null and matched_at is null)
from match_contact
where match_id = %(match)s

-- name: direct
-- Those who were reached without a link, by the channel kind that reached them; counted apart.
select direct,
       count(*) filter (where sent_at is not null),
       count(*) filter (where delivered_at is not null),
       count(*) filter (where wrote_at is not null),
       count(*) filter (where matched_at is not null)
from match_contact
where match_id = %(match)s and direct <> ''
group by direct
order by direct

-- name: costs
select currency, sum(cost_micros)::bigint
from match_contact
where match_id = %(match)s and cost_micros <> 0
group by currency
order by currency

-- name: apps
-- One row per contact and app. `matched` by the app that bound the contact first.
select app,
       count(*) filter (where clicked_at is not null),
       count(*) filter (where wrote_at is not null),
       count(*) filter (where matched_at is not null),
       (select percentile_cont(0.5) within group (order by extract(epoch from m.matched_at - m.sent_at))
        from match_contact m
        where m.match_id = %(match)s and m.matched_app = a.app and m.sent_at is not null and m.direct = '')
from match_app a
where match_id = %(match)s
group by app
order by 4 desc, 3 desc, app

-- name: openings
-- Openings that are not a person's click, and how many contacts' links they opened: from the index click_apart alone.
select class, count(*), count(distinct contact_id)
from click
where match_id = %(match)s and class <> 'human'
group by class
order by class

-- name: reasons
-- Of each contact that is not matched: the recorded reason, else what the next step waits for.
select case when reason <> '' then reason
            when wrote_at is not null then 'match.wrote_without_code'
            when clicked_at is not null then 'match.not_written'
            when delivered_at is not null then 'match.not_clicked'
            when sent_at is not null then 'match.not_delivered'
            else 'match.not_sent_yet' end as why,
       count(*)
from match_contact
where match_id = %(match)s and matched_at is null
group by why
order by 2 desc, why

-- name: over_time
-- How many reached each step in each period of %(width)s seconds, counted from 1970. A scan a step: 1.4 s for 1,000,000
-- contacts; one scan over the five instants as rows took 3.8 s.
select date_bin(make_interval(secs => %(width)s), sent_at, 'epoch'::timestamptz) as period, 'sent' as step, count(*)
from match_contact where match_id = %(match)s and sent_at is not null group by 1
union all
select date_bin(make_interval(secs => %(width)s), delivered_at, 'epoch'::timestamptz), 'delivered', count(*)
from match_contact where match_id = %(match)s and delivered_at is not null group by 1
union all
select date_bin(make_interval(secs => %(width)s), clicked_at, 'epoch'::timestamptz), 'clicked', count(*)
from match_contact where match_id = %(match)s and clicked_at is not null group by 1
union all
select date_bin(make_interval(secs => %(width)s), wrote_at, 'epoch'::timestamptz), 'wrote', count(*)
from match_contact where match_id = %(match)s and wrote_at is not null group by 1
union all
select date_bin(make_interval(secs => %(width)s), matched_at, 'epoch'::timestamptz), 'matched', count(*)
from match_contact where match_id = %(match)s and matched_at is not null group by 1
order by period

-- name: matched_over_time
-- How many were matched in each app in each period of %(width)s seconds, counted from 1970. Adds up to `apps`.
select to_timestamp(floor(extract(epoch from matched_at) / %(width)s) * %(width)s) as period, app, count(*)
from match_app
where match_id = %(match)s and matched_at is not null
group by period, app
order by period

-- name: states
-- For the list of matches: read from the index (match_id, state) alone.
select match_id, state, count(*)
from match_contact
where match_id = any(%(matches)s::integer[])
group by match_id, state

-- name: span
select min(sent_at), max(greatest(sent_at, delivered_at, clicked_at, wrote_at, matched_at))
from match_contact
where match_id = %(match)s

-- name: people
-- The contacts behind a figure, in the order of their ids. `having` and `lacking` are bits: 1 valid mobile, 2 sent,
-- 4 delivered, 8 clicked, 16 wrote, 32 matched, 64 forwarded, 128 reached directly. The page is picked before names and
-- numbers are joined to it: of 1,000,000 contacts that made 22 s into less than one.
with progress as (
    select shard, contact_id, state, matched_app, direct, matched_at, sent_at, delivered_at, clicked_at, wrote_at,
           valid_mobile::int + (sent_at is not null)::int * 2 + (delivered_at is not null)::int * 4
           + (clicked_at is not null)::int * 8 + (wrote_at is not null)::int * 16
           + (matched_at is not null)::int * 32 + forwarded::int * 64 + (direct <> '')::int * 128 as bits,
           case when reason <> '' then reason
                when wrote_at is not null then 'match.wrote_without_code'
                when clicked_at is not null then 'match.not_written'
                when delivered_at is not null then 'match.not_clicked'
                when sent_at is not null then 'match.not_delivered'
                else 'match.not_sent_yet' end as why
    from match_contact
    where match_id = %(match)s and contact_id > %(after)s
), page as materialized (
    select p.*
    from progress p
    where p.bits & %(having)s = %(having)s
      and p.bits & %(lacking)s = 0
      and (%(reason)s = '' or (p.matched_at is null and p.why = %(reason)s))
      and (%(direct)s = '' or p.direct = %(direct)s)
      and (%(app)s = '' or exists (
            select 1 from match_app m
            where m.shard = p.shard and m.match_id = %(match)s and m.contact_id = p.contact_id and m.app = %(app)s
              and (%(app_step)s <> 'clicked' or m.clicked_at is not null)
              and (%(app_step)s <> 'wrote' or m.wrote_at is not null)
              and (%(app_step)s <> 'matched' or m.matched_at is not null)))
      and (%(opening)s = '' or exists (
            select 1 from click k
            where k.shard = p.shard and k.contact_id = p.contact_id and k.match_id = %(match)s
              and k.class = %(opening)s))
    order by p.contact_id
    limit %(limit)s
)
select p.contact_id, c.name, c.surname, coalesce(a.value, ''), p.state, p.why, p.matched_app, p.direct,
       p.sent_at, p.delivered_at, p.clicked_at, p.wrote_at, p.matched_at
from page p
join contact c on c.shard = p.shard and c.id = p.contact_id
left join lateral (select value from address where shard = p.shard and contact_id = p.contact_id and kind = 'phone'
                   order by added_at limit 1) a on true
order by p.contact_id
