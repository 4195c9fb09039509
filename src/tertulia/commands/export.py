"""`tertulia export CONTACT`: everything that is kept of a person, as one JSON document on standard output."""

import argparse
import sys

import msgspec

from tertulia.commands.people import add_workspace, find_contact, find_workspace, open_django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contact", metavar="CONTACT", help="an id, a phone number, an e-mail or an external id")
    add_workspace(parser)


def run(options: argparse.Namespace) -> int:
    with open_django() as url:
        from tertulia.actions.erasure import export_contact
        from tertulia.store.db import connect

        workspace = find_workspace(options.workspace)
        with connect(url) as conn:
            document = export_contact(conn, workspace, find_contact(conn, workspace, options.contact))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
    return 0
