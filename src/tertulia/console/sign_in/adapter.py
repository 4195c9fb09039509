"""django-allauth for this console: nobody signs up by themselves, and nothing is said about which addresses exist."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ConsoleAdapter(DefaultAccountAdapter):
    """Users are made by an owner or an admin in Settings, never by a visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False
