-- name: find_links
-- The links of a group of codes: each a look-up by the primary key, then its contact's language and its match's state by
-- two others.
select k.place, l.workspace, l.contact_id, l.match_id, l.sent_at, l.expires_at, coalesce(c.locale, ''),
       coalesce(m.state, '')
from unnest(%(shards)s::smallint[], %(hashes)s::bytea[]) with ordinality as k (shard, code_hash, place)
join link l on l.shard = k.shard and l.code_hash = k.code_hash
left join contact c on c.shard = l.shard and c.id = l.contact_id
left join match m on m.id = l.match_id

-- name: find_message_links
select k.place, l.workspace, l.contact_id, l.made_at, l.expires_at, l.target, l.delivery_id, l.channel_id, l.journey_id,
       l.run_id, l.step, l.name
from unnest(%(shards)s::smallint[], %(hashes)s::bytea[]) with ordinality as k (shard, code_hash, place)
join message_link l on l.shard = k.shard and l.code_hash = k.code_hash

-- name: taken
select l.code_hash
from message_link l
join unnest(%(shards)s::smallint[], %(hashes)s::bytea[]) as k (shard, code_hash)
  on l.shard = k.shard and l.code_hash = k.code_hash

-- name: mint_message_links
insert into message_link (shard, code_hash, workspace, contact_id, delivery_id, channel_id, journey_id, run_id, step,
                          name, target, made_at, expires_at)
select * from unnest(%(shard)s::smallint[], %(code_hash)s::bytea[], %(workspace)s::integer[], %(contact_id)s::bigint[],
                     %(delivery_id)s::uuid[], %(channel_id)s::integer[], %(journey_id)s::integer[], %(run_id)s::uuid[],
                     %(step)s::text[], %(name)s::text[], %(target)s::text[], %(at)s::timestamptz[],
                     %(expires_at)s::timestamptz[])

-- name: links_of_contact
select l.made_at, l.expires_at, l.journey_id, l.step, l.name, l.target, l.delivery_id
from message_link l
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as k (shard, id) on l.shard = k.shard and l.contact_id = k.id
order by l.made_at desc, l.code_hash
limit %(limit)s

-- name: last_click
-- The last opening by a person of a link to a contact and those merged into it: of a match or a journey, by its key.
select k.at, coalesce(j.key, ''), coalesce(k.step, ''), coalesce(k.link, '')
from click k
join unnest(%(shards)s::smallint[], %(ids)s::bigint[]) as c (shard, id) on k.shard = c.shard and k.contact_id = c.id
left join journey j on j.id = k.journey_id
where k.class = 'human'
order by k.at desc
limit 1

-- name: counts
-- In how many messages of each step people opened a link, any and each by its name.
select step, coalesce(link, ''), count(distinct delivery_id)
from click
where journey_id = %(journey)s and class = 'human'
group by grouping sets ((step), (step, link))

-- name: store_clicks
-- A beacon turns the opening that it confirms into a person's, whichever of the two is decided first; nothing turns it
-- back.
insert into click (shard, id, workspace, contact_id, match_id, app, class, at, delivery_id, channel_id, journey_id, step,
                   link)
select * from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(workspace)s::integer[], %(contact_id)s::bigint[],
                     %(match_id)s::integer[], %(app)s::text[], %(class)s::text[], %(at)s::timestamptz[],
                     %(delivery_id)s::uuid[], %(channel_id)s::integer[], %(journey_id)s::integer[], %(step)s::text[],
                     %(link)s::text[])
on conflict (shard, id) do update set class = excluded.class where excluded.class = 'human' and click.class <> 'human'
