"""A broadcast's form: read from its document, read from what was sent, and written into the document.

A box is a message of its own, a step of the document. What others wrote in the document and the form does not show
(hours, a step's deadline) stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import QueryDict

from tertulia.actions.problems import Problem
from tertulia.console.channels.form import read_decimal, write_number
from tertulia.core.guards import FOR_BROADCASTS
from tertulia.documents.broadcasts import BOXES_MAX
from tertulia.documents.edit import remove_part, replace_part, write_document
from tertulia.documents.lines import read_lines

SHOWN_OF_ENTRY: Final = ("kind", "segment", "channel", "at_launch", "on", "time", "clock")
ATTACHED: Final = ("video", "voice", "document", "gif")
SHOWN_OF_STEP: Final = (*("channels", "text", "template", "picture", *ATTACHED, "link", "buttons", "subject", "html"),)
SHOWN_OF_BOX: Final = (*("id", "text", "template", "picture", "attached", "attachment", "label", "to", "buttons"),)
WITHIN: Final = "3 d"
SPEED_PER: Final = "1 h"
CANARY_FOR: Final = "2 h"
BEST_WITHIN: Final = "24 h"
OTHERWISE: Final = "10:00"
FILLED_OF_BOX: Final = ("text", "template", "picture", "attachment", "label", "to", "buttons")
PARTS: Final = {
    "canary.share": "canary",
    "canary.for": "canary_for",
    "canary": "canary",
    "throttle.messages": "speed",
    "throttle.per": "speed_per",
    "budget": "budget",
    "goal.within": "within",
    "goal": "goal",
    "entries": "limit",
    "hold_out": "hold_out",
}
"""Which field of the form a part of the document is."""
WHEN: Final = ("now", "best", "date", "local")
WAYS: Final = 4  # channels of one broadcast, one after the other


@dataclass(frozen=True, slots=True)
class Box:
    """One message: a text, or the key of a template; perhaps a picture's address, or the `attachment`'s, which is
    `attached` as one of ATTACHED; a link, with its `label` and where it leads; buttons, one a line. `id`: the step's,
    empty of a new one."""

    id: str = ""
    text: str = ""
    template: str = ""
    picture: str = ""
    attached: str = ""
    attachment: str = ""
    label: str = ""
    to: str = ""
    buttons: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What the page asks. `audience`: `all`, `segment:KEY` or `reach:CHANNEL`; `when`: one of WHEN; of the
    customers' best hours `best_within` and `otherwise`; `subject` and `html`: an e-mail's, of the first box the
    HTML; `limit`: at most so many recipients, as it was typed; `hold_out`: the share of them who get nothing;
    `budget`: the most that all of it costs; `speed`: how many messages go out in `speed_per`; `canary`:
    the share to which it goes first, `canary_for` so long; `goal`: the event that it is for, `within` so long after the
    last message."""

    name: str = ""
    audience: str = ""
    channels: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = (Box(),)
    subject: str = ""
    html: str = ""
    when: str = "now"
    date: str = ""
    time: str = ""
    best_within: str = BEST_WITHIN
    otherwise: str = OTHERWISE
    class_: str = "marketing"
    limit: str = ""
    hold_out: str = ""
    budget: str = ""
    guarded: bool = True
    speed: str = ""
    speed_per: str = SPEED_PER
    canary: str = ""
    canary_for: str = CANARY_FOR
    goal: str = ""
    within: str = WITHIN


def read_form(sent: QueryDict) -> Form:
    """What was sent."""
    count = min(int(number) if (number := sent.get("boxes", "")).isdecimal() and len(number) < 4 else 1, BOXES_MAX)
    boxes = [Box(*(_read(sent, f"{name}.{n}") for name in SHOWN_OF_BOX)) for n in range(count)]
    channels = dict.fromkeys(name for name in sent.getlist("channels")[:WAYS] if name)
    names = (
        "name",
        "audience",
        "subject",
        "html",
        "date",
        "time",
        "limit",
        "hold_out",
        "budget",
        "goal",
        "within",
        "speed",
        "canary",
    )
    told = {name: _read(sent, name) for name in (*names, "best_within", "otherwise", "speed_per", "canary_for")}
    when = sent.get("when", "now")
    return Form(
        **told,
        channels=tuple(channels),
        boxes=tuple(boxes) or (Box(),),
        guarded="guarded" in sent,
        when=when if when in WHEN else "now",
        class_=sent.get("class", "marketing"),
    )


