"""`tertulia erase CONTACT --yes`: remove a person everywhere and keep the proof (C5). Cannot be undone."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tertulia import config
from tertulia.commands.people import add_workspace, find_contact, find_workspace, open_django
from tertulia.commands.roles import has_test_clock
from tertulia.errors import Conflict, Invalid

if TYPE_CHECKING:
    from tertulia.core.entries import Entry

OTHERS_WAIT_S = 3.0
OWN_ROUNDS_MAX = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contact", metavar="CONTACT", help="an id, a phone number, an e-mail or an external id")
    parser.add_argument("--yes", action="store_true", help="really: this cannot be undone")
    add_workspace(parser)


def run(options: argparse.Namespace) -> int:
    if not options.yes:
        raise Invalid("This removes the person everywhere and cannot be undone. Say --yes if you mean it.")
    with open_django() as url:
        from tertulia.actions.contacts import ask_erasure
        from tertulia.store.clock import decision_now
        from tertulia.store.db import connect

        workspace = find_workspace(options.workspace)
        with connect(url) as conn:
            now = decision_now(conn, test_clock=has_test_clock())
            contact = find_contact(conn, workspace, options.contact)
            entries = ask_erasure(conn, workspace, None, now, contact)
        decide(url, workspace.pk, entries)
    sys.stdout.write(f"Erased contact {contact}.\n")
    return 0


def decide(url: str, workspace: int, entries: "Sequence[Entry]") -> None:
    """Append the entries and have them decided: by a running engine, else by one of our own for as long as it takes.
    Raises Conflict when neither comes to it; the entries stay in the log."""
    from tertulia.store.asks import Asks
    from tertulia.store.clock import decision_now, real_now
    from tertulia.store.db import connect
    from tertulia.workers.engine import Engine

    with connect(url, autocommit=True) as conn, connect(url) as own:
        asks = Asks(conn, "command", real_now())
        asked = asks.ask(workspace, entries, decision_now(conn, test_clock=has_test_clock()))
        if asks.wait(asked, OTHERS_WAIT_S):
            return
        engine = Engine(own, config.public_url(), name="command", test_clock=has_test_clock())
        for _ in range(OWN_ROUNDS_MAX):
            if asks.wait(asked, 0.0):
                engine.release()
                return
            engine.run_round()
        engine.release()
    raise Conflict("The database is busy. It stands in the log and is done as soon as an engine comes to it.")
