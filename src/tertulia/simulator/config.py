"""What the simulator is told: accounts at providers, how the providers behave, what the people do.

The same structs are read from the configuration file and from the control API, so a wrong field is refused in both
with its path.
"""

from typing import Any, Literal

import msgspec

Percent = float


class AccountSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account at one provider. `id` is ours (take the platform's channel id), `kind` the provider, `name` what
    phones show; `webhook_url` where the provider calls (some providers also let the platform set it by API)."""

    id: str
    kind: str
    name: str = ""
    webhook_url: str = ""
    credentials: dict[str, str] = {}
    settings: dict[str, Any] = {}


class Behaviours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the providers behave. Percentages from 0 to 100; everything is off by default.

    `answer_delay_s` holds back the answer to a send that was taken: what a sender that dies then never hears.
    `mail_reset_pct` of e-mails are taken, and the connection is cut before the mail server says so.
    `strangers` says what a number is that nobody holds yet: `appear` gives it a phone at its first message, `accept`
    delivers it unseen (for benchmarks), `unknown` refuses it as a number that does not exist.
    """

    receipt_delay_s: float = 0.0
    answer_delay_s: float = 0.0
    read_pct: Percent = 100
    duplicate_pct: Percent = 0
    disorder_pct: Percent = 0
    fail_retryable_pct: Percent = 0
    unknown_number_pct: Percent = 0
    hide_phone_numbers: bool = False
    link_previews: bool = False
    wrong_signatures: bool = False
    answer_html: bool = False
    mail_reset_pct: Percent = 0
    down: tuple[str, ...] = ()
    strangers: Literal["appear", "accept", "unknown"] = "appear"
    quiet: bool = False
    retry_scale: float = 1.0
    seed: int = 20417


class PeopleRates(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What people do when all are let act: of those with a link `tap_pct` tap it, of those `send_pct` send the ready
    message, `edit_pct` of these write around it, `lose_code_pct` delete the code, `again_pct` tap twice;
    `forward_pct` of all pass the link on to somebody who taps and sends it too."""

    tap_pct: Percent = 44
    send_pct: Percent = 64
    forward_pct: Percent = 3
    edit_pct: Percent = 0
    lose_code_pct: Percent = 0
    again_pct: Percent = 0


class PersonSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person with a phone. `phone` is E.164; `apps` the kinds installed (None: every app); `email` their address,
    made up where none is given."""

    name: str = ""
    phone: str
    email: str = ""
    language: str = "en"
    apps: tuple[str, ...] | None = None
    username: str = ""
    hides_phone: bool = False
    unknown: bool = False
    on: bool = True


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole simulator at its start. `link_hosts` maps a link domain that no name server knows to the address where
    the platform answers for it, e.g. `{"vrb.example": "http://127.0.0.1:8080"}`; the page's head links `console_url`.
    """

    accounts: tuple[AccountSpec, ...] = ()
    people: tuple[PersonSpec, ...] = ()
    behaviours: Behaviours = Behaviours()
    rates: PeopleRates = PeopleRates()
    link_hosts: dict[str, str] = {}
    console_url: str = ""


class WrongConfig(Exception):
    """The configuration cannot be used. The message says what and where, for the person who wrote it."""


def check_percentages(value: Behaviours | PeopleRates) -> None:
    """Raise WrongConfig unless every percentage is one and every duration is possible."""
    for name in value.__struct_fields__:
        number = getattr(value, name)
        if name.endswith("_pct") and not 0 <= number <= 100:
            raise WrongConfig(f"{name} is {number:g}: give a percentage from 0 to 100")
    if isinstance(value, Behaviours):
        for name in ("receipt_delay_s", "answer_delay_s"):
            if not 0 <= getattr(value, name) <= 3600:
                raise WrongConfig(f"{name}: give seconds from 0 to 3600")
        if not 0 < value.retry_scale <= 10:
            raise WrongConfig("retry_scale: give a factor above 0 and up to 10")


def read_config(raw: bytes) -> Config:
    """Parse a configuration document (JSON). Raises WrongConfig with the path of what is wrong."""
    try:
        config = msgspec.json.decode(raw, type=Config)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WrongConfig(str(error)) from error
    check_percentages(config.behaviours)
    check_percentages(config.rates)
    return config
