"""People who came to experiments, by the thousand: their assignments, and the goals of those who converted."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tertulia.ids import SHARDS

DAY = timedelta(days=1)
_numbers = count(1)


def add_people(
    conn: Any,
    workspace: int,
    experiment: str,
    journey: int,
    counts: dict[str, tuple[int, int]],
    at: datetime,
    after: timedelta = DAY,
) -> None:
    """`counts`: by way, how many came at that instant, and how many of them reached the journey's goal so long after.
    Each way has the weight that its people come to."""
    total = sum(people for people, _converted in counts.values())
    for way, (people, converted) in counts.items():
        args = {
            **{"workspace": workspace, "experiment": experiment, "journey": journey, "way": way},
            **{"people": people, "converted": converted, "at": at, "goal_at": at + after},
            **{"first": next(_numbers) * 100_000, "shards": list(SHARDS), "weight": 10_000 * people // total},
        }
        conn.execute(
            """insert into assignment (shard, contact_id, experiment, workspace, way, bucket, weight, at)
               select (%(shards)s::smallint[])[n %% 256 + 1], %(first)s::bigint + n, %(experiment)s, %(workspace)s,
                      %(way)s, 0, %(weight)s, %(at)s
               from generate_series(1, %(people)s) n""",
            args,
        )
        conn.execute(
            """insert into goal (shard, run_id, workspace, contact_id, journey_id, step, event_id, at)
               select (%(shards)s::smallint[])[n %% 256 + 1], gen_random_uuid(), %(workspace)s,
                      %(first)s::bigint + n, %(journey)s, '', gen_random_uuid(), %(goal_at)s
               from generate_series(1, %(converted)s) n""",
            args,
        )


def tally_goals(cursor: Any, workspace: int, journey_id: int, counts: dict[str, int]) -> None:
    """Goals that were reached, by the step whose message was the last one before (G2), under `""` all of them."""
    names = "shard, journey_id, step, what, workspace, count"
    for step, goals in counts.items():
        told = [SHARDS[0], journey_id, step, workspace, goals]
        cursor.execute(f"insert into step_tally ({names}) values (%s, %s, %s, 'goal', %s, %s)", told)
