"""What the business does in a small world: lists, matches, pauses, merges, consent by a person, erasure.

Through the same use cases as the console's pages. What a use case refuses (Conflict, NotFound, Invalid) does nothing.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import psycopg
from tests.sim.journey_acts import link_users
from tests.sim.script import Act, Person, has_mobile

from tertulia.core.phones import key_of_e164
from tertulia.errors import Conflict, Invalid, NotFound
from tertulia.ids import derive_id

if TYPE_CHECKING:
    from tests.sim.world import World

HEAD: Final = ["name", "surname", "phone"]
REFUSALS: Final = (Conflict, NotFound, Invalid)


def ask(world: "World", entries: Sequence[Any]) -> None:
    """Append what a person decided, as a page does."""
    from tertulia.store.asks import Asks
    from tertulia.store.clock import real_now
    from tertulia.store.db import connect

    with connect(world.url, autocommit=True) as conn:
        Asks(conn, "console", real_now()).ask(world.workspace.pk, entries, world.now)


def import_list(world: "World", rows: list[list[str]], kind: str) -> Any:
    """A list from its file to the contacts."""
    from django.db import connection, transaction

    from tertulia.actions.import_files import read_shape, save_file
    from tertulia.actions.imports import add_import, start_apply, start_check
    from tertulia.core.import_fields import ListKind
    from tertulia.core.import_states import Options
    from tertulia.workers.importer import Setup, work_once

    setup = Setup(world.url, world.folder, test_clock=True)
    saved = save_file(iter([world.write_csv(rows)]), world.folder, 1_000_000)
    shape = read_shape(world.folder, saved, 1_000_000, "BR")
    made = add_import(
        *(world.workspace, None, world.now),
        kind=ListKind(kind),
        name="list.csv",
        saved=saved,
        shape=shape,
        options=Options(country="BR", basis="consent") if kind == "customers" else Options(country="BR"),
    )
    with transaction.atomic():
        connection.ensure_connection()
        start_check(connection.connection, made)
    assert work_once(setup)
    made.refresh_from_db()
    with transaction.atomic():
        start_apply(made, None, world.now, keep_series=True)
    assert work_once(setup)
    made.refresh_from_db()
    assert made.state == "done", (made.state, made.fault)
    return made


def import_customers(world: "World", act: Act) -> bool:
    """The customer list; in one world of four by the importer itself, else by the rows that it would write."""
    people = [person for person in world.script.people if person.listed]
    if imports_for_real(world):
        rows = [HEAD, *([person.name, "", person.phone] for person in people)]
        world.list_import = import_list(world, rows, "customers")
        known = {name: contact_id for contact_id, name in world.rows("select id, name from contact")}
        world.played.contacts = {person.label: known[person.name] for person in people if person.name in known}
    else:
        with psycopg.connect(world.url) as conn:
            for person in people:
                world.played.contacts[person.label] = insert_customer(conn, world, person)
    link_users(world)
    return True


def imports_for_real(world: "World") -> bool:
    return world.script.seed % 4 == 0


def insert_customer(conn: Any, world: "World", person: Person) -> int:
    """A contact as a list leaves it: a number, consent to both topics with its evidence."""
    from tertulia.core.entries import shard_of_address
    from tertulia.ids import INDEX_OF_SHARD, make_contact_id

    key, workspace, at = key_of_e164(person.number), world.workspace.pk, world.now
    home = shard_of_address(workspace, "phone", key)
    contact = make_contact_id(900_000 + person.label, INDEX_OF_SHARD[home])
    conn.execute(
        """insert into contact (shard, id, workspace, name, surname, locale, zone, country, external_id, attributes,
               changed, search, source, created_at, updated_at)
           values (%s, %s, %s, %s, '', 'pt', '', 'BR', '', '{}', '{}', %s, 'import:1', %s, %s)""",
        (home, contact, workspace, person.name, f"{person.name.lower()} {person.number}", at, at),
    )
    line = "mobile" if has_mobile(person) else "landline"
    conn.execute(
        """insert into address (shard, contact_id, kind, value, canonical, workspace, line_type, country, sms,
               dead_code, source, added_at)
           values (%s, %s, 'phone', %s, %s, %s, %s, 'BR', %s, '', 'import:1', %s)""",
        (home, contact, person.number, key, workspace, line, has_mobile(person), at),
    )
    conn.execute("insert into address_key values (%s, %s, 'phone', %s, %s)", (home, workspace, key, contact))
    for topic in ("service", "marketing"):
        conn.execute(
            """insert into consent (shard, contact_id, id, workspace, address, channel, topic, state, source,
                   evidence, text_version, actor, at)
               values (%s, %s, %s, %s, %s, 'sms', %s, 'granted', 'customer_list', '{"ref": "import:1"}', '',
                       'user:1', %s)""",
            (home, contact, derive_id("sim", contact, topic), workspace, f"phone:{key}", topic, at),
        )
    return contact


def import_opt_outs(world: "World", act: Act) -> bool:
    """The old system's list: numbers of people here, and of nobody."""
    from tests.sim.world import Said

    people = [world.person(act.who), world.person(act.other)]
    import_list(world, [["phone"], *([person.phone] for person in people), ["+5511985550299"]], "opt_outs")
    for person in people:
        world.played.said.append(Said(world.round, "withdrawn", "list", number=key_of_e164(person.number)))
    return True


