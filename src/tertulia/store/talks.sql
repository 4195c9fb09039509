-- Conversations that wait for people, that a merge closed, opened again, or goes on in (M8), in the shard of the contact they were begun by.

-- name: close_conversations
update conversation v set state = 'resolved', into_id = t.into_id, merge_id = t.merge_id, question = '{}',
       handed_at = null, hand_over = '{}'
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(into_id)s::uuid[], %(merge_id)s::uuid[])
     as t (shard, id, into_id, merge_id)
where v.shard = t.shard and v.id = t.id and v.state <> 'resolved'

-- name: reopen_conversations
update conversation v set state = 'open', into_id = null, merge_id = null
from unnest(%(shard)s::smallint[], %(contact_id)s::bigint[], %(merge_id)s::uuid[]) as t (shard, contact_id, merge_id)
where v.shard = t.shard and v.contact_id = t.contact_id and v.merge_id = t.merge_id
  and not exists (select 1 from conversation o
                  where o.shard = v.shard and o.contact_id = v.contact_id and o.channel_id = v.channel_id
                    and o.state <> 'resolved')

-- name: hand_over_conversations
update conversation v set state = 'open', handed_at = t.at, hand_over = t.facts::jsonb
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(at)s::timestamptz[], %(facts)s::text[]) as t (shard, id, at, facts)
where v.shard = t.shard and v.id = t.id and v.state <> 'resolved'

-- name: touch_conversations
update conversation v set last_at = greatest(v.last_at, t.at)
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(at)s::timestamptz[]) as t (shard, id, at)
where v.shard = t.shard and v.id = t.id
