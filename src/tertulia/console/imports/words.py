"""The words of the import pages: fields, reasons, suggestions, states, each translated where it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tertulia.core.consent import Basis, Cause
from tertulia.core.country_names import name_country
from tertulia.core.import_fields import ATTRIBUTE, Field
from tertulia.core.import_reasons import sentence_of_reason, sentence_of_remedy, unpack_note
from tertulia.core.import_states import ImportState
from tertulia.store.import_rows import ListedRow

FIELDS: Mapping[str, Promise] = {
    Field.NAME.value: _("Name"),
    Field.SURNAME.value: _("Surname"),
    Field.FULL_NAME.value: _("Full name"),
    Field.PHONE.value: _("Phone"),
    Field.EMAIL.value: _("E-mail"),
    Field.ADDRESS.value: _("Phone or e-mail"),
    Field.COUNTRY.value: _("Country"),
    Field.LANGUAGE.value: _("Language"),
    Field.ZONE.value: _("Time zone"),
    Field.BIRTHDAY.value: _("Birthday"),
    Field.EXTERNAL_ID.value: _("Customer id"),
    Field.OPT_IN.value: _("Consent (yes or no)"),
    Field.TAGS.value: _("Tags"),
    Field.DATE.value: _("Date"),
    Field.CAUSE.value: _("Cause"),
}
BASES: Mapping[str, Promise] = {
    Basis.CONSENT.value: _("They agreed to offers"),
    Basis.CUSTOMER.value: _("Customers, bought before"),
    Basis.CONTRACT.value: _("Only what the service needs"),
    Basis.NONE.value: _("Not known: no consent is recorded"),
}
CAUSES: Mapping[str, Promise] = {
    Cause.WITHDRAWN.value: _("Withdrawn"),
    Cause.BOUNCED.value: _("Bounced"),
    Cause.COMPLAINED.value: _("Complained"),
    Cause.DEAD_NUMBER.value: _("Dead number"),
    Cause.LEGAL.value: _("Legal"),
    Cause.MANUAL.value: _("By hand"),
}
STATES: Mapping[str, tuple[Promise, str]] = {
    ImportState.UPLOADED.value: (_("Columns to choose"), "accent"),
    ImportState.CHECKING.value: (_("Checking"), "accent"),
    ImportState.CHECKED.value: (_("Checked, not imported"), "warn"),
    ImportState.APPLYING.value: (_("Importing"), "accent"),
    ImportState.DONE.value: (_("Imported"), "ok"),
    ImportState.UNDOING.value: (_("Undoing"), "accent"),
    ImportState.UNDONE.value: (_("Undone"), ""),
    ImportState.FAILED.value: (_("Stopped"), "danger"),
    ImportState.CANCELLED.value: (_("Cancelled"), ""),
}


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the file in the reader's language."""

    row: int
    field: str
    value: str
    reason: str
    suggestion: str
    takes: bool  # the suggestion can be taken
    contact_id: int | None


def show_row(row: ListedRow) -> ShownRow:
    """A listed row with its sentences."""
    takes = "value=" in row.suggestion or unpack_note(row.suggestion)[0] == "without_it"
    return ShownRow(
        row.row,
        ", ".join(show_field(field) for field in row.field.split(",") if field),
        row.value,
        show_reason(row.reason),
        show_remedy(row.suggestion),
        takes,
        row.contact_id if row.outcome not in ("rejected", "duplicate") else None,
    )


def show_reason(packed: str) -> str:
    """A stored reason as a sentence; empty for none."""
    if not packed:
        return ""
    if packed in CAUSES:
        return str(CAUSES[packed])
    sentence, params = sentence_of_reason(packed)
    return gettext(sentence) % _named(params)


def show_remedy(packed: str) -> str:
    """A stored suggestion as a sentence; empty for none."""
    if not packed:
        return ""
    sentence, params = sentence_of_remedy(packed)
    return gettext(sentence) % params


def show_field(target: str) -> str:
    """A column's target in words; an attribute by its own name."""
    plain = target.removeprefix(ATTRIBUTE)
    return str(FIELDS.get(plain, plain))


def _named(params: Mapping[str, str]) -> dict[str, str]:
    named = dict(params)
    if "country" in named:
        named["country"] = name_country(named["country"])
    if "cause" in named:
        named["cause"] = str(CAUSES.get(named["cause"], named["cause"])).lower()
    return named
