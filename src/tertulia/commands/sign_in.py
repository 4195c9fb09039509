"""`tertulia sign-in [EMAIL]`: a link that signs somebody in once: the first owner, and whoever lost a password."""

import argparse
import secrets
import sys

from tertulia import config
from tertulia.commands.people import open_django
from tertulia.errors import NotFound
from tertulia.store.clock import real_now

NAME = "My business"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email", nargs="?", default="", help="whose link; without one the first owner's")
    parser.add_argument("--if-new", action="store_true", help="nothing unless the first owner has never signed in")


def run(options: argparse.Namespace) -> int:
    with open_django():
        path = make_path(options.email, only_new=options.if_new)
    if path:
        sys.stdout.write(f"Sign in   {config.public_url()}{path}\n")
    return 0


def make_path(email: str, *, only_new: bool) -> str:
    """The link's path; empty when `only_new` and there is nobody new. Raises NotFound."""
    from django.db import transaction

    from tertulia.actions.owners import ensure_first_owner
    from tertulia.console.sign_in.once import make_sign_in_link
    from tertulia.data.models import User

    with transaction.atomic():
        if email:
            user = User.objects.filter(email__iexact=email, is_active=True).first()
        else:
            user = ensure_first_owner(real_now(), NAME, secrets.token_bytes(32))
            if user is None and not only_new:
                user = User.objects.filter(membership__role="owner", is_active=True).order_by("pk").first()
        if user is None and only_new:
            return ""
        if user is None:
            raise NotFound("Nobody of that address may sign in.")
        path: str = make_sign_in_link(user)
        return path
