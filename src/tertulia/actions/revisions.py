"""What would become of those who are in a journey, were it published anew (V1)."""

from dataclasses import dataclass

from tertulia.core.journeys import Journey as Document
from tertulia.core.journeys import Program, compile_journey
from tertulia.core.revisions import can_move
from tertulia.data.models import Journey
from tertulia.documents.journeys import read_journey
from tertulia.store.db import Conn
from tertulia.store.runs import count_inside


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many `inside` a journey there are now; with `move` how many go on by the new revision (`moves`) and finish on
    theirs (`stays`); with `restart` how many begin `again`, and of the others, to whom something was sent, how many go
    on (`restart_moves`) and finish on theirs (`restart_stays`)."""

    inside: int
    moves: int
    stays: int
    again: int
    restart_moves: int
    restart_stays: int


def count_choices(conn: Conn, journey: Journey, document: Document) -> Outlook:
    """What publishing a document would do to those who are in the journey now."""
    new = compile_journey(document)
    old = {row.number: row for row in journey.revisions.all()}
    programs: dict[int, Program] = {}
    moves = stays = again = restart_moves = restart_stays = 0
    for revision, step, written, count in count_inside(conn, journey.pk):
        if revision not in programs:
            programs[revision] = compile_journey(read_journey(old[revision].document))
        fits = can_move(programs[revision], new, step)
        moves, stays = moves + count * fits, stays + count * (not fits)
        if step and not written:
            again += count
        else:
            restart_moves, restart_stays = restart_moves + count * fits, restart_stays + count * (not fits)
    return Outlook(moves + stays, moves, stays, again, restart_moves, restart_stays)
