-- Webhooks as they came, to try a mapping on: the newest of each source and topic.

-- name: insert_samples
-- When the answer to a commit is lost the group is written once more: a sample that stands already stays.
insert into hook_sample (shard, id, workspace, source_id, at, topic, headers, body, size_bytes, events, code, people)
select t.shard, t.id, t.workspace, t.source_id, %(at)s, t.topic, t.headers, t.body, t.size_bytes, t.events, t.code,
       string_to_array(t.people, %(comma)s)
from unnest(%(shards)s::smallint[], %(ids)s::uuid[], %(workspaces)s::integer[], %(sources)s::integer[],
            %(topics)s::text[], %(headers)s::text[], %(bodies)s::text[], %(sizes)s::integer[], %(events)s::integer[],
            %(codes)s::text[], %(people)s::text[])
     as t (shard, id, workspace, source_id, topic, headers, body, size_bytes, events, code, people)
on conflict do nothing

-- name: drop_older
-- All but the newest of each topic that just came, and of the source's topics all but the newest. Who else drops them
-- right now holds them: nobody waits for anybody.
delete from hook_sample s
using (
    select o.shard, o.id
    from unnest(%(shards)s::smallint[], %(sources)s::integer[], %(topics)s::text[]) as k (shard, source_id, topic)
    cross join lateral (
        select h.shard, h.id
        from hook_sample h
        where h.shard = k.shard and h.source_id = k.source_id and h.topic = k.topic
        order by h.at desc, h.id
        offset %(kept)s
        for update skip locked
    ) o
) d
where s.shard = d.shard and s.id = d.id

-- name: samples
select id, source_id, at, topic, headers, body, size_bytes, events, code
from hook_sample
where shard = %(shard)s and source_id = %(source)s and workspace = %(workspace)s
  and (%(topic)s::text is null or topic = %(topic)s)
order by at desc, id
limit %(limit)s

-- name: sample
select id, source_id, at, topic, headers, body, size_bytes, events, code
from hook_sample
where shard = %(shard)s and id = %(id)s and source_id = %(source)s and workspace = %(workspace)s

-- name: count_topics
select topic, count(*), max(at)
from hook_sample
where shard = %(shard)s and source_id = %(source)s and workspace = %(workspace)s
group by topic
order by topic

-- name: drop_source
delete from hook_sample where shard = %(shard)s and source_id = %(source)s and workspace = %(workspace)s

-- name: tell_privacy
-- Once for each demand, however often it is repeated.
insert into notice (workspace_id, kind, facts, link, at)
select distinct t.workspace, 'privacy_request',
       jsonb_build_object('source', s.id, 'name', s.name, 'topic', t.topic, 'digest', t.digest), '', %(at)s::timestamptz
from unnest(%(workspaces)s::integer[], %(sources)s::integer[], %(topics)s::text[], %(digests)s::text[])
     as t (workspace, source_id, topic, digest)
join source s on s.id = t.source_id
where not exists (
    select 1 from notice n
    where n.workspace_id = t.workspace and n.kind = 'privacy_request' and n.facts ->> 'digest' = t.digest)
