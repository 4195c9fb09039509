-- name: record
-- What is told of a call to a person who was erased meanwhile is not kept (C5). `offset 0` keeps that a probe for each;
-- ids rise in the order of the calls.
insert into channel_log (shard, id, workspace, channel_id, contact_id, delivery_id, purpose, at, took_ms, method, url,
                         headers, body, status, answer, error)
select shard, nextval('channel_log_serial'), workspace, channel_id, contact_id, delivery_id, purpose, at, took_ms,
       method, url, headers, body, status, answer, error
from unnest(%(shards)s::smallint[], %(workspaces)s::integer[], %(channels)s::integer[], %(contacts)s::bigint[],
            %(deliveries)s::uuid[], %(purposes)s::text[], %(ats)s::timestamptz[], %(tooks)s::integer[],
            %(methods)s::text[], %(urls)s::text[], %(headers)s::text[], %(bodies)s::text[], %(statuses)s::smallint[],
            %(answers)s::text[], %(errors)s::text[])
     with ordinality as t (shard, workspace, channel_id, contact_id, delivery_id, purpose, at, took_ms, method, url,
                           headers, body, status, answer, error, place)
where not exists (select 1 from contact c
                  where c.shard = t.shard and c.id = t.contact_id and c.erased_at is not null
                  offset 0)
order by place

-- name: list
-- By the index on (channel_id, id desc): pages ask for one channel at a time.
select workspace, channel_id, purpose, at, took_ms, method, url, headers, body, status, answer, error, contact_id,
       delivery_id, id
from channel_log
where workspace = %(workspace)s and channel_id = %(channel)s
  and (%(before)s::bigint is null or id < %(before)s)
order by id desc
limit %(limit)s

-- name: trim
-- The oldest id to keep of each channel comes from the index; channels with fewer rows give none.
delete from channel_log l
using (
    select c.id as channel_id, o.id as oldest
    from channel c
    cross join lateral (
        select id from channel_log where channel_id = c.id order by id desc offset %(kept)s limit 1
    ) o
) k
where l.channel_id = k.channel_id and l.id <= k.oldest
