"""An imagined shop for simulations without a database: its channel, its customers, its journeys."""

from collections import defaultdict
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from msgspec.structs import replace

from tertulia.actions.config import index_journeys
from tertulia.core.consent import ANY, ConsentFact, Given, Source
from tertulia.core.entries import EventEntry
from tertulia.core.identity import IdentityRef, Trust
from tertulia.core.journeys import compile_journey
from tertulia.core.phones import key_of_e164
from tertulia.core.rows import AddressRow, ContactRow, LinkedIdentity
from tertulia.core.simulation.arrivals import Arrival
from tertulia.core.simulation.crowd import Provider, make_provider
from tertulia.core.simulation.memory import Memory, make_memory
from tertulia.core.simulation.play import Player
from tertulia.core.simulation.rates import DEFAULTS, set_shares
from tertulia.core.simulation.report import Report
from tertulia.core.world import ChannelFacts, Config, JourneyFacts, WorkspaceFacts
from tertulia.documents.journeys import read_journey
from tertulia.ids import make_contact_id

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SHOP, SMS = 1, 7
LISBON = ZoneInfo("Europe/Lisbon")


def make_config(*documents: str, channel_state: str = "live", **rules: object) -> Config:
    """Journeys 1, 2, ... of a shop that sends SMS at 0.05 each. `rules`: its quiet hours and caps."""
    told = (SHOP, "Loja", b"k" * 32, "https://t.example", 30, "BR", "pt", "BRL", 1)
    workspace = WorkspaceFacts(*told, **rules)  # type: ignore[arg-type]
    channel = ChannelFacts(
        *(SMS, SHOP, "http_sms", "SMS", channel_state, False, "", None, 1_000, "phone", 100.0),
        *({"": (50_000, "BRL")}, False, False, "", False, ""),
    )
    journeys = {}
    for number, document in enumerate(documents, 1):
        program = compile_journey(read_journey(document))
        journeys[number] = JourneyFacts(number, SHOP, program.journey.name, "live", 1, {1: program}, f"j{number}")
    return Config(
        *({SHOP: workspace}, {SMS: channel}, {}, frozenset(), frozenset(available_timezones()), frozenset({1})),
        *(journeys, index_journeys(journeys.values())),
    )


def make_customer(number: int, name: str = "Ana", *, agreed: bool = True) -> ContactRow:
    """Known to the shop as `u<number>`; has a mobile phone."""
    contact_id = make_contact_id(number, number % 256)
    phone = f"+55119876{number:05d}"
    user = IdentityRef("user_id", "", f"u{number}")
    return ContactRow(
        *(contact_id, SHOP, name, "", "pt", "BR", "import:1", {}, NOW, "America/Sao_Paulo"),
        addresses=[AddressRow("phone", phone, key_of_e164(phone), "BR", True, "mobile")],
        identities=[LinkedIdentity(user, None, Trust.CLAIMED, "", "", NOW, None, "", "", contact_id)],
        consents=[ConsentFact(contact_id, None, ANY, ANY, Given.GRANTED, Source.CUSTOMER_LIST, NOW)] if agreed else [],
    )


def make_shop(config: Config, customers: int = 1) -> Memory:
    """As many customers as are asked for, u1 first."""
    memory = make_memory(config, NOW)
    for number in range(1, customers + 1):
        memory.add_contact(make_customer(number))
    return memory


def track(number: int, at: datetime, name: str, user: str = "u1", **properties: object) -> Arrival:
    """An event that arrives as it happens."""
    return Arrival(at, SHOP, EventEntry(1, "track", f"m{number}", at, at, name, user, properties=properties))


def provide(**shares: float) -> Provider:
    """Providers of SMS that deliver all but these shares."""
    smooth = set_shares(DEFAULTS, refused=0.0, silent=0.0)
    sms = make_config().channels[SMS]
    rates = replace(smooth, sms=replace(smooth.sms, **shares))
    return make_provider(rates, defaultdict(lambda: sms))


def play(memory: Memory, arrivals: list[Arrival], until: datetime, journey: int = 1, **hands: object) -> Report:
    """What a journey came to."""
    report = Report(journey, LISBON)
    Player(memory, report.watch, **hands).play(arrivals, until)  # type: ignore[arg-type]
    return report
