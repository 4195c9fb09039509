"""Why a tracking call, or one message of it, was not taken: what is wrong and what to do, by code.

The one place where these codes have words: the debugger and the API say them.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WARNINGS: Final = frozenset({"bad_timestamp", "privacy_request"})
"""Codes of messages that were taken all the same."""

WORDS: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "no_user_anon_id": (
        gettext_lazy("Neither userId nor anonymousId is set."),
        gettext_lazy("Send at least one of them with every message."),
    ),
    "id_not_string": (
        gettext_lazy("An id is neither a text nor a number."),
        gettext_lazy("Send userId, anonymousId, groupId and previousId as texts."),
    ),
    "id_too_long": (
        gettext_lazy("An id has more than 512 characters."),
        gettext_lazy("Send the id itself, not a token or an encoded object."),
    ),
    "event_not_defined": (
        gettext_lazy("A track message has no event name."),
        gettext_lazy("Put the name into “event”, such as “Order Completed”."),
    ),
    "event_not_string": (
        gettext_lazy("The event name is no text."),
        gettext_lazy("Send “event” as a text; put details into “properties”."),
    ),
    "properties_not_object": (
        gettext_lazy("“properties” is no object."),
        gettext_lazy("Send an object of names and values, or leave it out."),
    ),
    "traits_not_object": (
        gettext_lazy("“traits” is no object."),
        gettext_lazy("Send an object of names and values, or leave it out."),
    ),
    "name_not_string": (
        gettext_lazy("The name of the page or screen is no text."),
        gettext_lazy("Send “name” as a text, or leave it out."),
    ),
    "category_not_string": (
        gettext_lazy("The category of the page is no text."),
        gettext_lazy("Send “category” as a text, or leave it out."),
    ),
    "empty_batch": (
        gettext_lazy("The batch has no messages."),
        gettext_lazy("Nothing is lost. If it comes often, look at what fills the batch."),
    ),
    "source_disabled": (
        gettext_lazy("The source is disabled, so its events are not taken."),
        gettext_lazy("Enable it under Settings, or take its write key out of the site or app."),
    ),
    "unknown_type": (
        gettext_lazy("The message's type is none that is known."),
        gettext_lazy("Send identify, track, page, screen, group or alias."),
    ),
    "message_not_object": (
        gettext_lazy("A message is no object."),
        gettext_lazy("Every element of “batch” has to be an object."),
    ),
    "group_id_missing": (
        gettext_lazy("A group message has no groupId."),
        gettext_lazy("Send the id of the company or team as “groupId”."),
    ),
    "previous_id_missing": (
        gettext_lazy("An alias message has no previousId."),
        gettext_lazy("Send the former id as “previousId”, the new one as “userId”."),
    ),
    "message_too_large": (
        gettext_lazy("The message is larger than one message may be."),
        gettext_lazy("Send less in it: no pictures, no whole documents, fewer products."),
    ),
    "too_deep": (
        gettext_lazy("Objects and lists are nested too deep in the message."),
        gettext_lazy("Send flatter properties: names and values, and lists of such."),
    ),
    "batch_too_many": (
        gettext_lazy("The batch has more messages than one call may have; the rest was left out."),
        gettext_lazy("Send at most 2,500 messages in one call."),
    ),
    "not_written": (
        gettext_lazy("The database did not take the messages of this call, and would not take them again."),
        gettext_lazy("The fault is here, not in your code. The server's log names it: tell who runs the server."),
    ),
    "bad_timestamp": (
        gettext_lazy("The timestamp cannot be read. The event was taken with the time of its arrival."),
        gettext_lazy("Send ISO 8601 in UTC, such as 2026-03-01T09:14:00Z."),
    ),
    "invalid_json": (
        gettext_lazy("What came is no JSON object."),
        gettext_lazy("Send the body as JSON in UTF-8, compressed with gzip or not at all."),
    ),
    "payload_too_large": (
        gettext_lazy("The call is larger than one call may be. All of it was refused."),
        gettext_lazy("Send smaller batches."),
    ),
    "rate_limited": (
        gettext_lazy("Too many calls came at once. The caller was told to come again."),
        gettext_lazy("The tracking SDKs do so by themselves; your own code waits as long as Retry-After says."),
    ),
    "body_packed": (
        gettext_lazy("The webhook's body is compressed, so its signature cannot be compared."),
        gettext_lazy("Have it sent as it is."),
    ),
    "no_mapping": (
        gettext_lazy("A webhook came, and there is no mapping that says what it means."),
        gettext_lazy("Write one on the tab Mapping. The webhook is kept there as a sample to try it on."),
    ),
    "no_rule": (
        gettext_lazy("No rule of the mapping is for this webhook."),
        gettext_lazy("Write a rule for its topic, or add the topic to a rule with “do: nothing”."),
    ),
    "mapping_failed": (
        gettext_lazy("A path of the mapping does not fit this webhook, so its event was not made."),
        gettext_lazy("Try the mapping on the sample: it names the line and the field."),
    ),
    "list_too_long": (
        gettext_lazy("“each” leads to a list of more than 100 entries, so no event was made of them."),
        gettext_lazy("Have it sent in smaller pieces, or choose fewer entries in the path."),
    ),
    "bad_item": (
        gettext_lazy(
            "A catalog does not take this item: it has no id, too many or too long fields, or a bad field name."
        ),
        gettext_lazy(
            "Try the mapping on the sample; leave fields out, shorten them, or name them with letters, digits and _."
        ),
    ),
    "no_catalog": (
        gettext_lazy("A product came, and there is no catalog with this key, so it was not kept."),
        gettext_lazy("Make the catalog under Catalogs; the next webhook of the product is put into it."),
    ),
    "catalog_full": (
        gettext_lazy("All catalogs together have as many items as they may, so this new one was not kept."),
        gettext_lazy("Take out items that nothing shows any more."),
    ),
    "no_secret": (
        gettext_lazy("A webhook came, and there is no secret here to prove it with. It was refused."),
        gettext_lazy("Enter the signing secret on the tab Connect."),
    ),
    "no_signature": (
        gettext_lazy("A webhook came without a signature. It was refused."),
        gettext_lazy("Have the sender sign, or say on the tab Connect how it proves itself."),
    ),
    "bad_signature": (
        gettext_lazy("A webhook's signature is wrong. It was refused."),
        gettext_lazy("Enter the secret once more, as it stands at the sender. If nothing else calls, it was changed."),
    ),
    "too_old": (
        gettext_lazy("A webhook's signed time is too far from ours. It was refused."),
        gettext_lazy("Look at the sender's clock, or allow a longer time on the tab Connect."),
    ),
    "privacy_request": (
        gettext_lazy("A customer, or the shop, demands their data or its erasure."),
        gettext_lazy("Find the contact by the ids in what came, then export or erase it there."),
    ),
}


def explain_discard(code: str) -> tuple[str, str]:
    """What is wrong and what to do, in the reader's language; of a code without words the code itself."""
    if code not in WORDS:
        return _("Not taken: %(code)s") % {"code": code}, ""
    wrong, remedy = WORDS[code]
    return str(wrong), str(remedy)
