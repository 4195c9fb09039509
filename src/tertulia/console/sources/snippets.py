"""Ready code for each tracking SDK, with the key and the address of one source filled in.

Code is the same in every language, so it stands here and not in a template; what a reader has to do is a sentence.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


@dataclass(frozen=True, slots=True)
class Line:
    """One line of code; `changed` where it differs from what stands in the SDK's own documentation."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """An SDK: its name, whether it runs on customers' devices, what to change in words, and the code, in which `KEY`
    and `ADDRESS` stand for the source's own."""

    slug: str
    name: str
    client_side: bool
    change: Promise
    code: str

    def fill(self, key: str, address: str) -> list[Line]:
        """The code for one source, line by line."""
        return [
            Line(line.replace("KEY", key).replace("ADDRESS", address), "KEY" in line or "ADDRESS" in line)
            for line in self.code.strip().split("\n")
        ]


_SEGMENT_PYTHON = """
import segment.analytics as analytics

analytics.write_key = "KEY"
analytics.host = "ADDRESS"

analytics.identify("customer-17", {"firstName": "Inês", "plan": "gold"})
analytics.track("customer-17", "Order Completed", {"total": 25.9})
analytics.flush()
"""
_SEGMENT_NODE = """
import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({
  writeKey: "KEY",
  host: "ADDRESS",
});

analytics.track({
  userId: "customer-17",
  event: "Order Completed",
  properties: { order_id: "A-2041", total: 25.9 },
});
await analytics.closeAndFlush();
"""
_SEGMENT_BROWSER = """
import { AnalyticsBrowser } from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load({
  writeKey: "KEY",
  cdnURL: "ADDRESS",
});

analytics.page();
analytics.track("Product Viewed", { product_id: "sku-17", price: 25.9 });
"""
_RUDDER_PYTHON = """
import rudderstack.analytics as rudder_analytics

rudder_analytics.write_key = "KEY"
rudder_analytics.dataPlaneUrl = "ADDRESS"

rudder_analytics.track("customer-17", "Order Completed", {"total": 25.9})
rudder_analytics.flush()
"""
_RUDDER_NODE = """
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const analytics = new RudderAnalytics("KEY", {
  dataPlaneUrl: "ADDRESS",
});

analytics.track({
  userId: "customer-17",
  event: "Order Completed",
  properties: { order_id: "A-2041", total: 25.9 },
});
"""
_RUDDER_BROWSER = """
import { RudderAnalytics } from "@rudderstack/analytics-js";

const analytics = new RudderAnalytics();
analytics.load("KEY", "ADDRESS", { configUrl: "ADDRESS" });

analytics.page();
analytics.track("Product Viewed", { product_id: "sku-17", price: 25.9 });
"""
_CURL = """
curl ADDRESS/v1/track \\
  -u "KEY:" \\
  -H "Content-Type: application/json" \\
  -d '{"userId": "customer-17", "event": "Order Completed",
       "messageId": "order-A-2041", "properties": {"total": 25.9}}'
"""
_TEST = """
curl ADDRESS/v1/track -u "KEY:" -H "Content-Type: application/json" \\
  -d '{"anonymousId": "test-device", "event": "Test Event", "properties": {"from": "curl"}}'
"""

SNIPPETS: tuple[Snippet, ...] = (
    Snippet(
        "segment-browser",
        "Segment JavaScript",
        True,
        gettext_lazy("Set writeKey and cdnURL. The SDK fetches its settings from here and learns where to send."),
        _SEGMENT_BROWSER,
    ),
    Snippet(
        "rudder-browser",
        "RudderStack JavaScript",
        True,
        gettext_lazy(
            "Give load() the write key and the address, and the address again as configUrl, where it asks first."
        ),
        _RUDDER_BROWSER,
    ),
    Snippet(
        "segment-python",
        "Segment Python",
        False,
        gettext_lazy("Set write_key and host before the first call."),
        _SEGMENT_PYTHON,
    ),
    Snippet(
        "segment-node",
        "Segment Node",
        False,
        gettext_lazy("Set writeKey and host. The SDK leaves out any path of the host."),
        _SEGMENT_NODE,
    ),
    Snippet(
        "rudder-python",
        "RudderStack Python",
        False,
        gettext_lazy("Set write_key and dataPlaneUrl before the first call."),
        _RUDDER_PYTHON,
    ),
    Snippet(
        "rudder-node",
        "RudderStack Node",
        False,
        gettext_lazy("Give the constructor the write key, and dataPlaneUrl among its options."),
        _RUDDER_NODE,
    ),
    Snippet(
        "curl",
        "curl",
        False,
        gettext_lazy(
            "The write key is the user name, without a password. With your own messageId, sending it twice is harmless."
        ),
        _CURL,
    ),
)
TEST_EVENT = Snippet("test", "curl", False, gettext_lazy("Run this in a terminal."), _TEST)


def list_snippets(client_side: bool) -> list[Snippet]:
    """Every snippet, those of the source's own side first."""
    return sorted(SNIPPETS, key=lambda snippet: snippet.client_side != client_side)
