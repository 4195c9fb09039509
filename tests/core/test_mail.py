"""E-mails as the core makes them: HTML that is safe to send, links masked in the history, addresses to write to."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.came import subject_of
from tertulia.core.content import MASK, mask_links
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.mail_html import clean_html
from tertulia.core.render import Rendered, compile_template, render
from tertulia.core.rows import AddressRow, ContactRow
from tertulia.core.sensitive import Proof, choose_text, judge_address
from tertulia.core.stages import find_email

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def make_html(source: str, **contact: str) -> str:
    found = render(compile_template(source, True), {"contact": contact}, now=NOW)
    assert isinstance(found, Rendered)
    return clean_html(found.text)


@given(st.text(min_size=1).filter(str.strip))
def test_what_a_variable_holds_is_shown_and_never_obeyed(name: str) -> None:
    """Whatever somebody calls themselves, no element and no attribute comes of it."""
    made = make_html('<p title="{{ contact.name }}">{{ contact.name }}</p>', name=name)
    assert made.startswith('<p title="')
    assert made.count("<") == 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<p onclick='x()'>Hi</p><script>alert(1)</script>", "<p>Hi</p>"),
        ('<a href="javascript:x()">a</a>', "<a>a</a>"),
        ('<a href="https://shop.example/?a=1&amp;b=2">a</a>', '<a href="https://shop.example/?a=1&amp;b=2">a</a>'),
        ("<form action='https://x'><input name=a></form>Hi", "Hi"),
        ("<iframe src='https://x'></iframe>Hi<style>p{}</style>", "Hi"),
        ("<html><head><title>T</title></head><body><p>Hi</p></body></html>", "<p>Hi</p>"),
        ('<td bgcolor="#fff" style="color:red">x</td>', "x"),
        (
            '<table width="600"><tbody><tr><td style="color:red">x</td></tr></tbody></table>',
            '<table width="600"><tbody><tr><td style="color:red">x</td></tr></tbody></table>',
        ),
    ],
)
def test_only_what_mail_programs_should_get_is_sent(given: str, kept: str) -> None:
    """No scripts, forms, frames and style sheets; tables and inline styles stay."""
    assert clean_html(given) == kept


def test_the_history_has_no_address_that_could_be_used() -> None:
    """Links and unsubscribe addresses of both lengths are masked wherever an e-mail has them."""
    base = "https://shop.example"
    code, token = "0K3DX7P2MN4Q2H", "AAAAAQAAAAAAAAGzCdyzAQU-X-vYvPCMI9FA39l8jzUOgC3G2eKf2pfygzY"
    content = {
        "text": f"Go on: {base}/l/{code}. Or stop: {base}/u/{token}",
        "html": f'<a href="{base}/u/{token}">stop</a>',
        "unsubscribe": f"{base}/u/{token}",
        "subject": "For you",
        "neutral": True,
    }
    assert mask_links(content, base) == {
        "text": f"Go on: {base}/l/{MASK}. Or stop: {base}/u/{MASK}",
        "html": f'<a href="{base}/u/{MASK}">stop</a>',
        "unsubscribe": f"{base}/u/{MASK}",
        "subject": "For you",
        "neutral": True,
    }


def test_the_ledger_knows_an_address_by_one_spelling() -> None:
    """Capitals make no other mailbox."""
    assert subject_of(IdentityRef("email", "", "Ana@Mail.Example")) == IdentityRef("email", "", "ana@mail.example")


def test_an_address_that_is_dead_is_the_last_to_be_written_to() -> None:
    """The oldest one that is not known dead, else the oldest; none without one."""
    contact = ContactRow(1, 1, "Ana", "", "pt", "BR", "", {}, NOW)
    assert find_email(contact) == ""
    contact.addresses.append(AddressRow("email", "old@mail.example", "old@mail.example", "", False, "", "5.1.1"))
    assert find_email(contact) == "old@mail.example"
    contact.addresses.append(AddressRow("email", "new@mail.example", "new@mail.example", "", False, ""))
    assert find_email(contact) == "new@mail.example"


def test_M6_what_stands_beside_the_text_may_be_personal_too() -> None:
    """A subject or HTML with a marked attribute calls for the neutral text; a mailbox is verified by its own proof."""
    marked, beside = frozenset({"plan"}), ("Your {{ contact.plan }}", "<p>{{ contact.name }}</p>")
    assert choose_text("Hi", "News", marked, Trust.CLAIMED).neutral is False
    chosen = choose_text("Hi", "News", marked, Trust.CLAIMED, beside)
    assert (chosen.neutral, chosen.used) == (True, ("plan",))
    assert choose_text("Hi", "News", marked, Trust.VERIFIED, beside).neutral is False
    proofs = [Proof("email", "ana@mail.example", Trust.VERIFIED), Proof("telegram", "42", Trust.VERIFIED)]
    assert judge_address("email", "Ana@mail.example", (), proofs) is Trust.VERIFIED
    assert judge_address("email", "bia@mail.example", (), proofs) is Trust.CLAIMED
