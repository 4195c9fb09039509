-- A5: the weights that bandits have set, hour by hour.

-- name: newest
select distinct on (journey_id, step) journey_id, step, weights from split_weights order by journey_id, step, at desc

-- name: set
-- Another engine may have been first.
insert into split_weights (journey_id, step, at, weights, counts)
values (%(journey)s, %(step)s, %(at)s, %(weights)s::jsonb, %(counts)s::jsonb)
on conflict (journey_id, step, at) do nothing
returning id

-- name: raise_epoch
update workspace set epoch = epoch + 1 where id = %(workspace)s

-- name: last_of
-- The weights of a journey's splits that hold now, and since when.
select distinct on (step) step, weights, at from split_weights where journey_id = %(journey)s order by step, at desc
