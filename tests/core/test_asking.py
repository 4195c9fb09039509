"""What the buttons of a question carry, and which question a message answers."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.imagined import NOW, SMS, make_config

from tertulia.core.asking import find_asked, is_asked, is_button, read_button, write_buttons
from tertulia.core.rows import RunRow
from tertulia.core.steps.registry import read_step
from tertulia.core.world import World

ASK = {"id": "q", "kind": "ask", "channels": ["sms"], "text": "?", "answer": "choice", "at_most": "1 d"}
CHOICES = [{"label": "Blue"}, {"label": "Red"}]


def make_run(delivery: UUID) -> RunRow:
    """A run of contact 256 whose question waits on the SMS channel since 0.4 s after NOW."""
    at = (NOW + timedelta(milliseconds=400)).isoformat()
    question = {"channel": SMS, "delivery": str(delivery), "at": at, "tries": 0}
    told = (UUID(int=1), 1, 256, 1, 1, "", "q", 0, NOW, NOW, NOW, None, None, {})
    return RunRow(*told, question=question)


@given(st.uuids(), st.uuids())
def test_a_button_knows_its_question(mine: UUID, other: UUID) -> None:
    """And fits where the narrowest app has room, 64 bytes."""
    step = read_step({**ASK, "choices": CHOICES})
    channel = make_config().channels[SMS]
    buttons = write_buttons(step, mine, channel, "en")  # type: ignore[arg-type]
    assert [label for label, _ in buttons] == ["Blue", "Red"]
    assert all(is_button(payload) and len(payload) <= 64 for _, payload in buttons)
    assert [read_button(payload, make_run(mine)) for _, payload in buttons] == [0, 1]
    if mine.hex[-12:] != other.hex[-12:]:
        assert [read_button(payload, make_run(other)) for _, payload in buttons] == [None, None]


def test_where_the_chat_shows_what_a_button_carries_it_is_the_label() -> None:
    """As in Viber."""
    from dataclasses import replace

    step = read_step({**ASK, "choices": CHOICES})
    channel = replace(make_config().channels[SMS], choices_carry=False)
    assert write_buttons(step, UUID(int=7), channel, "en") == (("Blue", ""), ("Red", ""))  # type: ignore[arg-type]


def test_yes_and_no_are_buttons_in_the_customers_language() -> None:
    """In English where it is none of ours."""
    step = read_step({**ASK, "answer": "yes_no"})
    assert [step.list_buttons(tag) for tag in ("pt-BR", "ar", "xx", "")] == [  # type: ignore[attr-defined]
        ("Sim", "Não"), ("نعم", "لا"), ("Yes", "No"), ("Yes", "No")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("contact", "channel", "before_s", "found"),
    [(256, SMS, 0, True), (256, SMS, -60, True), (256, SMS, 1, False), (256, 8, 0, False), (512, SMS, 0, False)],
)
def test_E5_a_message_answers_what_was_asked_before_it(contact: int, channel: int, before_s: int, found: bool) -> None:
    """On its channel, by its contact, and not before: in whole seconds, as providers tell them."""
    run = make_run(UUID(int=7))
    world = World(NOW, make_config(), iter(()), runs={run.id: run}, runs_of={256: [run.id]})
    asked = find_asked(world, contact, channel, NOW - timedelta(seconds=before_s))
    assert (asked is run) is found
    assert is_asked(run)
