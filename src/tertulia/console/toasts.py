"""Toasts: one sentence in the past tense after something was done, with its undo where there is one.

They travel in Django's messages, so a redirect carries them, and are drawn by ``layout/base.html``.
"""

from django.contrib import messages
from django.http import HttpRequest

UNDO = "undo:"


def toast(request: HttpRequest, text: str, *, undo: str = "", failed: bool = False) -> None:
    """Show ``text`` on the next page. ``undo`` is the address that a POST without fields takes it back at."""
    level = messages.ERROR if failed else messages.SUCCESS
    messages.add_message(request, level, text, extra_tags=f"{UNDO}{undo}" if undo else "")
