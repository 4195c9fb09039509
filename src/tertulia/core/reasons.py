"""Why a message was held, dropped or not sent, and why a contact is not matched: reason codes with their sentences.

Codes are stable: they stand in the ledger, the API and the conformance scenarios. Sentences are for people, in English
for gettext; they speak of one contact ("this customer") and name what to do where something can be done.
"""

from enum import StrEnum
from typing import Final


def gettext_noop(message: str) -> str:
    """Mark a sentence for the translators; it is translated where it is shown."""
    return message


class Reason(StrEnum):
    """Every reason, `area.what`."""

    PASSED = "passed"

    # gates, in their order
    RUN_STOPPED = "run.stopped"
    RUN_PAUSED = "run.paused"
    RUN_ENDED = "run.ended"
    CODE_OVER = "run.code_over"
    CONTACT_MERGED = "run.contact_merged"
    CONTACT_ERASED = "run.contact_erased"
    AUDIENCE_LEFT = "audience.left"
    NO_ADDRESS = "address.none"
    NOT_MOBILE = "address.not_mobile"
    ADDRESS_DEAD = "address.dead"
    TRUST_TOO_LOW = "trust.too_low"
    NO_CONSENT = "consent.none"
    WITHDRAWN = "consent.withdrawn"
    BLOCKED = "consent.blocked"
    SUPPRESSED_BOUNCED = "suppression.bounced"
    SUPPRESSED_COMPLAINED = "suppression.complained"
    SUPPRESSED_DEAD_NUMBER = "suppression.dead_number"
    SUPPRESSED_LEGAL = "suppression.legal"
    SUPPRESSED_MANUAL = "suppression.manual"
    SUPPRESSED_WITHDRAWN = "suppression.withdrawn"
    DEADLINE_PASSED = "deadline.passed"
    WINDOW_CLOSED = "window.closed"
    MUST_WRITE_FIRST = "window.must_write_first"
    COMMENT_REPLIED = "window.comment_replied"
    OUTSIDE_HOURS = "send_window.closed"
    NEVER_OPEN = "send_window.never"
    CAP_REACHED = "cap.reached"
    CHANNEL_STOPPED = "throttle.channel_stopped"
    THROTTLED = "throttle.rate"
    CANARY = "throttle.canary"
    BUDGET_SPENT = "budget.spent"
    MESSAGE_TOO_DEAR = "budget.too_dear"
    COUPONS_SPENT = "coupon.spent"
    TEMPLATE_ABORTED = "render.aborted"
    MISSING_VARIABLE = "render.missing"
    MISSING_SKIPPED = "render.missing_skipped"
    TEMPLATE_BROKEN = "render.broken"
    TOO_LONG = "render.too_long"
    HELD_OUT = "hold_out.journey"
    HELD_OUT_OF_ALL = "hold_out.workspace"

    # journeys
    NO_CHANNEL = "address.no_channel"
    WAIT_LATE = "wait.late"
    WAIT_OVERDUE = "wait.overdue"
    EXCEPTION = "run.exception"
    EXCEPTION_AFTER_HANDOVER = "run.exception_after_handover"
    EXIT_CONDITION = "run.exit_condition"
    RUN_RESTARTED = "run.restarted"
    RUN_CANCELLED = "run.cancelled"
    RUN_MOVED = "run.moved"
    RUN_BEGUN_AGAIN = "run.begun_again"
    ENTRY_PAUSED = "entry.paused"
    ENTRY_CLOSED = "entry.closed"
    NOT_STARTED = "entry.not_started"
    ENTRY_ENDED = "entry.ended"
    EXCEPTION_BEFORE = "entry.exception"
    LIVE_RUN = "entry.live_run"
    REENTRY_NEVER = "entry.once"
    REENTRY_SOON = "entry.too_soon"
    ENTRY_CAP = "entry.cap"
    NO_JOURNEY = "entry.no_journey"
    ENTRY_DEPTH = "entry.too_deep"
    ENTRY_LATE = "entry.late"
    ENTRY_AUDIENCE_LEFT = "entry.left_audience"

    # when a message goes out
    HOUR_OWN = "best_hour.own"
    HOUR_TYPICAL = "best_hour.typical"
    HOUR_STATED = "best_hour.default"

    # experiments
    WEIGHED = "split.weighed"

    # calls to the company's API
    CALL_DONE = "call.done"
    CALL_CONFIRMED = "call.confirmed"
    CALL_SETTLED = "call.settled"
    CALL_SETTLED_FAILED = "call.settled_failed"
    CALL_AGAIN = "call.again"
    CALL_REFUSED = "call.refused"
    CALL_REDIRECTED = "call.redirected"
    CALL_NOT_JSON = "call.not_json"
    CALL_UNEXPECTED = "call.unexpected"
    CALL_PATH_FAILED = "call.path_failed"
    CALL_TOO_LARGE = "call.too_large"
    CALL_BAD_PATH = "call.bad_path"
    CALL_PRIVATE_ADDRESS = "call.private_address"
    CALL_UNREACHABLE = "call.unreachable"
    CALL_BUSY = "call.busy"
    CALL_UNKNOWN = "call.unknown"
    CALL_ABSENT = "call.absent"
    CALL_STATUS_FAILED = "call.status_failed"
    CALL_WAITS = "call.waits"
    CALL_TOO_LATE = "call.too_late"
    CALL_NO_ENDPOINT = "call.no_endpoint"
    CALL_UNDER_WAY = "call.under_way"

    REPLY_MISSED = "reply.missed"
    REPLY_NOT_UNDERSTOOD = "reply.not_understood"
    REPLY_STOPPED = "reply.stopped"
    QUESTION_REPLACED = "reply.replaced"
    HANDED_OVER = "run.handed_over"

    # after the hand-over
    RETRIES_SPENT = "provider.retries_spent"
    REJECTED = "provider.rejected"
    UNREACHABLE = "provider.unreachable"
    OUTCOME_UNKNOWN = "provider.unknown"
    FOUND = "provider.found"
    NOT_FOUND = "provider.not_found"
    SAFE_RETRY = "provider.safe_retry"

    NO_RECEIPT = "receipt.none"
    LATE_RECEIPT = "receipt.late"
    ARRIVED_BEFORE = "receipt.came"

    # why a contact of a match is not matched
    NOT_SENT_YET = "match.not_sent_yet"
    NOT_DELIVERED = "match.not_delivered"
    NOT_CLICKED = "match.not_clicked"
    NOT_WRITTEN = "match.not_written"
    WROTE_WITHOUT_CODE = "match.wrote_without_code"
    POSSIBLE_FORWARD = "match.possible_forward"
    ELSEWHERE = "match.identity_elsewhere"
    AMBIGUOUS = "match.ambiguous"
    LINK_EXPIRED = "match.link_expired"