def change_boxes(form: Form, act: str, place: int) -> Form:
    """With a box more (`add`), or with one taken away (`drop`) or moved (`up`)."""
    boxes = list(form.boxes)
    if act == "add" and len(boxes) < BOXES_MAX:
        boxes.append(Box())
    elif act == "drop" and 0 <= place < len(boxes) > 1:
        del boxes[place]
    elif act == "up" and 0 < place < len(boxes):
        boxes[place - 1], boxes[place] = boxes[place], boxes[place - 1]
    return replace(form, boxes=tuple(boxes))


def list_wrong(form: Form, problems: Sequence[Problem]) -> dict[str, list[str]]:
    """What is wrong with what stands in a field, by its name (`box-0` of the first box); what is only missing is said
    where it can be launched."""
    boxes = [f"box-{n}" for n in range(len(form.boxes))]
    wrong: dict[str, list[str]] = {name: [] for name in (*boxes, *PARTS.values())}
    for problem in problems:
        head, _dot, rest = problem.field.partition(".")
        if head == "steps" and (n := rest.partition(".")[0]).isdecimal() and int(n) < len(form.boxes):
            if any(getattr(form.boxes[int(n)], name) for name in FILLED_OF_BOX):
                wrong[f"box-{n}"].append(problem.sentence)
        elif (name := PARTS.get(problem.field) or PARTS.get(head)) is not None and getattr(form, name):
            wrong[name].append(problem.sentence)
    return wrong


def show_document(text: str) -> Form:
    """A draft's document as the form has it. Raises BadDocument for what is no document, and TypeError for what has no
    fields."""
    value = read_value(text)
    entry, steps = _group(value.get("entry")), [_group(raw) for raw in _items(value.get("steps"))]
    first = steps[0] if steps else {}
    when = "date" if entry and not entry.get("at_launch") else "now"
    best = _group(first.get("best_hour"))
    when = "best" if when == "now" and best else when
    audience = f"segment:{entry['segment']}" if entry.get("segment") else ""
    audience = audience or (f"reach:{entry['channel']}" if entry.get("channel") else "all")
    return Form(
        name=str(value.get("name") or ""),
        audience=audience,
        channels=tuple(map(str, _items(first.get("channels")))),
        boxes=tuple(_show_step(raw) for raw in steps[:BOXES_MAX]) or (Box(),),
        subject=str(first.get("subject") or ""),
        html=str(first.get("html") or "").rstrip(),
        when="local" if when == "date" and entry.get("clock") == "customer" else when,
        date=str(entry.get("on") or ""),
        time=str(entry.get("time") or ""),
        best_within=str(best.get("within") or BEST_WITHIN),
        otherwise=str(best.get("otherwise") or OTHERWISE),
        class_=str(value.get("class") or "marketing"),
        limit=str(_group(value.get("entries")).get("total") or ""),
        hold_out=str(value.get("hold_out") or ""),
        guarded="guards" in value,
        speed=str(_group(value.get("throttle")).get("messages") or ""),
        speed_per=str(_group(value.get("throttle")).get("per") or SPEED_PER),
        canary=str(_group(value.get("canary")).get("share") or ""),
        canary_for=str(_group(value.get("canary")).get("for") or CANARY_FOR),
        budget=show_amount(_group(value.get("budget")).get("total")),
        goal=str(_group(value.get("goal")).get("event") or ""),
        within=str(_group(value.get("goal")).get("within") or WITHIN),
    )


def write_form(text: str, form: Form) -> str:
    """The document with what the form says; of no text a new one. Raises as `show_document`."""
    before = read_value(text) if text else {}
    parts = {
        "name": form.name,
        "kind": "broadcast",
        "entry": _write_entry(_group(before.get("entry")), form),
        "class": form.class_,
        "entries": _write_limit(_group(before.get("entries")), form),
        "hold_out": form.hold_out,
        "throttle": _write_throttle(form),
        "guards": (_group(before.get("guards")) or FOR_BROADCASTS) if form.guarded else {},
        "canary": {"share": form.canary, "for": form.canary_for} if form.canary else {},
        "budget": write_total(_group(before.get("budget")), form.budget),
        "goal": _write_goal(_group(before.get("goal")), form),
        "steps": _write_steps([_group(raw) for raw in _items(before.get("steps"))], form),
    }
    wanted = {name: part for name, part in parts.items() if part not in ({}, "")}
    if not text:
        return write_document({"name": form.name, **wanted})
    for name, part in wanted.items():
        if before.get(name) != part:
            text = replace_part(text, (name,), part)
    for name in parts.keys() - wanted.keys():
        if name in before:
            text = remove_part(text, (name,))
    return text


