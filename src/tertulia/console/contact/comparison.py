"""Two contacts side by side: what a merge keeps, and every conflict that the rules found (M8)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tertulia.actions.contacts import Detail
from tertulia.console.contact.person import name_person
from tertulia.console.contact.words import TOPICS
from tertulia.console.tags import CHANNEL_MARKS, format_phone
from tertulia.core.consent import ConsentState, Given
from tertulia.core.merge import ConsentConflict, ConversationConflict, FieldConflict, Preview, UserIdConflict

FIELDS = {"name": gettext_lazy("Name"), "surname": gettext_lazy("Surname"), "locale": gettext_lazy("Language")}


@dataclass(frozen=True, slots=True)
class Line:
    """One fact of both. ``differs`` when they disagree; ``holds`` is what the merged contact says."""

    name: str
    kept: str
    absorbed: str
    holds: str
    differs: bool


def compare(kept: Detail, absorbed: Detail, preview: Preview) -> list[Line]:
    """What both have, then every conflict."""
    return [
        Line(_("Contact"), name_person(kept.contact), name_person(absorbed.contact), name_person(kept.contact), False),
        Line(_("Addresses"), *_join(_addresses(kept), _addresses(absorbed)), False),
        Line(_("Apps"), *_join(_apps(kept), _apps(absorbed)), False),
        *(describe_conflict(conflict) for conflict in preview.conflicts),
    ]


def describe_conflict(
    conflict: FieldConflict | ConsentConflict | ConversationConflict | UserIdConflict,
) -> Line:
    """One conflict with what will hold."""
    match conflict:
        case FieldConflict(field, root, absorbed, kept):
            return Line(str(FIELDS.get(field, field)), root, absorbed, kept, True)
        case ConsentConflict(target, root, absorbed, holds):
            said = {
                "topic": TOPICS.get(target.topic, target.topic),
                "app": CHANNEL_MARKS.get(target.channel, ("", target.channel))[1],
            }
            name = _("%(topic)s on %(app)s") % said
            return Line(name, _say(root), _say(absorbed), _say(holds), True)
        case ConversationConflict():
            return Line(_("Open conversation"), _("one"), _("another"), _("the older one stays open"), True)
        case UserIdConflict(root, absorbed):
            both = sorted({*root, *absorbed})
            return Line(_("Own id"), ", ".join(root), ", ".join(absorbed), ", ".join(both), True)


def _say(state: ConsentState) -> str:
    if state.blocked_by is not None:
        return _("blocked us")
    words = {Given.GRANTED: _("agreed to"), Given.WITHDRAWN: _("refused")}
    return words.get(state.given, _("never asked")) if state.given else _("never asked")


def _addresses(person: Detail) -> list[str]:
    return [format_phone(row.value) if row.kind == "phone" else row.value for row in person.addresses]


def _apps(person: Detail) -> list[str]:
    linked = [row.ref.kind for row in person.identities if row.unlinked_at is None]
    return [CHANNEL_MARKS.get(kind, ("", kind))[1] for kind in dict.fromkeys(linked)]


def _join(mine: list[str], theirs: list[str]) -> tuple[str, str, str]:
    return ", ".join(mine), ", ".join(theirs), ", ".join(dict.fromkeys([*mine, *theirs]))
