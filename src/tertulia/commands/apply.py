"""`tertulia apply DIR`: publish the documents of a folder that are new or changed, all of them or none."""

import argparse
import json
import sys

from tertulia.commands import plan as planning
from tertulia.commands.people import find_workspace, open_django
from tertulia.commands.plan import describe_plan, read_folder, tell_problems, write_plan
from tertulia.commands.roles import has_test_clock

RUNS = ("finish", "move", "restart")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    planning.add_arguments(parser)
    parser.add_argument(
        "--runs",
        choices=RUNS,
        default=RUNS[0],
        help="those who are in a changed journey finish on their revision, move at the same step, or begin again where"
        " nothing was sent to them",
    )


def run(options: argparse.Namespace) -> int:
    folder = read_folder(options.folder)
    with open_django():
        from django.db import transaction

        from tertulia.actions.plans import Texts, apply_plan, plan_documents
        from tertulia.data.models import Workspace
        from tertulia.store.clock import decision_now
        from tertulia.store.db import django_conn

        workspace = find_workspace(options.workspace)
        with transaction.atomic():
            Workspace.objects.select_for_update().get(pk=workspace.pk)  # one at a time: each plans what it finds
            plan = plan_documents(workspace, Texts(*(shelf.texts for shelf in folder.shelves)))
            if plan.is_good:
                apply_plan(workspace, decision_now(django_conn(), test_clock=has_test_clock()), plan, options.runs)
    if options.json:
        told = {**write_plan(plan, folder), "applied": plan.is_good}
        sys.stdout.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    elif plan.is_good:
        sys.stdout.write(describe_plan(plan, folder))
    else:
        tell_problems(plan, folder)
        sys.stderr.write("Nothing was applied.\n")
    return 0 if plan.is_good else 1
