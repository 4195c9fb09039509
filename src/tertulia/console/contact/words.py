"""Words for codes: gates, reasons, topics, sources of consent."""

from django.utils.translation import gettext_lazy

GATE_NAMES = {
    "entry": gettext_lazy("Entry"),
    "run": gettext_lazy("Match or journey was live"),
    "audience": gettext_lazy("In the audience"),
    "address": gettext_lazy("Address present"),
    "trust": gettext_lazy("Trust"),
    "consent": gettext_lazy("Consent"),
    "country": gettext_lazy("Country rules"),
    "suppression": gettext_lazy("Not suppressed"),
    "deadline": gettext_lazy("Deadline"),
    "platform_window": gettext_lazy("The app's window"),
    "send_window": gettext_lazy("Send window"),
    "cap": gettext_lazy("Frequency cap"),
    "throttle": gettext_lazy("Speed and budget"),
    "coupon": gettext_lazy("Coupons"),
    "render": gettext_lazy("Content"),
    "hold_out": gettext_lazy("Not in the hold-out"),
    "provider": gettext_lazy("Provider"),
}
WINDOWS = {
    "workspace": gettext_lazy("quiet hours"),
    "journey": gettext_lazy("the journey's window"),
    "step": gettext_lazy("the step's window"),
}
TOPICS = {
    "service": gettext_lazy("service messages"),
    "marketing": gettext_lazy("offers"),
    "*": gettext_lazy("all messages"),
}
CONSENT_SOURCES = {
    "customer_list": gettext_lazy("imported list"),
    "opt_out_list": gettext_lazy("imported opt-out list"),
    "first_message": gettext_lazy("first message"),
    "opt_word": gettext_lazy("a word they wrote"),
    "form": gettext_lazy("form"),
    "unsubscribe_link": gettext_lazy("unsubscribe link"),
    "platform_block": gettext_lazy("block reported by the app"),
    "platform_choice": gettext_lazy("the app's own switch"),
    "person": gettext_lazy("someone in your team"),
    "merge": gettext_lazy("merge of two contacts"),
}
IDENTITY_NAMES = {
    "user_id": gettext_lazy("id in your own systems"),
    "anonymous_id": gettext_lazy("browser or device"),
    "comment": gettext_lazy("comment"),
}
IDENTITY_ICONS = {"user_id": "hash", "anonymous_id": "monitor", "comment": "message-square-text"}
