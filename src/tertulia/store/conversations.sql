-- Reads of conversations and messages, and of what came in by channel (I3).

-- name: list
-- The workspace's conversations, the last active first, from before an instant; of one channel or all (0). Fans out.
select v.id, v.contact_id, v.channel_id, v.state, v.opened_at, v.last_at, v.question <> '{}', c.name, c.surname,
       v.into_id
from conversation v
join contact c on c.shard = v.shard and c.id = v.contact_id
where v.workspace = %(workspace)s and (%(channel)s = 0 or v.channel_id = %(channel)s)
  and (%(state)s = '' or v.state = %(state)s) and (v.last_at, v.id) < (%(before)s::timestamptz, %(before_id)s::uuid)
order by v.last_at desc, v.id desc
limit %(limit)s

-- name: messages
-- What was said with these contacts, in the order of I4, the newest first; of one conversation or all.
select m.contact_id, m.conversation_id, m.channel_id, m.direction, m.provider_id, m.identity_kind, m.identity_scope,
       m.identity_value, m.form, m.text, m.facts, m.provider_at, m.provider_seq, m.arrived_at
from message m
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on m.shard = k.shard and m.contact_id = k.id
where (%(conversation)s::uuid is null or m.conversation_id = %(conversation)s) and m.provider_at < %(before)s
order by m.provider_at desc, m.provider_seq desc, m.arrived_at desc
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
