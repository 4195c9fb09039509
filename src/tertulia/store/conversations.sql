-- Reads of conversations and messages, and of what came in by channel (I3).

-- name: list
-- The workspace's conversations, the last active first, from before an instant; of one channel or all (0). Fans out.
select v.id, v.contact_id, v.channel_id, v.state, v.opened_at, v.last_at,
       v.question <> '{}' or exists (select 1 from run_open r where r.shard = v.shard and r.contact_id = v.contact_id
                                     and r.question ->> 'channel' = v.channel_id::text),
       c.name, c.surname, v.into_id, v.handed_at, v.hand_over
from conversation v
join contact c on c.shard = v.shard and c.id = v.contact_id
where v.workspace = %(workspace)s and (%(channel)s = 0 or v.channel_id = %(channel)s)
  and (%(state)s = '' or v.state = %(state)s) and (not %(waiting)s or v.handed_at is not null)
  and (v.last_at, v.id) < (%(before)s::timestamptz, %(before_id)s::uuid)
order by v.last_at desc, v.id desc
limit %(limit)s

-- name: waiting
-- Conversations that wait for a person, those that wait longest first (I6). Fans out.
select v.id, v.contact_id, v.channel_id, v.handed_at, v.hand_over, c.name, c.surname
from conversation v
join contact c on c.shard = v.shard and c.id = v.contact_id
where v.workspace = %(workspace)s and v.handed_at is not null and v.state <> 'resolved'
order by v.handed_at, v.id
limit %(limit)s

-- name: waiting_of
-- The same of a contact and those who were merged into it.
select v.id, v.contact_id, v.channel_id, v.handed_at, v.hand_over, c.name, c.surname
from conversation v
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on v.shard = k.shard and v.contact_id = k.id
join contact c on c.shard = v.shard and c.id = v.contact_id
where v.handed_at is not null and v.state <> 'resolved'
order by v.handed_at, v.id

-- name: messages
-- What was said with these contacts, in the order of I4, the newest first; of one conversation or all.
select m.contact_id, m.conversation_id, m.channel_id, m.direction, m.provider_id, m.identity_kind, m.identity_scope,
       m.identity_value, m.form, m.text, m.facts, m.provider_at, m.provider_seq, m.arrived_at
from message m
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on m.shard = k.shard and m.contact_id = k.id
where (%(conversation)s::uuid is null or m.conversation_id = %(conversation)s) and m.provider_at < %(before)s
order by m.provider_at desc, m.provider_seq desc, m.arrived_at desc
limit %(limit)s

-- name: said
-- What both sides said on every channel, the newest first: what came in, and what was handed over of ours.
select contact_id, channel_id, direction, at, text, form, state, match_id, journey_id, step
from (select m.contact_id, m.channel_id, 'in' as direction, m.provider_at as at, m.text, m.form, '' as state,
             null::integer as match_id, null::integer as journey_id, '' as step
      from message m
      join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
        on m.shard = k.shard and m.contact_id = k.id
      where m.direction = 'in' and m.provider_at < %(before)s
      union all
      select d.contact_id, d.channel_id, 'out', d.sent_at, concat_ws(E'\n', nullif(d.content ->> 'text', ''), d.content ->> 'picture', d.content ->> 'attachment'), 'text', d.state,
             d.match_id, d.journey_id, coalesce(d.step, '')
      from delivery d
      join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id)
        on d.shard = k.shard and d.contact_id = k.id
      where d.sent_at < %(before)s) as s
order by at desc, direction
limit %(limit)s

-- name: intake
-- By channel: log entries that webhooks became, and what became of those. Appenders and owners keep rows of their own.
select c.id, coalesce(sum(t.received), 0)::bigint, coalesce(sum(t.processed), 0)::bigint,
       coalesce(sum(t.duplicates), 0)::bigint, coalesce(sum(t.parked), 0)::bigint
from channel c
left join channel_tally t on t.channel_id = c.id
where c.workspace_id = %(workspace)s
group by c.id
order by c.id
