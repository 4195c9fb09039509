-- What the pages of channels count.

-- name: delivered_since
-- Deliveries of the newest days only, so the days' partitions are all that is read.
select channel_id, count(*)
from delivery
where workspace = %(workspace)s and day >= %(day)s and delivered_at >= %(since)s
group by channel_id

-- name: tallies
-- I3: received = processed + parked + what still waits in the log. Rows of appenders and of owners add up.
select channel_id, sum(received)::bigint, sum(processed)::bigint, sum(duplicates)::bigint, sum(parked)::bigint
from channel_tally
where workspace = %(workspace)s
group by channel_id