def undo_import(world: "World", act: Act) -> bool:
    from django.db import transaction
    from tests.sim.world import Said

    from tertulia.actions.imports import start_undo
    from tertulia.workers.importer import Setup, work_once

    if world.played.import_undone or not imports_for_real(world):
        return False
    with transaction.atomic():
        start_undo(world.list_import, None, world.now)
    assert work_once(Setup(world.url, world.folder, test_clock=True))
    world.played.import_undone = True
    world.played.said += [Said(world.round, "withdrawn", "undo", contact=label) for label in world.played.contacts]
    return True


def launch(world: "World", act: Act) -> bool:
    """A match goes out; `word` its class, `app` its audience, `count` how many ways of direct reach come first."""
    from tertulia.actions.audit import record_change
    from tertulia.data.models import Match, MatchChannel

    label = len(world.played.matches) + 1
    if label > 3:
        return False
    labels = set(world.played.contacts)
    audience: dict[str, Any] = {"all": True}
    if act.app == "list":
        audience = {"contacts": sorted(world.played.contacts.values())}
        if imports_for_real(world):
            audience = {"imports": [world.list_import.pk]}
    elif act.app == "half":
        labels = {person for person in labels if person % 2 == 0}
        audience = {"contacts": [world.played.contacts[person] for person in sorted(labels)]}
    direct = {
        "channel": world.channels["whatsapp"].pk,
        "template": "hello",
        "language": "pt_BR",
        "parameters": [f"M{label} {{{{ contact.name }}}}"],
    }
    match = Match.objects.create(
        workspace=world.workspace,
        name=f"M{label}",
        state="launching",
        sms_channel=world.channels["sms"],
        text=f"M{label} {{{{ contact.name }}}} {{{{ link }}}}",
        message_class=act.word,
        audience=audience,
        direct=[direct] if act.count == 2 else [],
        launched_at=world.now,
    )
    for order, name in enumerate(("whatsapp", "telegram", "viber")):
        MatchChannel.objects.create(match=match, channel=world.channels[name], order=order)
    record_change(world.workspace, None, world.now, "match_launched", f"match:{match.pk}")
    world.played.matches[label] = match.pk
    world.played.classes[label] = act.word
    world.played.audiences[label] = labels
    return True


def _change_match(world: "World", act: Act, change: Callable[..., None]) -> bool:
    from django.db import transaction

    from tertulia.actions.matches import access_match

    if act.match not in world.played.matches:
        return False
    match = access_match(world.workspace, world.played.matches[act.match])
    try:
        with transaction.atomic():
            change(match, None, world.now)
    except Conflict:
        return False
    return True


def pause(world: "World", act: Act) -> bool:
    from tertulia.actions import matches

    return _change_match(world, act, matches.pause)


def resume(world: "World", act: Act) -> bool:
    from tertulia.actions import matches

    return _change_match(world, act, matches.resume)


def stop_match(world: "World", act: Act) -> bool:
    from tertulia.actions import matches

    stopped = _change_match(world, act, matches.stop)
    if stopped:
        world.played.stopped.add(act.match)
    return stopped


def _change_channel(world: "World", name: str, verb: str) -> bool:
    from django.db import transaction

    from tertulia.actions import channels

    channel = channels.access_channel(world.workspace, world.channels[name].pk)
    with transaction.atomic():
        getattr(channels, verb)(channel, None, world.now)
    return True


def pause_channel(world: "World", act: Act) -> bool:
    return _change_channel(world, act.app if act.who % 2 else "sms", "pause_channel")


def resume_channel(world: "World", act: Act) -> bool:
    return _change_channel(world, act.app if act.who % 2 else "sms", "resume_channel")


def resume_all(world: "World") -> None:
    """At the end nothing is paused any more."""
    for name in world.channels:
        _change_channel(world, name, "resume_channel")
    for label in world.played.matches:
        resume(world, Act(0, "resume", match=label))


