-- R5: turns at the throttles of journeys. Small, and not distributed.
create table throttle_line (
    journey_id integer     primary key,
    workspace  integer     not null,
    next_at    timestamptz not null,  -- when the next turn is free
    drawn      bigint      not null,  -- numbers, by messages that wait for theirs
    done       bigint      not null   -- of these: handed over, or will not go out
) with (fillfactor = 50);
