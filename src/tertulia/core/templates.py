"""Templates: what messages say, in several languages, kept apart from who gets it and when.

A `Template` is a document of its own, published as immutable revisions. A message of a journey names it by its key, and
is worded by the newest revision at the moment of its claim, so that a corrected word goes to everybody who waits for
the message; what one was made of is frozen on it (`Used`).

Which variant a customer reads is a matter of their language tag alone (`find_locale`): the very tag, then the tag
shortened part by part (`zh-Hant-TW`, `zh-Hant`, `zh`), then another variant of the language (`pt-BR` for `pt-AO`: the
wrong Portuguese is read, English may not be), then the default.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tertulia.core.journeys import Part
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.sending import Missing

VARIANTS_MAX: Final = 60
TEXTS: Final = ("text", "neutral", "subject", "html")
"""The fields of a variant, all of them Liquid."""


class Variant(Part, frozen=True, kw_only=True):
    """What customers of one language read. `neutral` takes the text's place where it is sensitive and the customer is
    not verified (M6); `subject` and `html` are an e-mail's."""

    text: Annotated[str, Meta(title=_("Text"), extra_json_schema={"x-widget": "template"})]
    neutral: Annotated[
        str,
        Meta(
            title=_("Neutral text"),
            description=_("Sent instead where the text is personal and the customer is not verified."),
            extra_json_schema={"x-widget": "template"},
        ),
    ] = ""
    subject: Annotated[str, Meta(title=_("Subject of an e-mail"))] = ""
    html: Annotated[
        str,
        Meta(
            title=_("HTML of an e-mail"),
            description=_("Beside the text, for who reads e-mails with pictures."),
            extra_json_schema={"x-widget": "template"},
        ),
    ] = ""


class Template(Part, frozen=True, kw_only=True):
    """The document. `default`: the tag of the variant for everybody whose language has none. `on_missing`: what a
    variable without a value does (S4)."""

    name: Annotated[str, Meta(title=_("Name"))]
    default: Annotated[str, Meta(title=_("Everybody else reads"))]
    variants: dict[str, Variant]
    on_missing: Annotated[Missing, Meta(title=_("Where a variable has no value"))] = "fail"
    note: Annotated[str, Meta(title=_("Note"), description=_("Seen by your team only."))] = ""


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """What decisions need of a published template: its newest revision."""

    key: str
    revision: int
    document: Template


class Used(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a message was made of; kept with it. `sensitive`: the marked attributes of that text (M6)."""

    key: str
    revision: int
    locale: str
    sensitive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """What a message says before it is rendered, wherever it was written. `template`, `revision` and `locale` where
    that is a template; `subject` and `html` are an e-mail's."""

    text: str
    neutral: str
    on_missing: str
    template: str = ""
    revision: int = 0
    locale: str = ""
    subject: str = ""
    html: str = ""

    def list_facts(self) -> Mapping[str, object]:
        """What the ledger says of it."""
        if not self.template:
            return {}
        return {"template": self.template, "revision": self.revision, "locale": self.locale}


def word(template: TemplateFacts, locale: str) -> Wording:
    """What customers of this language read, without the line's end that YAML puts after a long text: it would count as
    a character, and with it may begin another part of an SMS."""
    document = template.document
    tag = find_locale(document, locale)
    variant = document.variants[tag]
    told = (document.on_missing, template.key, template.revision, tag, variant.subject.strip(), variant.html)
    return Wording(variant.text.rstrip(), variant.neutral.rstrip(), *told)


def find_locale(document: Template, locale: str) -> str:
    """The tag of the variant for customers of this language; `locale` may be empty."""
    wanted = _fold(locale)
    tags = {_fold(tag): tag for tag in document.variants}
    for shorter in _iter_shorter(wanted):
        if shorter in tags:
            return tags[shorter]
    language = wanted.partition("-")[0]
    related = [tag for tag in (document.default, *document.variants) if _fold(tag).partition("-")[0] == language]
    return related[0] if related else document.default


def _iter_shorter(tag: str) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


def _fold(tag: str) -> str:
    return tag.strip().replace("_", "-").lower()
