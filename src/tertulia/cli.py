"""The command line: a table of commands, each in a module of its own that is loaded only when it is asked for.

A command module has `add_arguments(parser)` and `run(options) -> int`. Errors that a person can mend are one clear line
on standard error and status 1; with `--json` standard output holds one JSON document and nothing else.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

import tertulia
from tertulia.commands.logs import configure_logs
from tertulia.errors import TertuliaError

COMMANDS = {
    "up": "Run everything: database, console, engine, senders.",
    "demo": "Run everything with a simulator of the providers, virtual phones and sample data.",
    "web": "Run the console, the API, webhooks and links (needs DATABASE_URL).",
    "engine": "Run an engine, which decides (needs DATABASE_URL).",
    "sender": "Run a sender, which calls providers (needs DATABASE_URL).",
    "importer": "Run an importer, which takes lists in (needs DATABASE_URL).",
    "import": "Import a customer list or an opt-out list.",
    "import-events": "Import past events of a source, which start nothing.",
    "plan": "Show what applying a folder of documents would change.",
    "apply": "Publish a folder of documents: all or none.",
    "pull": "Write the published documents of a workspace into a folder.",
    "why": "Say why a message was or was not sent, gate by gate.",
    "simulate": "Say what a journey would come to, before it is live.",
    "export": "Print everything that is kept of a person.",
    "erase": "Remove a person everywhere and keep the proof.",
    "backup": "Write everything into one file.",
    "restore": "Put back what a backup holds.",
    "doctor": "Check that everything is there that an installation needs.",
    "bench": "Measure whole paths beside the same work done bare.",
    "sign-in": "Print a link that signs somebody in once.",
    "story": "Play one of the product's stories end to end against the simulator and check it.",
    "simulator": "Run the providers' side and the virtual phones alone.",
    "keeper": "Run what keeps house and polls providers (needs DATABASE_URL).",
    "conformance": "Replay the rules' scenarios over HTTP against a server with a test clock.",
    "migrate": "Bring the database's schema up to date.",
}
"""Every command with its one line of help; its module is tertulia.commands.<name>."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="tertulia", description=tertulia.__doc__)
    parser.add_argument("--version", action="version", version=f"tertulia {tertulia.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = next((word for word in given if not word.startswith("-")), "")
    module = None
    for name, sentence in COMMANDS.items():
        sub = commands.add_parser(name, help=sentence, description=sentence)
        if name == asked:
            module = import_module(f"tertulia.commands.{name.replace('-', '_')}")
            module.add_arguments(sub)
    options = parser.parse_args(given)
    assert module is not None  # the parser has refused everything else
    configure_logs()
    try:
        return int(module.run(options))
    except TertuliaError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
