-- What is forgotten when its time is over: at most %(limit)s rows a statement, so that no transaction is long. What is not
-- decided yet is never touched.

-- name: forget_log
-- Entries before the owner's position; of a writer that was dropped every one, for it is dropped when all are decided.
delete from log l
using (
    select g.shard, g.writer, g.seq
    from log g
    left join log_position p on p.shard = g.shard and p.writer = g.writer
    where g.received_at < %(before)s
      and (g.seq <= p.seq or not exists (select 1 from log_writer w where w.id = g.writer))
    limit %(limit)s
) o
where l.shard = o.shard and l.writer = o.writer and l.seq = o.seq

-- name: forget_calls
delete from webhook w
using (
    select c.shard, c.id from webhook c where c.received_at < %(before)s and c.parked = '' limit %(limit)s
) o
where w.shard = o.shard and w.id = o.id

-- name: forget_parked
delete from parked k
using (select p.shard, p.id from parked p where p.settled_at < %(before)s limit %(limit)s) o
where k.shard = o.shard and k.id = o.id

-- name: forget_clicks
delete from click k
using (select c.shard, c.id from click c where c.at < %(before)s limit %(limit)s) o
where k.shard = o.shard and k.id = o.id

-- name: forget_message_links
-- Where links in messages led; until then whoever opens one is told that it has expired.
delete from message_link k
using (select l.shard, l.code_hash from message_link l where l.expires_at < %(before)s limit %(limit)s) o
where k.shard = o.shard and k.code_hash = o.code_hash

-- name: forget_references
-- Where a provider's id leads; after its delivery is forgotten it leads nowhere.
delete from provider_ref r
using (select p.shard, p.channel_id, p.provider_id from provider_ref p where p.at < %(before)s limit %(limit)s) o
where r.shard = o.shard and r.channel_id = o.channel_id and r.provider_id = o.provider_id

-- name: partitions
select p.relname::text, c.relname::text
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
join pg_class p on p.oid = i.inhparent
where p.relname = any(%(parents)s)
order by 2

-- name: drop_partition
drop table {name}

-- name: forget_deliveries
-- Of the table for the rest: days that have a partition of their own are dropped with it.
delete from delivery_rest d
using (select r.shard, r.day, r.id from delivery_rest r where r.day < %(day)s limit %(limit)s) o
where d.shard = o.shard and d.day = o.day and d.id = o.id

-- name: forget_decisions
delete from ledger_rest d
using (select r.shard, r.day, r.id from ledger_rest r where r.day < %(day)s limit %(limit)s) o
where d.shard = o.shard and d.day = o.day and d.id = o.id

-- name: forget_runs
delete from run_rest d
using (select r.shard, r.day, r.id from run_rest r where r.day < %(day)s limit %(limit)s) o
where d.shard = o.shard and d.day = o.day and d.id = o.id

-- name: forget_events
delete from event_rest d
using (select r.shard, r.day, r.id from event_rest r where r.day < %(day)s limit %(limit)s) o
where d.shard = o.shard and d.day = o.day and d.id = o.id

-- name: forget_tallies
delete from event_tally t
using (
    select r.shard, r.workspace, r.source_id, r.type, r.name, r.day
    from event_tally r where r.day < %(day)s limit %(limit)s
) o
where t.shard = o.shard and t.workspace = o.workspace and t.source_id = o.source_id and t.type = o.type
  and t.name = o.name and t.day = o.day

-- name: forget_discards
delete from event_discard d
using (select r.shard, r.id from event_discard r where r.at < %(before)s limit %(limit)s) o
where d.shard = o.shard and d.id = o.id

-- name: forget_samples
delete from hook_sample s
using (select h.shard, h.id from hook_sample h where h.at < %(before)s limit %(limit)s) o
where s.shard = o.shard and s.id = o.id
