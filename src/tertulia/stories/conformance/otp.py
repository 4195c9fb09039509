"""One-time codes in a scenario: asked for as a company's system does, and given as its customer does."""

import re
from collections.abc import Mapping
from typing import Any, Final

from tertulia.stories.conformance.stage import Failed, Stage

_DIGITS: Final = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")


def ask_code(stage: Stage, told: Mapping[str, Any]) -> None:
    """Ask for a code for a person, `for`, by the `channels`; `as` is its name from then on. Other fields as in the API.
    `status`: what it is answered with."""
    own = ("as", "for", "status")
    known = stage.phones.get(told["for"], told["for"]), stage.emails.get(told["for"], "")
    form = {name: value for name, value in told.items() if name not in own}
    form.setdefault("phone", known[0])
    if known[1]:
        form.setdefault("email", known[1])
    headers = {"authorization": f"Bearer {stage.key}"}
    response = stage.http.post("/api/otp", json=form, headers=headers)
    stage.last_status, stage.last_body = response.status_code, response.text
    if response.status_code != told.get("status", 202):
        raise Failed(f"asking for a code was answered with {response.status_code} {response.text[:300]}")
    if response.status_code == 202:
        stage.codes[told.get("as", "code")] = response.json()["id"]
    stage.drain()


def give_code(stage: Stage, told: Mapping[str, Any]) -> None:
    """Give the code `as`: `wrong: true`, or what `of` was sent last on `channel`. It must be judged as the `result`."""
    code = "no" if told.get("wrong") else _read_code(stage, told["channel"], told["of"])
    form = {"id": stage.codes[told.get("as", "code")], "code": code}
    answer = stage.api("POST", "/otp/verify", form)
    stage.drain()
    if answer["result"] != told["result"]:
        raise Failed(f"the code was judged as {answer['result']} and not as {told['result']}")


def _read_code(stage: Stage, channel: str, who: str) -> str:
    for sent in reversed(stage.sent_to(channel, who)):
        if found := _DIGITS.search(sent.text):
            return found[0]
    raise Failed(f"{who} has got no code on {channel}")
