"""Why a row of a file of past events is not taken, in the reader's language."""

from django.utils.translation import gettext

from tertulia.actions.source_words import explain_discard
from tertulia.core.country_names import name_country
from tertulia.core.past_reasons import PastReason, sentence_of_past
from tertulia.store.import_rows import Listing

LISTINGS = (Listing.REJECTED, Listing.DUPLICATE)
"""Which rows are listed: those that are taken are in the timelines."""


def explain_past(packed: str) -> str:
    """A stored reason as a sentence; empty for none."""
    if not packed:
        return ""
    sentence, params = sentence_of_past(packed)
    if packed.partition("?")[0] == PastReason.NOT_TAKEN:
        return explain_discard(params["code"])[0]
    if "country" in params:
        params = {**params, "country": name_country(params["country"])}
    return str(gettext(sentence) % params)
