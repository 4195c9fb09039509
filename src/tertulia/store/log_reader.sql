-- name: positions
select shard, writer, seq from log_position where shard = any(%(shards)s)

-- name: writers
select id from log_writer

-- name: read_log
-- For every (shard, writer) the next entries after its position, in their order. The lateral keeps each an index scan.
select l.shard, l.writer, l.seq, l.workspace, l.kind, l.key, l.contact_id, l.occurred_at, l.received_at, l.payload
from unnest(%(shards)s::smallint[], %(writers)s::integer[], %(seqs)s::bigint[]) as p (shard, writer, seq)
cross join lateral (
    select * from log g where g.shard = p.shard and g.writer = p.writer and g.seq > p.seq order by g.seq
    limit %(each)s
) l

-- name: move_positions
insert into log_position (shard, writer, seq)
select * from unnest(%(shards)s::smallint[], %(writers)s::integer[], %(seqs)s::bigint[])
on conflict (shard, writer) do update set seq = excluded.seq
where log_position.seq < excluded.seq
