-- name: left
-- What a drained system has none of: entries after their shard's position, deliveries that are due or in flight,
-- matches whose audience is being frozen, rounds that look for people, sessions whose end has come, runs that are due
-- or whose exit condition is to be looked at,
-- codes without a receipt, calls and imports under way, segments of which it is still being looked who belongs, or who has left with time (`timed`). What waits on a stopped
-- channel waits for a person.
select (select count(*) from log l
        left join log_position p on p.shard = l.shard and p.writer = l.writer
        where l.seq > coalesce(p.seq, 0))
     + (select count(*) from delivery_open d
        left join match m on m.id = d.match_id
        join channel c on c.id = d.channel_id
        where (d.state = 'sending' or (d.state in ('queued', 'held', 'unknown') and d.not_before <= %(now)s))
          and c.state = 'live' and (d.state = 'sending' or m.state is distinct from 'paused')
          and (d.state = 'sending' or d.journey_id is null
               or d.journey_id in (select id from journey where state in ('live', 'closed'))))
     + (select count(*) from delivery_open d
        join channel c on c.id = d.channel_id
        where d.state = 'unknown' and d.ask_at <= %(now)s and c.state = 'live')
     + (select count(*) from session where ends_at <= %(now)s)
     + (select count(*) from run_open where due_at <= %(now)s
        and journey_id in (select id from journey where state in ('live', 'closed')))
     + (select count(*) from run_open where exit_at <= %(now)s)
     + (select count(*) from otp where due_at <= %(now)s and open)
     + (select count(*) from call_open
        where state = 'calling' or ask_at <= %(now)s
           or (state = 'queued' and not_before <= %(now)s
               and journey_id in (select id from journey where state in ('live', 'closed'))))
     + (select count(*) from message_watch where due_at <= %(now)s)
     + (select count(*) from journey where state in ('cancelling', 'resuming'))
     + (select count(*) from journey_round r join journey j on j.id = r.journey_id
        where r.state = 'running' and r.due_at <= %(now)s and (j.state in ('live', 'closed') or r.runs <> ''))
     + (select count(*) from match where state = 'launching')
     + (select count(*) from segment s where s.state = 'live'
        and (select count(*) from segment_shard t where t.segment_id = s.id and t.turn = s.turn) < %(shards)s)
     + (select count(*) from segment_shard where segment_id = any(%(timed)s) and swept_to < %(hour)s)
     + (select count(*) from import where state in ('checking', 'applying', 'undoing'))
