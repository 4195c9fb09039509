-- Versions of what pages show live. Each is a text that differs when the page would; each is cheap enough to be asked
-- every second while somebody looks.

-- name: import
select concat_ws('/', state, rows_done, rows_total, fault, undone_at, md5(counts::text), md5(warnings::text))
from import where id = %(id)s

-- name: match
-- Read from the indexes (match_id, state) and click_apart: 3 ms for 100,000 contacts.
select concat_ws('/', (select concat_ws('/', state, guard_reason, audience_size, frozen_to) from match where id = %(id)s),
                 (select string_agg(state || count, ',' order by state)
                  from (select state, count(*)::text as count from match_contact where match_id = %(id)s
                        group by state) as s),
                 (select count(*) from click where match_id = %(id)s and class <> 'human'))

-- name: contact
select concat_ws('/', c.updated_at, c.active_at, c.merged_into, c.erased_at,
                 (select max(at) from ledger where shard = c.shard and contact_id = c.id),
                 (select count(*) || '/' || max(arrived_at) from message where shard = c.shard and contact_id = c.id),
                 (select string_agg(state, ',' order by made_at, id) from delivery
                  where shard = c.shard and contact_id = c.id),
                 (select count(*) || '/' || max(at) from click where shard = c.shard and contact_id = c.id),
                 (select count(*) || '/' || max(occurred_at) from event where shard = c.shard and contact_id = c.id),
                 (select count(*) || '/' || max(at) from consent where shard = c.shard and contact_id = c.id),
                 (select string_agg(concat_ws(',', kind, value, trust, unlinked_at, signal), ';' order by linked_at)
                  from contact_identity where shard = c.shard and contact_id = c.id))
from contact c where c.shard = %(shard)s and c.id = %(id)s

-- name: channel
select concat_ws('/', c.state, c.fault, c.last_call_at, c.tested_at, c.archived_at, md5(c.test_findings::text),
                 (select concat_ws('/', sum(received), sum(processed), sum(duplicates), sum(parked))
                  from channel_tally t where t.channel_id = c.id))
from channel c where c.id = %(id)s

-- name: source
-- Of events the last day's, of what was not taken the last one's instant: both small however long it has gone on.
select concat_ws('/', s.name, s.state, s.client_side, s.write_key, md5(s.secret), md5(s.mapping),
                 (select concat_ws('/', t.day, sum(t.count)) from event_tally t
                  where t.workspace = s.workspace_id and t.source_id = s.id
                    and t.day = (select max(l.day) from event_tally l where l.workspace = s.workspace_id)
                  group by t.day),
                 (select max(d.at) from event_discard d where d.workspace = s.workspace_id and d.source_id = s.id))
from source s where s.id = %(id)s

-- name: workspace
select concat_ws('/', (select max(id) from notice where workspace_id = %(id)s),
                 (select string_agg(state, ',' order by id) from match where workspace_id = %(id)s),
                 (select string_agg(concat_ws(',', state, rows_done), ';' order by id) from import
                  where workspace_id = %(id)s),
                 (select string_agg(concat_ws(',', state, fault), ';' order by id) from channel
                  where workspace_id = %(id)s))

-- name: notices
select concat_ws('/', max(id), count(*) filter (where seen_at is null)) from notice where workspace_id = %(id)s

-- name: listen
listen tertulia_live

-- name: publish
select pg_notify('tertulia_live', topic) from unnest(%(topics)s::text[]) as t (topic)
