-- One-time codes: asked for and given over the API, sent by cycles.

-- name: replace
-- A newer code for the same purpose makes the older ones good for nothing.
update otp set state = 'replaced', open = false, sealed = '', due_at = null, settled_at = %(at)s
where shard = %(shard)s and contact_id = %(contact)s and purpose = %(purpose)s and state = 'pending'

-- name: add
insert into otp (shard, id, workspace, contact_id, purpose, key_id, code_hash, sealed, ways, newcomer, state, open, place,
                 patience_s, attempts, attempts_max, made_at, expires_at)
values (%(shard)s, %(id)s, %(workspace)s, %(contact)s, %(purpose)s, %(key)s, %(code_hash)s, %(sealed)s, %(ways)s,
        %(newcomer)s, 'pending', true, -1, %(patience_s)s, 0, %(attempts_max)s, %(at)s, %(expires_at)s)

-- name: count_request
insert into otp_rate (shard, workspace, subject, begins, count)
values (%(shard)s, %(workspace)s, %(subject)s, %(begins)s, 1)
on conflict (shard, workspace, subject, begins) do update set count = otp_rate.count + 1
returning count

-- name: guess
-- The row stays locked until the answer is written, so no two guesses are counted as one.
select contact_id, purpose, state, code_hash, attempts, attempts_max, expires_at, ways, place
from otp where shard = %(shard)s and id = %(id)s and workspace = %(workspace)s
for update

-- name: settle
update otp
set state = %(state)s, attempts = %(attempts)s,
    open = open and %(state)s = 'pending', sealed = case when %(state)s = 'pending' then sealed else '' end,
    due_at = case when %(state)s = 'pending' then due_at end,
    settled_at = case when %(state)s = 'pending' then settled_at else %(at)s end
where shard = %(shard)s and id = %(id)s

-- name: open
select o.id, o.workspace, o.contact_id, o.sealed, o.ways, o.newcomer, o.place, o.delivery_id, o.due_at, o.patience_s,
       o.expires_at
from unnest(%(shards)s::smallint[], %(ids)s::uuid[]) as k (shard, id)
cross join lateral (select * from otp r where r.shard = k.shard and r.id = k.id and r.open offset 0) o

-- name: open_by_delivery
-- By the partial index otp_by_delivery, which holds those alone that may still be sent.
select o.id, o.workspace, o.contact_id, o.sealed, o.ways, o.newcomer, o.place, o.delivery_id, o.due_at, o.patience_s,
       o.expires_at
from unnest(%(shards)s::smallint[], %(ids)s::uuid[]) as k (shard, id)
cross join lateral (select * from otp r where r.shard = k.shard and r.delivery_id = k.id and r.open offset 0) o

-- name: due
-- Those that wait longest first.
select o.id, o.workspace, o.contact_id, o.sealed, o.ways, o.newcomer, o.place, o.delivery_id, o.due_at, o.patience_s,
       o.expires_at
from otp o
where o.due_at <= %(now)s and o.open and o.shard = any(%(shards)s::smallint[])
order by o.due_at, o.id
limit %(limit)s

-- name: set
-- One that was given, replaced or guessed at too often meanwhile stays as it is.
update otp o
set place = t.place, delivery_id = t.delivery_id, due_at = t.due_at, open = t.open,
    sealed = case when t.open then o.sealed else '' end
from unnest(%(shard)s::smallint[], %(id)s::uuid[], %(place)s::smallint[], %(delivery_id)s::uuid[],
            %(due_at)s::timestamptz[], %(open)s::boolean[]) as t (shard, id, place, delivery_id, due_at, open)
where o.shard = t.shard and o.id = t.id and o.open

-- name: put_off
update otp set due_at = %(until)s where shard = %(shard)s and id = %(id)s and open

-- name: forget
delete from otp o
using (select r.shard, r.id from otp r where r.made_at < %(before)s limit %(limit)s) t
where o.shard = t.shard and o.id = t.id

-- name: forget_rates
delete from otp_rate o
using (select r.shard, r.workspace, r.subject, r.begins from otp_rate r where r.begins < %(before)s limit %(limit)s) t
where (o.shard, o.workspace, o.subject, o.begins) = (t.shard, t.workspace, t.subject, t.begins)
