"""Writes a cycle's effects, folded by kind: one statement each, in one order.

`write` groups the effects by type; each writer turns its group into columns. Where one cycle changes a row more than
once, the group is folded in Python first, because one statement touches a row only once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from tertulia.core import call_effects as cx
from tertulia.core import coupon_effects as ux
from tertulia.core import effects as fx
from tertulia.core import event_effects as ev
from tertulia.core import run_effects as rx
from tertulia.core import segment_effects as gx
from tertulia.core import slot_effects as sx
from tertulia.core import talk_effects as tx
from tertulia.core.best_hours import MOMENTS_IN, list_moments
from tertulia.core.entries import shard_of_address, shard_of_identity, shard_of_reference
from tertulia.core.events import USER
from tertulia.core.otp_effects import SetOtp
from tertulia.errors import Conflict
from tertulia.ids import place_of_delivery, shard_of_contact
from tertulia.store.allowances import BUDGET_WRITERS
from tertulia.store.calls import end_calls, queue_calls, set_calls
from tertulia.store.clicks import mint_message_links, store_clicks
from tertulia.store.coupons import COUPON_WRITERS, settle_returns
from tertulia.store.db import Conn, fetch_all, load, run
from tertulia.store.entry_effects import ENTRY_WRITERS
from tertulia.store.erasing import erase
from tertulia.store.event_effects import (
    change_contacts,
    join_groups,
    list_users,
    settle_switches,
    store_events,
    touch_contacts,
    write_groups,
)
from tertulia.store.moments import note_moments
from tertulia.store.otp import set_otps
from tertulia.store.run_effects import end_runs, note_passages, set_runs, settle_runs, tally_steps
from tertulia.store.segments import move_members
from tertulia.store.sending import ask_providers
from tertulia.store.sessions import set_sessions
from tertulia.store.slots import move_slots, release_slots, set_slots, settle_releases, wake_held
from tertulia.store.talks import close_conversations, hand_over_conversations, reopen_conversations, touch_conversations
from tertulia.store.verdicts import advance_deliveries, close_deliveries, join_advances

Columns = dict[str, list[Any]]


def write(conn: Conn, effects: Sequence[fx.Effect], now: datetime) -> list[fx.Forward]:
    """Write everything; the entries to forward come back for the log's writer, those that waited for a reference
    among them. Raises Conflict when another owner was first with an identity: the cycle is done again on fresh facts.
    """
    groups: dict[type, list[Any]] = defaultdict(list)
    for effect in effects:
        groups[type(effect)].append(effect)
    moments = list_moments(e for kind in MOMENTS_IN for e in groups.get(kind, ()))
    _settle_links(groups, effects)
    linked = {(e.workspace, e.identity) for e in groups.get(fx.LinkIdentity, ())}
    if fx.RouteIdentity in groups:
        groups[fx.RouteIdentity] = [e for e in groups[fx.RouteIdentity] if (e.workspace, e.identity) not in linked]
    groups[fx.TouchIdentity], groups[fx.LinkIdentity] = _join_touches(groups)
    groups[fx.CloseDelivery], groups[fx.AdvanceDelivery] = join_advances(
        groups.get(fx.CloseDelivery, ()), groups.get(fx.AdvanceDelivery, ())
    )
    if sx.ReleaseSlot in groups:
        groups[sx.ReleaseSlot] = settle_releases(groups[sx.ReleaseSlot], groups.get(sx.MoveSlot, ()))
    if ux.ReturnCoupon in groups:
        groups[ux.ReturnCoupon] = settle_returns(groups[ux.ReturnCoupon], groups.get(ux.MoveCoupon, ()))
    if rx.SetRun in groups:
        groups[rx.SetRun] = settle_runs(groups[rx.SetRun], groups.get(rx.EndRun, ()))
    for kind, writer in _WRITERS.items():
        if group := groups.get(kind):
            writer(conn, group)
    note_moments(conn, moments)
    forwards: list[fx.Forward] = groups.get(fx.Forward, [])
    return forwards


def _settle_links(groups: dict[type, list[Any]], effects: Sequence[fx.Effect]) -> None:
    if fx.UnlinkIdentity in groups and fx.LinkIdentity in groups:
        settled = settle_switches([e for e in effects if isinstance(e, fx.LinkIdentity | fx.UnlinkIdentity)])
        for kind in (fx.UnlinkIdentity, fx.LinkIdentity):
            groups[kind] = [e for e in settled if isinstance(e, kind)]


def _join_touches(groups: Mapping[type, list[Any]]) -> tuple[list[Any], list[Any]]:
    """What a cycle says of an identity that it links goes into the link's own row."""
    links = groups.get(fx.LinkIdentity, [])
    fresh = {(e.contact_id, e.identity): e for e in links}
    touches = {(e.contact_id, e.identity): e for e in groups.get(fx.TouchIdentity, [])}
    joined = [
        replace(
            e,
            name=touch.name,
            username=touch.username,
            trust=touch.trust,
            window_until=touch.window_until,
            signal=touch.signal,
            reply_token=touch.reply_token,
        )
        if (touch := touches.get(key)) is not None
        else e
        for key, e in fresh.items()
    ]
    return [e for key, e in touches.items() if key not in fresh], joined


