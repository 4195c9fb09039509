"""The console and the management API as a WSGI application."""

import os
from typing import Any


def create_app() -> Any:
    """Django, set up on `tertulia.settings`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tertulia.settings")
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()
