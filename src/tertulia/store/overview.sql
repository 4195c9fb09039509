-- Figures of the first page. They count over a workspace and fan out over the shards; each is one pass.

-- name: contacts
-- All contacts and those that came since; the same contacts that the list without a filter shows.
select count(*), count(*) filter (where created_at >= %(since)s)
from contact
where workspace = %(workspace)s and merged_into is null and erased_at is null

-- name: reachable
-- Contacts with an app, and those whose first one was linked since; the same that the list shows for any app.
select count(*), count(*) filter (where first_at >= %(since)s)
from (select min(i.linked_at) as first_at
      from contact_identity i
      join contact c on c.shard = i.shard and c.id = i.contact_id and c.merged_into is null and c.erased_at is null
      where i.workspace = %(workspace)s and i.unlinked_at is null and i.kind not in ('phone', 'email', 'user_id', 'anonymous_id', 'comment')
      group by i.contact_id) as linked

-- name: deliveries
-- By the reader's day: messages that arrived and what those sent cost. Partitions before the first day are not read.
select (coalesce(sent_at, made_at) at time zone %(zone)s)::date as local_day, currency,
       count(*) filter (where delivered_at is not null), coalesce(sum(cost_micros), 0)::bigint
from delivery
where workspace = %(workspace)s and day >= %(first_day)s and coalesce(sent_at, made_at) >= %(since)s
group by local_day, currency
order by local_day

-- name: matched
select (matched_at at time zone %(zone)s)::date as local_day, count(*)
from match_contact
where workspace = %(workspace)s and matched_at >= %(since)s
group by local_day
order by local_day

-- name: waiting
-- What waits for a person: parked entries, calls that could not be read, and open merge suggestions.
select (select count(*) from parked where workspace = %(workspace)s and settled_at is null),
       (select count(*) from webhook where workspace = %(workspace)s and parked <> ''),
       (select count(*) from merge_suggestion
        where workspace = %(workspace)s and state = 'open' and contact_id < other_id)