def execute(conn: Conn, query: str, columns: Columns) -> int:
    """One statement over columns; the number of rows touched."""
    return run(conn, load("effects")[query], columns)


def columns(group: Sequence[Any], *names: str, **computed: Callable[[Any], Any]) -> Columns:
    """Columns of a group of effects: attributes by name, others computed. `class_` becomes `class`."""
    made: Columns = {name.rstrip("_"): [getattr(e, name) for e in group] for name in names}
    made.update({name: [compute(e) for e in group] for name, compute in computed.items()})
    return made


def _json(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def _home(e: Any) -> int:
    return shard_of_contact(e.contact_id)


def _identity_columns(group: Sequence[Any]) -> Columns:
    return {
        "kind": [e.identity.kind for e in group],
        "scope": [e.identity.scope for e in group],
        "value": [e.identity.value for e in group],
    }


def _identity_home(e: Any) -> int:
    return shard_of_identity(e.workspace, e.identity)


def _last(group: Iterable[Any], key: Callable[[Any], Any]) -> list[Any]:
    return list({key(e): e for e in group}.values())


def _create_contacts(conn: Conn, group: list[fx.CreateContact]) -> None:
    cols = columns(group, "workspace", "name", "locale", "country", "source", "at", "active_at")
    cols |= {"shard": [_home(e) for e in group], "id": [e.contact_id for e in group]}
    cols["search"] = [e.name.casefold() for e in group]
    execute(conn, "create_contacts", cols)


def _add_addresses(conn: Conn, group: list[fx.AddAddress]) -> None:
    names = ("contact_id", "kind", "value", "canonical", "workspace", "line_type", "country", "sms", "source", "at")
    execute(conn, "add_addresses", columns(group, *names, shard=_home))
    keys = columns(
        *(group, "workspace", "kind", "canonical", "contact_id"),
        shard=lambda e: shard_of_address(e.workspace, e.kind, e.canonical),
    )
    execute(conn, "add_address_keys", keys)
    _extend_search(conn, [(e.contact_id, e.value.casefold(), None) for e in group])


def _extend_search(conn: Conn, words: Sequence[tuple[int, str, datetime | None]]) -> None:
    by_contact: dict[int, list[str]] = defaultdict(list)
    for contact_id, word, _ in words:
        if word:
            by_contact[contact_id].append(word)
    active = {contact_id: at for contact_id, _, at in words}
    if by_contact:
        execute(
            conn,
            "extend_search",
            {
                "shard": [shard_of_contact(contact_id) for contact_id in by_contact],
                "id": list(by_contact),
                "words": [" ".join(dict.fromkeys(found)) for found in by_contact.values()],
                "at": [active[contact_id] for contact_id in by_contact],
            },
        )


def _route_identities(conn: Conn, group: list[fx.RouteIdentity]) -> None:
    rows = _last(group, lambda e: (e.workspace, e.identity))
    cols = columns(rows, "workspace", "at", shard=_identity_home, route=lambda e: e.shard) | _identity_columns(rows)
    execute(conn, "route_identities", cols)


def _link_identities(conn: Conn, group: list[fx.LinkIdentity]) -> None:
    rows = _last(group, lambda e: (e.workspace, e.identity))
    cols = columns(
        rows, "workspace", "contact_id", "at", shard=_identity_home, route=_home, trust=lambda e: int(e.trust)
    )
    if execute(conn, "link_identities", cols | _identity_columns(rows)) != len(rows):
        raise Conflict("Another owner linked an identity first; the cycle is done again.")
    names = ("contact_id", "workspace", "channel_id", "name", "username", "at", "window_until", "signal", "reply_token")
    linked = columns(group, *names, shard=_home, trust=lambda e: int(e.trust), evidence=lambda e: _json(e.evidence))
    execute(conn, "add_linked", linked | _identity_columns(group))
    _extend_search(conn, [(e.contact_id, _words_of(e), e.at if e.channel_id else None) for e in group])
    _touch_contacts(conn, [e for e in group if e.channel_id])
    list_users(conn, [e for e in group if e.identity.kind == USER])


def _words_of(e: fx.LinkIdentity) -> str:
    """What an identity is found by; nobody looks for a device's."""
    value = "" if e.identity.kind == "anonymous_id" else e.identity.value
    return " ".join((e.name, e.username, value)).strip().casefold()


def _unlink_identities(conn: Conn, group: list[fx.UnlinkIdentity]) -> None:
    cols = columns(group, "workspace", "contact_id", shard=_identity_home) | _identity_columns(group)
    execute(conn, "unlink_identities", cols)
    execute(conn, "end_linked", columns(group, "contact_id", "at", shard=_home) | _identity_columns(group))


def _touch_identities(conn: Conn, group: list[fx.TouchIdentity]) -> None:
    rows = _last(group, lambda e: (e.contact_id, e.identity))
    names = ("contact_id", "name", "username", "window_until", "signal", "reply_token")
    execute(
        conn,
        "touch_linked",
        columns(rows, *names, shard=_home, trust=lambda e: int(e.trust)) | _identity_columns(rows),
    )
    _touch_contacts(conn, rows)


def _touch_contacts(conn: Conn, group: Iterable[Any]) -> None:
    contacts = _last(group, lambda e: e.contact_id)
    execute(conn, "touch_contacts", columns(contacts, "at", shard=_home, id=lambda e: e.contact_id))


def _record_consents(conn: Conn, group: list[fx.RecordConsent]) -> None:
    names = ("contact_id", "id", "workspace", "address", "channel", "topic", "state", "source", "text_version")
    cols = columns(group, *names, "actor", "at", shard=_home, evidence=lambda e: _json(e.evidence))
    execute(conn, "record_consents", cols)


def _suppress(conn: Conn, group: list[fx.Suppress]) -> None:
    rows = _last(group, lambda e: (e.workspace, e.kind, e.canonical, e.cause, e.channel))
    names = ("workspace", "kind", "canonical", "cause", "channel", "source", "at")
    cols = columns(
        *(rows, *names),
        shard=lambda e: shard_of_address(e.workspace, e.kind, e.canonical),
        evidence=lambda e: _json(e.evidence),
    )
    execute(conn, "suppress", cols)


def _lift_suppressions(conn: Conn, group: list[fx.LiftSuppression]) -> None:
    names = ("workspace", "kind", "canonical", "cause", "channel", "at")
    cols = columns(group, *names, shard=lambda e: shard_of_address(e.workspace, e.kind, e.canonical))
    execute(conn, "lift_suppressions", cols)


def _mark_dead(conn: Conn, group: list[fx.MarkAddressDead]) -> None:
    rows = _last(group, lambda e: (e.contact_id, e.kind, e.value))
    execute(conn, "mark_dead", columns(rows, "contact_id", "kind", "value", "code", "at", shard=_home))


def _open_conversations(conn: Conn, group: list[tx.OpenConversation]) -> None:
    names = ("id", "workspace", "contact_id", "channel_id", "at")
    execute(conn, "open_conversations", columns(group, *names, shard=_home))


def _set_questions(conn: Conn, group: list[tx.SetQuestion]) -> None:
    rows = _last(group, lambda e: e.conversation_id)
    cols = columns(rows, shard=_home, id=lambda e: e.conversation_id, question=lambda e: _json(e.question))
    execute(conn, "set_questions", cols)


def _store_messages(conn: Conn, group: list[tx.StoreMessage]) -> None:
    names = ("channel_id", "direction", "provider_id", "workspace", "contact_id", "conversation_id", "form", "text")
    cols = columns(
        group, *names, "provider_at", "provider_seq", "arrived_at", shard=_home, facts=lambda e: _json(e.facts)
    )
    cols |= {f"identity_{name}": values for name, values in _identity_columns(group).items()}
    execute(conn, "store_messages", cols)
    rows = _last(group, lambda e: e.conversation_id)
    touched = columns(rows, shard=_home, id=lambda e: e.conversation_id, at=lambda e: e.arrived_at)
    execute(conn, "touch_conversations", touched)


def _bind_links(conn: Conn, group: list[fx.BindLink]) -> None:
    execute(conn, "bind_links", columns(group, "code_hash", "at", shard=_home) | _identity_columns(group))


def _mint_links(conn: Conn, group: list[fx.MintLink]) -> None:
    names = ("code_hash", "workspace", "contact_id", "match_id", "attempt", "at", "expires_at")
    execute(conn, "mint_links", columns(group, *names, shard=_home))


_STEPS = ("sent", "delivered", "clicked", "wrote", "matched")
_APP_STEPS = ("clicked", "wrote", "matched")


def _advance_progress(conn: Conn, group: list[fx.Progress]) -> None:
    """A funnel's later step implies the ones before it where nobody saw them (a link forwarded by hand, a receipt
    that never came): the instants are only ever set, so counts of a later step never pass those of an earlier one."""
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    apps: dict[tuple[int, int, str], dict[str, Any]] = {}
    for e in group:
        row = rows.setdefault((e.match_id, e.contact_id), {"cost": 0, "currency": "", "forwarded": False})
        row["cost"] += e.cost_micros
        row["currency"] = e.currency or row["currency"]
        row["forwarded"] = row["forwarded"] or e.forwarded
        row["state"] = e.state
        for name in ("stage", "reason", "direct"):
            if getattr(e, name) is not None:
                row[name] = getattr(e, name)
        if e.step in _STEPS:
            row.setdefault(f"{e.step}_at", e.at)
        if e.step == "matched":
            row.setdefault("matched_app", e.app)
        if e.app and e.step in _APP_STEPS:
            app = apps.setdefault((e.match_id, e.contact_id, e.app), {"workspace": e.workspace})
            app.setdefault(f"{e.step}_at", e.at)
    keys = list(rows)
    cols: Columns = {
        "shard": [shard_of_contact(contact_id) for _, contact_id in keys],
        "match_id": [match_id for match_id, _ in keys],
        "contact_id": [contact_id for _, contact_id in keys],
    }
    names = ("stage", "state", "reason", "direct", "cost", "currency", *(f"{step}_at" for step in _STEPS), "forwarded")
    cols |= {name: [rows[key].get(name) for key in keys] for name in names}
    cols["matched_app"] = [rows[key].get("matched_app", "") for key in keys]
    execute(conn, "advance_progress", cols)
    if apps:
        places = list(apps)
        made: Columns = {
            "shard": [shard_of_contact(contact_id) for _, contact_id, _ in places],
            "match_id": [match_id for match_id, _, _ in places],
            "contact_id": [contact_id for _, contact_id, _ in places],
            "app": [app for _, _, app in places],
            "workspace": [apps[key]["workspace"] for key in places],
        }
        made |= {f"{step}_at": [apps[key].get(f"{step}_at") for key in places] for step in _APP_STEPS}
        execute(conn, "advance_apps", made)


def _suggest_merges(conn: Conn, group: list[fx.SuggestMerge]) -> None:
    """A suggestion stands at both contacts, so that either page finds it in its own shard."""
    both = [*group, *(replace(e, contact_id=e.other_id, other_id=e.contact_id) for e in group)]
    rows = _last(both, lambda e: (e.contact_id, e.other_id, e.rule))
    names = ("contact_id", "other_id", "rule", "workspace", "at")
    execute(conn, "suggest_merges", columns(rows, *names, shard=_home, evidence=lambda e: _json(e.evidence)))


def _settle_suggestions(conn: Conn, group: list[fx.SettleSuggestion]) -> None:
    both = [*group, *(replace(e, contact_id=e.other_id, other_id=e.contact_id) for e in group)]
    execute(conn, "settle_suggestions", columns(both, "contact_id", "other_id", "state", "actor", shard=_home))


def _merge_contacts(conn: Conn, group: list[fx.MergeContact]) -> None:
    names = ("id", "workspace", "contact_id", "into_id", "actor", "at")
    execute(conn, "record_merges", columns(group, *names, shard=_home, evidence=lambda e: _json(e.evidence)))
    execute(conn, "redirect_contacts", columns(group, "contact_id", "into_id", "at", shard=_home))


def _record_absorptions(conn: Conn, group: list[fx.RecordAbsorption]) -> None:
    made = [e for e in group if not e.undone]
    cols = columns(made, "id", "workspace", "actor", "at", shard=_home, contact_id=lambda e: e.absorbed_id)
    cols |= {"into_id": [e.contact_id for e in made], "evidence": ["{}"] * len(made)}
    execute(conn, "record_merges", cols)
    execute(conn, "undo_merges", columns([e for e in group if e.undone], "id", "actor", "at", shard=_home))


def _undo_merges(conn: Conn, group: list[fx.UndoMerge]) -> None:
    execute(conn, "undo_merges", columns(group, "id", "actor", "at", shard=_home))
    execute(conn, "redirect_contacts", columns(group, "contact_id", "at", shard=_home, into_id=lambda e: None))


def _queue_deliveries(conn: Conn, group: list[fx.QueueDelivery]) -> None:
    names = ("id", "workspace", "contact_id", "channel_id", "match_id", "stage", "class_", "lane", "to_kind")
    more = ("to_value", "identity_scope", "cause", "not_before", "deadline", "at", "journey_id", "run_id", "step")
    cols = columns(group, *names, *more, shard=_home, content=lambda e: _json(e.content))
    cols["day"] = [place_of_delivery(e.id)[1] for e in group]
    execute(conn, "queue_deliveries", cols)


def _set_open_states(conn: Conn, group: list[fx.SetOpenState]) -> None:
    rows = _last(group, lambda e: e.id)
    names = ("id", "state", "attempt", "not_before", "held_by")
    execute(conn, "set_open_states", columns(rows, *names, shard=_home, content=lambda e: _json(e.content)))


def _decide(conn: Conn, group: list[fx.Decide]) -> None:
    names = ("id", "workspace", "contact_id", "match_id", "delivery_id", "at", "outcome", "gate", "reason", "epoch")
    cols = columns(group, *names, "journey_id", "run_id", "step", shard=_home, facts=lambda e: _json(e.facts))
    cols["day"] = [e.at.date() for e in group]
    execute(conn, "decide", cols)


def _fault_channels(conn: Conn, group: list[fx.FaultChannel]) -> None:
    rows = _last(group, lambda e: e.channel_id)
    execute(conn, "fault_channels", columns(rows, "sentence", id=lambda e: e.channel_id))


def refer(conn: Conn, group: Sequence[fx.ReferTo], now: datetime) -> list[tuple[int, Any, list[Any]]]:
    """Write where providers' ids lead; what waited there comes back as (workspace, delivery id, payloads)."""
    rows = _last(group, lambda e: (e.channel_id, e.provider_id))
    if not rows:
        return []
    args = {
        "shards": [shard_of_reference(e.workspace, e.channel_id, e.provider_id) for e in rows],
        "channels": [e.channel_id for e in rows],
        "ids": [e.provider_id for e in rows],
        "workspaces": [e.workspace for e in rows],
        "deliveries": [e.delivery_id for e in rows],
        "now": now,
    }
    found = fetch_all(conn, load("world")["refer"], args)
    return [(workspace, delivery_id, waiting) for workspace, _, _, delivery_id, waiting in found if waiting]


def tally(conn: Conn, tallies: Mapping[tuple[int, int, int], Sequence[int]]) -> None:
    """Per (shard, channel, workspace): processed, of them duplicates, parked (I3)."""
    if tallies:
        keys = list(tallies)
        cols: Columns = {
            "shard": [key[0] for key in keys],
            "channel_id": [key[1] for key in keys],
            "workspace": [key[2] for key in keys],
        }
        cols |= {
            name: [tallies[key][n] for key in keys] for n, name in enumerate(("processed", "duplicates", "parked"))
        }
        execute(conn, "tally", cols)


_WRITERS: dict[type, Callable[[Conn, list[Any]], None]] = {
    fx.CreateContact: _create_contacts,
    ev.ChangeContact: change_contacts,
    fx.AddAddress: _add_addresses,
    fx.RouteIdentity: _route_identities,
    fx.UnlinkIdentity: _unlink_identities,
    fx.LinkIdentity: _link_identities,
    fx.TouchIdentity: _touch_identities,
    ev.TouchContact: touch_contacts,
    fx.RecordConsent: _record_consents,
    fx.Suppress: _suppress,
    fx.LiftSuppression: _lift_suppressions,
    fx.MarkAddressDead: _mark_dead,
    tx.OpenConversation: _open_conversations,
    tx.SetQuestion: _set_questions,
    tx.HandOver: hand_over_conversations,
    tx.CloseConversation: close_conversations,
    tx.ReopenConversations: reopen_conversations,
    tx.TouchConversation: touch_conversations,
    tx.StoreMessage: _store_messages,
    ev.StoreEvent: store_events,
    ev.WriteGroup: write_groups,
    ev.JoinGroup: join_groups,
    ev.SetSession: set_sessions,
    rx.SetRun: set_runs,
    rx.EndRun: end_runs,
    rx.TallyStep: tally_steps,
    rx.NotePassage: note_passages,
    SetOtp: set_otps,
    cx.QueueCall: queue_calls,
    cx.SetCall: set_calls,
    cx.EndCall: end_calls,
    **ENTRY_WRITERS,
    gx.MoveMember: move_members,
    fx.MintLink: _mint_links,
    fx.BindLink: _bind_links,
    fx.MintMessageLink: mint_message_links,
    fx.StoreClick: store_clicks,
    fx.SuggestMerge: _suggest_merges,
    fx.SettleSuggestion: _settle_suggestions,
    fx.MergeContact: _merge_contacts,
    fx.RecordAbsorption: _record_absorptions,
    fx.UndoMerge: _undo_merges,
    fx.QueueDelivery: _queue_deliveries,
    fx.SetOpenState: _set_open_states,
    **COUPON_WRITERS,
    **BUDGET_WRITERS,
    sx.ReleaseSlot: release_slots,
    sx.MoveSlot: move_slots,
    sx.SetSlot: set_slots,
    sx.WakeHeld: wake_held,
    fx.AskProvider: ask_providers,
    fx.CloseDelivery: close_deliveries,
    fx.AdvanceDelivery: advance_deliveries,
    fx.Progress: _advance_progress,
    fx.Decide: _decide,
    fx.FaultChannel: _fault_channels,
    fx.Erase: erase,
}
