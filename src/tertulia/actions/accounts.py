"""Connected channels as their adapters see them, for the shells that talk to providers."""

from collections.abc import Mapping

from tertulia.channels.base import Account
from tertulia.store.channels import ChannelRow, load_channels
from tertulia.store.db import Conn


def open_account(row: ChannelRow, public_url: str) -> Account:
    """The account of a channel; its webhook lies under `public_url` (without a slash at its end)."""
    return Account(
        channel=str(row.id),
        kind=row.kind,
        settings=row.settings,
        secrets=row.secrets,
        hook_url=f"{public_url}/hooks/{row.public_id}",
        cache=row.cache,
    )


def load_accounts(conn: Conn, public_url: str) -> Mapping[int, Account]:
    """The account of every channel that is not archived, by channel id. Raises ConfigError when SECRET_KEY cannot open
    their secrets."""
    return {id_: open_account(row, public_url) for id_, row in load_channels(conn).items()}
