"""`tertulia demo`: `up`, the simulator, and Verbena Market with nine connected channels and a list to import.

Nothing of it needs an account at any provider. The data folder is the demo's own.
"""

import argparse
import os
import sys
from pathlib import Path

import msgspec

from tertulia import config
from tertulia.commands.database import make_reviver, open_database
from tertulia.commands.migrate import migrate
from tertulia.commands.ports import need_free_port, read_port
from tertulia.commands.up import list_children, own_data_folder, take_options, wait_until_ready
from tertulia.store.clock import real_now
from tertulia.workers.stopping import watch_for_stop
from tertulia.workers.supervisor import Child, Supervisor

PHONES_PORT = 9100
MAIL_PORT_AFTER = 25
LIST_NAME = "verbena-customers.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="the data folder (by default the demo's own)")
    parser.add_argument("--port", type=read_port, help="where the console listens (PORT, 8080)")
    parser.add_argument("--phones-port", type=read_port, default=PHONES_PORT, help="where the virtual phones listen")
    parser.add_argument("--mail-port", type=read_port, help="where their mail server listens (phones' port + 25)")
    parser.add_argument("--test-clock", action="store_true", help="decide by a virtual clock that tests move")


def run(options: argparse.Namespace) -> int:
    if options.data is None:
        folder = config.data_dir()
        options.data = folder.with_name(f"{folder.name}-demo")
    take_options(options)
    mail_port = options.mail_port or options.phones_port + MAIL_PORT_AFTER
    for port in (options.phones_port, mail_port):
        need_free_port("127.0.0.1", port)
    phones_url = f"http://127.0.0.1:{options.phones_port}"
    os.environ["ALLOW_PRIVATE_HOSTS"] = f"127.0.0.1:{options.phones_port},127.0.0.1:{mail_port}"
    os.environ["VIRTUAL_PHONES_URL"] = f"{phones_url}/phones"
    stop = watch_for_stop()
    revive = make_reviver()
    with own_data_folder() as folder, open_database(owns=True) as url:
        os.environ["DATABASE_URL"] = url
        sys.stdout.write("Preparing the demo ...\n")
        sys.stdout.flush()
        migrate(url)
        sign_in = prepare(folder, phones_url, mail_port)
        ports = ("--port", str(options.phones_port), "--mail-port", str(mail_port))
        arguments = (*ports, "--config", str(folder / "simulator.json"))
        children = [Child("simulator", ("tertulia.cli", "simulator", *arguments)), *list_children()]
        supervisor = Supervisor(children, folder / "logs", revive)
        supervisor.start()
        try:
            wait_until_ready(stop.is_set)
            say_where(folder, sign_in, phones_url)
            supervisor.keep_alive(stop)
        finally:
            supervisor.stop()
    return 0


def prepare(folder: Path, phones_url: str, mail_port: int) -> str:
    """The shop, the simulator's configuration and the list to import; a sign-in link."""
    from django.db import connections

    from tertulia.commands.demo_people import make_customers, write_list
    from tertulia.commands.demo_shop import describe_simulator, open_shop
    from tertulia.console.sign_in.once import make_sign_in_link

    customers = make_customers()
    owner, workspace = open_shop(real_now(), phones_url, mail_port)
    described = describe_simulator(workspace, customers, phones_url, mail_port, config.public_url())
    (folder / "simulator.json").write_bytes(msgspec.json.encode(described))
    (folder / "simulator.json").chmod(0o600)
    (folder / LIST_NAME).write_bytes(write_list(customers))
    path: str = make_sign_in_link(owner)
    connections.close_all()
    return path


def say_where(folder: Path, sign_in: str, phones_url: str) -> None:
    base = config.public_url()
    lines = [
        f"Console          {base}{sign_in}",
        f"Virtual phones   {phones_url}/phones",
        f"API              {base}/api/docs",
        f"A list to import {folder / LIST_NAME}",
        "The first address signs you in once. Ctrl-C stops the demo.",
    ]
    sys.stdout.write("\n" + "\n".join(lines) + "\n\n")
    sys.stdout.flush()