def decide_consent(world: "World", act: Act) -> bool:
    """A person of the business records what a customer said."""
    from tests.sim.world import Said

    from tertulia.actions.contacts import ask_consent

    contact = world.contact_of(act.who)
    if contact is None:
        return False
    given = "withdrawn" if act.kind == "withdraw" else "granted"
    try:
        entry = ask_consent(
            *(world.machine.conn, world.workspace, None, world.now, contact),
            **{"address": "*", "channel": "*", "topic": "marketing", "state": given, "reason": "by telephone"},
        )
    except REFUSALS:
        return False
    finally:
        world.machine.conn.rollback()
    ask(world, [entry])
    if entry.contact_id == world.played.contacts.get(act.who):
        world.played.said.append(Said(world.round, given, "person", contact=act.who))
    return True


def merge(world: "World", act: Act) -> bool:
    from tertulia.actions.contacts import ask_merge

    into, absorbed = world.contact_of(act.who), world.contact_of(act.other)
    if into is None or absorbed is None or into == absorbed:
        return False
    try:
        entry = ask_merge(world.machine.conn, world.workspace, None, world.now, into, absorbed)
    except REFUSALS:
        return False
    finally:
        world.machine.conn.rollback()
    ask(world, [entry])
    world.played.merges.append((into, absorbed))
    return True


def unmerge(world: "World", act: Act) -> bool:
    merges = world.rows("select id from merge where undone_at is null and contact_id <> 0 order by at, id")
    if not merges:
        return False
    return ask_undo(world, merges[act.who % len(merges)][0])


def ask_undo(world: "World", merge_id: Any) -> bool:
    from tertulia.actions.contacts import ask_unmerge

    try:
        entry = ask_unmerge(world.machine.conn, world.workspace, None, world.now, merge_id)
    except REFUSALS:
        return False
    finally:
        world.machine.conn.rollback()
    ask(world, [entry])
    return True


def merge_and_undo(world: "World", act: Act) -> bool:
    """M8: a merge and its undoing, with nothing between, leave both contacts as they were."""
    world.drain()
    into, absorbed = world.contact_of(act.who), world.contact_of(act.other)
    if into is None or absorbed is None or into == absorbed:
        return False
    try:
        before = describe_pair(world, into, absorbed)
    except REFUSALS:  # one of them went with an import that was undone
        return False
    finally:
        world.machine.conn.rollback()
    if not merge(world, act):
        return False
    world.drain()
    merges = world.rows("select id from merge where contact_id = %s and undone_at is null limit 1", absorbed)
    if merges:
        ask_undo(world, merges[0][0])
        world.drain()
        world.played.restored.append((before, describe_pair(world, into, absorbed)))
        world.machine.conn.rollback()
    return True


def describe_pair(world: "World", *contacts: int) -> list[Any]:
    """What two contacts are: their own addresses and identities, and what the consent ledger says of them."""
    from tertulia.actions.contacts import read_detail

    told: list[Any] = []
    for contact in contacts:
        detail = read_detail(world.machine.conn, world.workspace, contact)
        states = {str(target): state.given for target, state in detail.states.items()}
        identities = sorted(f"{row.ref} {row.unlinked_at}" for row in detail.identities)
        told.append((detail.contact.id, sorted(row.value for row in detail.addresses), identities, states))
    return told


def dismiss(world: "World", act: Act) -> bool:
    from tertulia.core.entries import DismissEntry

    one, other = world.contact_of(act.who), world.contact_of(act.other)
    if one is None or other is None or one == other:
        return False
    ask(world, [DismissEntry(one, other, "user:1", world.now)])
    return True


def erase(world: "World", act: Act) -> bool:
    from tertulia.actions.contacts import ask_erasure

    contact = world.contact_of(act.who)
    if contact is None:
        return False
    try:
        entries = ask_erasure(world.machine.conn, world.workspace, None, world.now, contact)
    except REFUSALS:
        return False
    finally:
        world.machine.conn.rollback()
    ask(world, entries)
    erased = {entry.contact_id for entry in entries}
    world.played.erased |= {label for label, known in world.played.contacts.items() if known in erased}
    return True


ACTS: Final[dict[str, Callable[["World", Act], bool]]] = {
    "import": import_customers,
    "opt_outs": import_opt_outs,
    "undo_import": undo_import,
    "launch": launch,
    "pause": pause,
    "resume": resume,
    "stop_match": stop_match,
    "pause_channel": pause_channel,
    "resume_channel": resume_channel,
    "withdraw": decide_consent,
    "grant": decide_consent,
    "merge": merge,
    "unmerge": unmerge,
    "there_and_back": merge_and_undo,
    "dismiss": dismiss,
    "erase": erase,
}