SENTENCES: Final = {
    Reason.PASSED: gettext_noop("Every gate was passed."),
    Reason.RUN_STOPPED: gettext_noop("The match was stopped before this customer's turn."),
    Reason.RUN_PAUSED: gettext_noop("The match or journey is paused; it goes on when you resume it."),
    Reason.RUN_ENDED: gettext_noop("The match, or the run of the journey, had ended."),
    Reason.CODE_OVER: gettext_noop(
        "The one-time code had been given or replaced, or went out on another way meanwhile."
    ),
    Reason.CONTACT_MERGED: gettext_noop("This contact was merged into another one."),
    Reason.CONTACT_ERASED: gettext_noop("This customer was erased."),
    Reason.AUDIENCE_LEFT: gettext_noop("This customer no longer belongs to the audience."),
    Reason.NO_ADDRESS: gettext_noop("There is no address or app of this customer on this channel."),
    Reason.NOT_MOBILE: gettext_noop("The number is not a mobile one and cannot receive an SMS."),
    Reason.ADDRESS_DEAD: gettext_noop("The provider said that nothing can arrive at this address any more."),
    Reason.TRUST_TOO_LOW: gettext_noop("The content is personal and this app is not yet verified as the customer's."),
    Reason.NO_CONSENT: gettext_noop("This customer has not agreed to messages of this kind."),
    Reason.WITHDRAWN: gettext_noop("This customer asked for no more messages of this kind."),
    Reason.BLOCKED: gettext_noop("This customer has blocked us in the app or at their operator."),
    Reason.SUPPRESSED_BOUNCED: gettext_noop("Earlier messages to this address came back."),
    Reason.SUPPRESSED_COMPLAINED: gettext_noop("This customer reported a message as unwanted."),
    Reason.SUPPRESSED_DEAD_NUMBER: gettext_noop("The number is not in use any more."),
    Reason.SUPPRESSED_LEGAL: gettext_noop("This address must not be written to, for a legal reason."),
    Reason.SUPPRESSED_MANUAL: gettext_noop(
        "Somebody in your team put this address on the list of those not to write to."
    ),
    Reason.SUPPRESSED_WITHDRAWN: gettext_noop("The address is on an opt-out list."),
    Reason.DEADLINE_PASSED: gettext_noop("The time until which the message makes sense had passed."),
    Reason.WINDOW_CLOSED: gettext_noop("The app lets us write only for a while after the customer's last message."),
    Reason.MUST_WRITE_FIRST: gettext_noop("In this app the customer must write first."),
    Reason.COMMENT_REPLIED: gettext_noop(
        "A comment is replied to once. More goes out when the customer answers in the app."
    ),
    Reason.OUTSIDE_HOURS: gettext_noop(
        "By this customer's clock it was outside the hours in which messages may go out."
    ),
    Reason.NEVER_OPEN: gettext_noop(
        "The hours in which messages may go out never come: the quiet hours and the journey's window do not meet."
        " Change one of them."
    ),
    Reason.CAP_REACHED: gettext_noop("This customer has had as many messages as a frequency cap allows."),
    Reason.CHANNEL_STOPPED: gettext_noop("The channel is stopped; look at its page for what is wrong."),
    Reason.THROTTLED: gettext_noop("The message waits for its turn at the speed that the journey's throttle allows."),
    Reason.CANARY: gettext_noop(
        "What is new goes to a share of the customers first; the message waits until it has gone well there."
    ),
    Reason.BUDGET_SPENT: gettext_noop(
        "The budget is spent; the message waits for the next day or month, or until you raise it."
    ),
    Reason.MESSAGE_TOO_DEAR: gettext_noop("The message costs more there than a budget allows for one message."),
    Reason.COUPONS_SPENT: gettext_noop("The pool of coupons has no code left; add some, and the message goes out."),
    Reason.TEMPLATE_ABORTED: gettext_noop("The template itself decided not to send."),
    Reason.MISSING_VARIABLE: gettext_noop("The template needs something that this customer does not have."),
    Reason.MISSING_SKIPPED: gettext_noop("The template skips customers who lack something it needs."),
    Reason.TEMPLATE_BROKEN: gettext_noop("The template failed for this customer."),
    Reason.TOO_LONG: gettext_noop("The text is longer than the channel takes."),
    Reason.HELD_OUT: gettext_noop(
        "This customer is in the journey's hold-out, which gets no messages so that their effect can be measured."
    ),
    Reason.HELD_OUT_OF_ALL: gettext_noop(
        "This customer is in the workspace's hold-out, which gets no marketing so that its effect can be measured."
    ),
    Reason.NO_CHANNEL: gettext_noop("No channel of this name or kind is connected."),
    Reason.WAIT_LATE: gettext_noop("The instant that the journey was to wait for had passed."),
    Reason.WAIT_OVERDUE: gettext_noop("It fell due while the journey was paused, and who resumed it let that pass."),
    Reason.EXCEPTION: gettext_noop("An event of this customer ended the journey at once."),
    Reason.EXCEPTION_AFTER_HANDOVER: gettext_noop(
        "The message had been handed over to the provider when an event ended the journey."
    ),
    Reason.EXIT_CONDITION: gettext_noop("The customer is what the journey ends for."),
    Reason.RUN_RESTARTED: gettext_noop("The journey began again with a newer event."),
    Reason.RUN_MOVED: gettext_noop("The journey was published anew, and the run goes on by the new revision."),
    Reason.RUN_BEGUN_AGAIN: gettext_noop("The journey was published anew, and the run began again by the new one."),
    Reason.RUN_CANCELLED: gettext_noop("Somebody in your team cancelled the journey."),
    Reason.ENTRY_PAUSED: gettext_noop("The journey was paused."),
    Reason.ENTRY_CLOSED: gettext_noop("Nobody enters this journey any more."),
    Reason.NOT_STARTED: gettext_noop("The journey had not started yet."),
    Reason.ENTRY_ENDED: gettext_noop("The journey had ended."),
    Reason.EXCEPTION_BEFORE: gettext_noop("An event that ends the journey had happened already."),
    Reason.LIVE_RUN: gettext_noop("This customer was in the journey already."),
    Reason.REENTRY_NEVER: gettext_noop("This customer had been in the journey, and everybody enters once."),
    Reason.REENTRY_SOON: gettext_noop("This customer had been in the journey too short a time before."),
    Reason.ENTRY_CAP: gettext_noop("As many had entered the journey as may, that day or in all."),
    Reason.NO_JOURNEY: gettext_noop("The journey to be started is not there, or is none that the API may start."),
    Reason.ENTRY_DEPTH: gettext_noop("Journeys had started each other three times already, so this one did not start."),
    Reason.ENTRY_LATE: gettext_noop("The time to begin was more than an hour past."),
    Reason.ENTRY_AUDIENCE_LEFT: gettext_noop(
        "When the customer's hour came, they were no longer among those who enter."
    ),
    Reason.HOUR_OWN: gettext_noop("It is the hour at which this customer most often opened, clicked or wrote."),
    Reason.HOUR_TYPICAL: gettext_noop(
        "Too little is known of this customer, so it is the hour at which most customers opened, clicked or wrote."
    ),
    Reason.HOUR_STATED: gettext_noop("Too little is known of when customers look, so it is the hour that is stated."),
    Reason.WEIGHED: gettext_noop("A bandit weighed the ways by what they had come to; a hash chose this one by that."),
    Reason.CALL_DONE: gettext_noop("Your API said that it worked."),
    Reason.CALL_CONFIRMED: gettext_noop("The answer was lost; asked again, your API said that it had worked."),
    Reason.CALL_SETTLED: gettext_noop("Nobody knew what came of the call; somebody in your team said that it worked."),
    Reason.CALL_SETTLED_FAILED: gettext_noop(
        "Nobody knew what came of the call; somebody in your team said that it did not work."
    ),
    Reason.CALL_AGAIN: gettext_noop("Somebody in your team asked for another try of the call."),
    Reason.CALL_REFUSED: gettext_noop("Your API refused the call; look at the endpoint's log."),
    Reason.CALL_REDIRECTED: gettext_noop("Your API answered with another address, and redirects are not followed."),
    Reason.CALL_NOT_JSON: gettext_noop("Your API answered with something that is no JSON, such as a web page."),
    Reason.CALL_UNEXPECTED: gettext_noop("Your API answered, and what the step expects of the answer does not hold."),
    Reason.CALL_PATH_FAILED: gettext_noop("A path of the step does not fit the answer of your API."),
    Reason.CALL_TOO_LARGE: gettext_noop("The call, its answer or what is to be saved of it is too large."),
    Reason.CALL_BAD_PATH: gettext_noop("The path that came out for this customer is no path of an address."),
    Reason.CALL_PRIVATE_ADDRESS: gettext_noop(
        "The endpoint's address leads into a private network; allow its host with ALLOW_PRIVATE_HOSTS."
    ),
    Reason.CALL_UNREACHABLE: gettext_noop("Your API could not be reached; nothing was sent."),
    Reason.CALL_BUSY: gettext_noop("Your API asked to be called again later."),
    Reason.CALL_UNKNOWN: gettext_noop("Your API did not say what came of the call."),
    Reason.CALL_ABSENT: gettext_noop("The answer was lost; asked again, your API said that no such call had come."),
    Reason.CALL_STATUS_FAILED: gettext_noop("The answer was lost; asked again, your API said that it had not worked."),
    Reason.CALL_WAITS: gettext_noop("Nobody knows what came of the call. Somebody in your team has to say it."),
    Reason.CALL_TOO_LATE: gettext_noop("The call had no outcome within the time that the step gives it."),
    Reason.CALL_NO_ENDPOINT: gettext_noop("There is no endpoint of this name any more."),
    Reason.CALL_UNDER_WAY: gettext_noop("The call was under way when the run went on without it or ended."),
    Reason.REPLY_MISSED: gettext_noop("No reply came in the time that the journey waits for one."),
    Reason.REPLY_NOT_UNDERSTOOD: gettext_noop("The replies were not what the question asks for, however often."),
    Reason.REPLY_STOPPED: gettext_noop("Instead of an answer the customer asked for no more messages."),
    Reason.QUESTION_REPLACED: gettext_noop(
        "A newer question went out on the same channel; a customer answers what they read last."
    ),
    Reason.HANDED_OVER: gettext_noop("The customer asked for a person, so the conversation waits for one of you."),
    Reason.RETRIES_SPENT: gettext_noop("The provider did not take the message after several attempts."),
    Reason.REJECTED: gettext_noop("The provider refused the message; look at the channel's log."),
    Reason.UNREACHABLE: gettext_noop("The provider says that this customer cannot be reached there."),
    Reason.OUTCOME_UNKNOWN: gettext_noop("The provider never said what became of the message; it is not sent again."),
    Reason.FOUND: gettext_noop("The provider's answer was lost; asked again, it said that it has the message."),
    Reason.NOT_FOUND: gettext_noop("The provider's answer was lost; asked again, it does not have the message."),
    Reason.SAFE_RETRY: gettext_noop(
        "The provider's answer was lost; it is asked again under the same key, so no second message can come of it."
    ),
    Reason.NO_RECEIPT: gettext_noop(
        "No receipt of its delivery came in the time that the step gives it, so the next channel was tried."
    ),
    Reason.LATE_RECEIPT: gettext_noop(
        "The receipt of its delivery came after the next channel had been tried, so the customer may have it twice."
    ),
    Reason.ARRIVED_BEFORE: gettext_noop("Meanwhile it was delivered on a channel that was tried before."),
    Reason.NOT_SENT_YET: gettext_noop("The message has not gone out yet."),
    Reason.NOT_DELIVERED: gettext_noop("The message was sent; no delivery has been reported."),
    Reason.NOT_CLICKED: gettext_noop("The message arrived; its link has not been opened."),
    Reason.NOT_WRITTEN: gettext_noop("The link was opened; no first message has come."),
    Reason.WROTE_WITHOUT_CODE: gettext_noop("A message came without the code, and nothing else says who wrote it."),
    Reason.POSSIBLE_FORWARD: gettext_noop("The link was used by somebody else, it seems; they were asked a question."),
    Reason.ELSEWHERE: gettext_noop("The app belongs to another contact already; see the merge suggestion."),
    Reason.AMBIGUOUS: gettext_noop("One message carried the codes of several customers."),
    Reason.LINK_EXPIRED: gettext_noop("The message came after the link had expired."),
}


def explain(reason: Reason) -> str:
    """The reason's English sentence, a message id for gettext."""
    return SENTENCES[reason]
