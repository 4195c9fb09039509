"""The token with which a page may listen: it names a workspace and the topics that the page shows.

The console signs it into the page, `edge/live` checks it; neither asks the database. The stream tells ids and versions
only, so a token is worth nothing after the page's own permission has gone but the knowledge that something changed.

    <base64url of JSON [workspace, expires at in unix seconds, topics]>.<hex HMAC-SHA256, 32 digits>

Topics are `kind:id`, such as `match:12`, `import:3`, `contact:5122`, `workspace:1`.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

TOPICS_MAX = 20
LIFE = timedelta(hours=12)
_DIGITS = 32


@dataclass(frozen=True, slots=True)
class LiveScope:
    """What a checked token allows."""

    workspace: int
    topics: tuple[str, ...]
    expires_at: datetime


def derive_live_key(secret: str) -> bytes:
    """The signing key, from the installation's SECRET_KEY."""
    return hashlib.sha256(b"tertulia live\0" + secret.encode()).digest()


def sign_live_token(key: bytes, workspace: int, topics: Sequence[str], now: datetime) -> str:
    """A token for at most TOPICS_MAX topics, good for LIFE. Raises ValueError for more topics."""
    if len(topics) > TOPICS_MAX:
        raise ValueError(f"{len(topics)} topics; a page listens to at most {TOPICS_MAX}")
    body = msgspec.json.encode([workspace, int((now + LIFE).timestamp()), list(topics)])
    text = base64.urlsafe_b64encode(body).rstrip(b"=").decode()
    return f"{text}.{_sign(key, text)}"


def read_live_token(key: bytes, token: str, now: datetime) -> LiveScope | None:
    """What the token allows; None when it is forged, broken or past its time."""
    text, _, given = token.partition(".")
    if not hmac.compare_digest(_sign(key, text).encode(), given.encode()):
        return None
    body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    workspace, expires, topics = msgspec.json.decode(body, type=tuple[int, int, tuple[str, ...]])
    expires_at = datetime.fromtimestamp(expires, UTC)
    return LiveScope(workspace, topics, expires_at) if now < expires_at else None


def _sign(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]
