"""SMS parts, against the vectors that three independent calculators agree on."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core import sms

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("sms_vectors.json").read_text(encoding="utf-8"))
GSM_TEXT = st.text(alphabet=sorted(set(sms.GSM_BASIC) - {"\x1b"} | set(sms.GSM_EXTENSION)))


@pytest.mark.parametrize("case", VECTORS["segments"], ids=lambda case: f"{case['text'][:8]!r}x{len(case['text'])}")
def test_sms_parts_agree_with_the_calculators(case: dict[str, Any]) -> None:
    """Encoding and parts of every vector."""
    counted = sms.count_parts(case["text"])
    assert (counted.encoding, counted.parts) == (case["encoding"], case["parts"])


def test_sms_alphabet_is_gsm_03_38() -> None:
    """Every septet of the basic table and every escape of the extension table."""
    basic = VECTORS["alphabet"]["basic_by_septet_hex"]
    assert {f"{i:02x}": c for i, c in enumerate(sms.GSM_BASIC) if c != "\x1b"} == {
        code: c for code, c in basic.items() if code != "1b"
    }
    assert {f"1b{code:02x}": c for c, code in sms.GSM_EXTENSION.items()} == VECTORS["alphabet"]["extension_by_hex"]


def test_sms_vectors_are_all_there() -> None:
    """39 cases of segmentation, 127 basic and 10 extension characters."""
    assert len(VECTORS["segments"]) == 39
    assert len(VECTORS["alphabet"]["extension_by_hex"]) == 10


@given(st.text())
def test_sms_parts_always_hold_the_text(text: str) -> None:
    """Parts are at least one, enough for the units, and never a whole part too many."""
    counted = sms.count_parts(text)
    size = sms.SINGLE_UNITS[counted.encoding] if counted.parts == 1 else sms.PART_UNITS[counted.encoding]
    assert counted.parts >= 1
    assert counted.parts * size >= counted.units + counted.left
    assert 0 <= counted.left <= size
    assert counted.units > (counted.parts - 1) * (size - 1) or counted.parts == 1


@given(GSM_TEXT)
def test_sms_plain_text_has_no_offenders(text: str) -> None:
    """A text of the alphabet is GSM-7, and smart encoding leaves it alone."""
    assert sms.count_parts(text).offenders == ()
    assert sms.smart_encode(text) == (text, ())


@given(st.text(), st.booleans())
def test_sms_smart_encoding_gains_or_changes_nothing(text: str, cedilla: bool) -> None:
    """Either the result is GSM-7, or the text is as it was."""
    encoded, changes = sms.smart_encode(text, cedilla=cedilla)
    assert sms.count_parts(encoded).parts <= sms.count_parts(text).parts
    assert (encoded == text) if not changes else (sms.count_parts(encoded).encoding == "GSM-7")


def test_sms_smart_encoding_reports_each_change() -> None:
    """Quotes, dashes, blanks and dots; `ç` only when asked."""
    text = "“Olá” não"
    assert sms.smart_encode(text) == (text, ())
    encoded, changes = sms.smart_encode("“Hi” – it’s\u00a0on…")
    assert encoded == '"Hi" - it\'s on...'
    assert sms.Change("“", '"', 1) in changes
    assert sms.smart_encode("…" * 70) == ("…" * 70, ())
    assert sms.smart_encode("façade")[0] == "façade"
    assert sms.smart_encode("façade", cedilla=True) == ("facade", (sms.Change("ç", "c", 1),))


def test_sms_offenders_are_named_once_in_order() -> None:
    """The console shows which characters make the message dear."""
    counted = sms.count_parts("Olá, não! á")
    assert counted.offenders == ("á", "ã")
    assert counted.encoding == "UCS-2"
    assert counted.left == 70 - 11
