"""The token with which a page may listen."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.live_tokens import LIFE, derive_live_key, read_live_token, sign_live_token

KEY = derive_live_key("a secret")
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_what_was_signed_is_read_until_its_time_is_over():
    """A token says its workspace and topics for its life, and nothing afterwards."""
    token = sign_live_token(KEY, 7, ["match:12", "import:3"], NOW)
    scope = read_live_token(KEY, token, NOW + LIFE - timedelta(seconds=1))
    assert scope is not None
    assert (scope.workspace, scope.topics) == (7, ("match:12", "import:3"))
    assert read_live_token(KEY, token, NOW + LIFE) is None


@given(st.text(max_size=80))
def test_anything_else_is_refused(text: str):
    """Whatever is sent instead of a token allows nothing, and another installation's token neither."""
    token = sign_live_token(KEY, 7, ["match:12"], NOW)
    assert read_live_token(KEY, text, NOW) is None
    assert read_live_token(KEY, token[:-1] + text, NOW) is None or text == token[-1]
    assert read_live_token(derive_live_key("another"), token, NOW) is None
