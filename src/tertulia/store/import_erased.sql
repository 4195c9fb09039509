-- Rows of an import whose address was erased. On the stage they have the outcome `erased:` and what they would become,
-- which no step of the apply looks at; in the list they are rejected.

-- name: count_proofs
select count(*) from erasure where shard = any(%(shards)s::smallint[]) and workspace = %(workspace)s

-- name: addresses
select s.shard, s.row, a.kind, a.canonical
from import_stage s
left join import_row r on r.shard = s.shard and r.import_id = %(id)s and r.row = s.row and r.shard = any(%(shards)s)
cross join lateral (values ('phone', s.phone_key), ('email', s.email_key)) as a (kind, canonical)
where s.shard = any(%(shards)s) and s.import_id = %(id)s and a.canonical <> ''
  and s.outcome in ('new', 'updated', 'unchanged') and %(listed)s = (r.row is not null)
  and coalesce(r.reason, '') <> 'erased_before'

-- name: proofs
-- One probe of the key for each address of the group.
select k.n
from unnest(%(shards)s::smallint[], %(proofs)s::bytea[]) with ordinality as k (shard, proof, n)
join erasure e on e.shard = k.shard and e.workspace = %(workspace)s and e.proof = k.proof

-- name: set_aside
update import_stage s set outcome = 'erased:' || s.outcome
from unnest(%(shards)s::smallint[], %(rows)s::integer[]) as t (shard, row)
where s.shard = t.shard and s.import_id = %(id)s and s.row = t.row and not starts_with(s.outcome, 'erased:')

-- name: take_in_again
with back as (
    update import_stage s set outcome = split_part(s.outcome, ':', 2)
    where s.shard = any(%(shards)s) and s.import_id = %(id)s and starts_with(s.outcome, 'erased:')
    returning s.shard, s.row, s.workspace, s.outcome, s.contact_id, s.sms, s.phone_key
)
update import_row r
set outcome = b.outcome, contact_id = b.contact_id, reason = 'erased_before', field = '',
    sms = b.sms and not exists (select 1 from suppression p
                                where p.shard = b.shard and p.workspace = b.workspace and p.kind = 'phone'
                                  and p.canonical = b.phone_key and p.lifted_at is null)
from back b
where r.shard = b.shard and r.import_id = %(id)s and r.row = b.row

-- name: leave_out
-- A duplicate of such a row has pointed to a contact that will never be.
with gone as (
    delete from import_stage s
    where s.shard = any(%(shards)s) and s.import_id = %(id)s and starts_with(s.outcome, 'erased:')
    returning s.shard, s.row, s.contact_id
)
update import_row r
set outcome = case when r.outcome = 'duplicate' then r.outcome else 'rejected' end,
    reason = case when r.outcome = 'duplicate' then r.reason else 'erased' end,
    value = '', contact_id = null, sms = false
from gone g
where r.shard = any(%(shards)s) and r.import_id = %(id)s
  and (r.shard = g.shard and r.row = g.row or r.outcome = 'duplicate' and r.contact_id = g.contact_id)
