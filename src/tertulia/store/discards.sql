-- name: insert_discards
-- When the answer to a commit is lost the group is written once more: a discard that stands already stays.
insert into event_discard (shard, id, workspace, source_id, at, code, place, message_id, type, name, sample)
select shard, id, workspace, source_id, %(at)s, code, place, message_id, type, name, sample
from unnest(%(shards)s::smallint[], %(ids)s::uuid[], %(workspaces)s::integer[], %(sources)s::integer[],
            %(codes)s::text[], %(places)s::integer[], %(message_ids)s::text[], %(types)s::text[], %(names)s::text[],
            %(samples)s::text[])
     as t (shard, id, workspace, source_id, code, place, message_id, type, name, sample)
on conflict do nothing
