-- name: find_links
-- The links of a group of codes: each a look-up by the primary key, then its contact's language and its match's state by
-- two others.
select k.place, l.workspace, l.contact_id, l.match_id, l.sent_at, l.expires_at, coalesce(c.locale, ''),
       coalesce(m.state, '')
from unnest(%(shards)s::smallint[], %(hashes)s::bytea[]) with ordinality as k (shard, code_hash, place)
join link l on l.shard = k.shard and l.code_hash = k.code_hash
left join contact c on c.shard = l.shard and c.id = l.contact_id
left join match m on m.id = l.match_id