def read_value(text: str) -> dict[str, Any]:
    """The document's value. Raises BadDocument, and TypeError for what has no fields."""
    value = read_lines(text).value
    if not isinstance(value, dict):
        raise TypeError("no group of fields")
    return value


def _write_entry(before: Mapping[str, Any], form: Form) -> dict[str, Any]:
    kind, _colon, which = form.audience.partition(":")
    told: dict[str, Any] = {"kind": "audience"}
    if kind in ("segment", "reach") and which:
        told["segment" if kind == "segment" else "channel"] = which
    if form.when in ("now", "best"):
        told["at_launch"] = True
    else:
        told |= {name: value for name, value in (("on", form.date), ("time", form.time)) if value}
        told |= {"clock": "customer"} if form.when == "local" else {}
    return told | {name: value for name, value in before.items() if name not in SHOWN_OF_ENTRY}


def _write_limit(before: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """A limit that is no number stays a text, which the check refuses."""
    kept = {name: value for name, value in before.items() if name != "total"}
    if not form.limit:
        return kept
    return kept | {"total": int(form.limit) if form.limit.isdecimal() and len(form.limit) < 12 else form.limit}


def _write_throttle(form: Form) -> dict[str, Any]:
    """A number that is none stays a text, which the check refuses."""
    if not form.speed:
        return {}
    number = form.speed.isdecimal() and len(form.speed) < 12
    return {"messages": int(form.speed) if number else form.speed, "per": form.speed_per}


def write_total(before: Mapping[str, Any], typed: str) -> dict[str, Any]:
    """A budget with this amount in all. What is no number stays a text, which the check refuses."""
    kept = {name: value for name, value in before.items() if name != "total"}
    if not typed:
        return kept
    try:
        amount = read_decimal(typed)
    except ValueError:
        return kept | {"total": typed}
    assert amount is not None
    return kept | {"total": int(amount) if amount == amount.to_integral_value() else float(amount)}


def show_amount(value: Any) -> str:
    """An amount of a document as it is typed."""
    return write_number(value) if isinstance(value, int | float) else str(value or "")


def _write_goal(before: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """One of the form's own begins its window with the last message."""
    return {**(before or {"from": "send"}), "event": form.goal, "within": form.within} if form.goal else {}


def _write_steps(before: Sequence[Mapping[str, Any]], form: Form) -> list[dict[str, Any]]:
    known = {str(raw.get("id", "")): raw for raw in before}
    taken = {box.id for box in form.boxes}
    free = (name for n in range(1, 2 * BOXES_MAX + 1) if (name := f"box-{n}") not in taken)
    steps = []
    for place, box in enumerate(form.boxes):
        told = {
            "channels": list(form.channels),
            "template": box.template,
            "text": "" if box.template else box.text,
            "picture": box.picture,
            **{name: box.attachment if box.attached == name else "" for name in ATTACHED},
            "link": {"label": box.label, "to": box.to} if box.label or box.to else {},
            "buttons": [line.strip() for line in box.buttons.splitlines() if line.strip()],
            "subject": "" if box.template else form.subject,
            "html": "" if box.template or place else form.html,
        }
        kept = {name: value for name, value in known.get(box.id, {}).items() if name not in SHOWN_OF_STEP}
        if not place and form.when == "best":
            kept["best_hour"] = {"within": form.best_within, "otherwise": form.otherwise}
        elif not place and form.when == "now":
            kept.pop("best_hour", None)
        head = {"id": box.id or next(free), "kind": "message"}
        steps.append(head | {name: value for name, value in told.items() if value or name == "channels"} | kept | head)
    return steps


def _show_step(raw: Mapping[str, Any]) -> Box:
    told = {name: str(raw.get(name) or "").rstrip() for name in ("id", "text", "template", "picture")}
    told["attached"] = next((name for name in ATTACHED if raw.get(name)), "")
    told["attachment"] = str(raw.get(told["attached"]) or "")
    told |= {name: str(_group(raw.get("link")).get(name) or "") for name in ("label", "to")}
    return Box(**told, buttons="\n".join(map(str, _items(raw.get("buttons")))))


def _read(sent: QueryDict, name: str) -> str:
    return sent.get(name, "").replace("\r\n", "\n").replace("\0", "").strip()


def _group(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
