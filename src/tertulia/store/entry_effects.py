"""Writes what more ways into a journey, their limits and goals bring about."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tertulia.core import entry_effects as ee
from tertulia.store.assignments import assign
from tertulia.store.db import Conn
from tertulia.store.entry_counts import take_entries
from tertulia.store.goals import credit_steps, lose_credits, open_goals, reach_goals
from tertulia.store.watches import end_watches, watch_messages

ENTRY_WRITERS: Final[Mapping[type, Callable[[Conn, list[Any]], None]]] = {
    ee.Assign: assign,
    ee.WatchMessage: watch_messages,
    ee.EndWatch: end_watches,
    ee.TakeEntry: take_entries,
    ee.OpenGoal: open_goals,
    ee.CreditStep: credit_steps,
    ee.ReachGoal: reach_goals,
    ee.LoseCredit: lose_credits,
}
