"""The fixed cast: Alice owns the shop, Charlie has a shop of his own and must see nothing of hers."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def shop(empty_database: str) -> Any:
    """Alice's workspace, in Brazil."""
    from tertulia.data.models import Workspace
    from tertulia.store.sealing import seal

    link_key = seal(b"k" * 32)
    return Workspace.objects.create(name="Loja", slug="loja", country="BR", currency="BRL", link_key=link_key)


@pytest.fixture
def foreign_shop(shop: Any) -> Any:
    """Charlie's workspace."""
    from tertulia.data.models import Workspace
    from tertulia.store.sealing import seal

    return Workspace.objects.create(name="Other", slug="other", link_key=seal(b"o" * 32))


@pytest.fixture
def alice(shop: Any) -> Any:
    """The owner."""
    from tertulia.data.models import Membership, User

    user = User.objects.create_user("alice@example.com", "correct horse")
    Membership.objects.create(workspace=shop, user=user, role="owner")
    return user


@pytest.fixture
def one_transaction(shop: Any) -> Iterator[None]:
    """The test runs in one transaction of Django's connection, as a page does."""
    from django.db import transaction

    with transaction.atomic():
        yield
