"""What people read about the kinds of sources: their names, and what to do at a shop, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tertulia.core.hook_presets import SDK, SHOPIFY, WEBHOOK, WOOCOMMERCE


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of source as it is offered: the value of the form's `side`, an icon, a name and a sentence."""

    side: str
    icon: str
    title: Promise
    sentence: Promise


@dataclass(frozen=True, slots=True)
class Steps:
    """What to do at a system: where the card is about, each step, the topics to choose, and what its secret is."""

    title: Promise
    steps: Sequence[Promise]
    topics: Sequence[Promise]
    secret: Promise


CHOICES = (
    Choice("server", "monitor", _("Tracking SDK on a server"), _("Your own machines call, not customers'.")),
    Choice(
        "client",
        "smartphone",
        _("Tracking SDK in a browser or app"),
        _("Customers' own devices call. Their address is kept with the event."),
    ),
    Choice(
        SHOPIFY, "shopping-cart", _("Shopify"), _("Carts, checkouts, orders, customers and products of a Shopify shop.")
    ),
    Choice(
        WOOCOMMERCE,
        "shopping-cart",
        _("WooCommerce"),
        _("Checkouts, orders, customers and products of a WordPress shop."),
    ),
    Choice(WEBHOOK, "plug", _("Any webhook"), _("A system that posts JSON. You say what it means.")),
)

KIND_NAMES = {
    SDK: _("Tracking SDK"),
    SHOPIFY: _("Shopify"),
    WOOCOMMERCE: _("WooCommerce"),
    WEBHOOK: _("Webhook"),
}

STEPS = {
    SHOPIFY: Steps(
        _("At Shopify"),
        (
            _("In the shop's admin open Settings, Notifications, Webhooks, and choose “Create webhook”."),
            _("Choose an event of the list below, the format JSON, and the newest stable API version."),
            _("As URL enter the address on this page. Save, and do the same for the other events."),
            _(
                "Below the list of webhooks Shopify shows the key with which it signs them. Enter it here as signing "
                "secret. Webhooks that an app of yours made are signed with the app's client secret instead."
            ),
            _("Choose “Send test notification” beside a webhook, and look at the debugger."),
        ),
        (
            _("Cart creation, Cart update"),
            _("Checkout creation, Checkout update"),
            _("Order creation, Order payment, Order cancellation"),
            _("Customer creation, Customer update"),
            _("Product creation, Product update, Product deletion: for a catalog with the key “products”"),
        ),
        _("Shopify shows it below its list of webhooks; of an app it is the client secret."),
    ),
    WOOCOMMERCE: Steps(
        _("At WooCommerce"),
        (
            _("In WordPress open WooCommerce, Settings, Advanced, Webhooks, and choose “Add webhook”."),
            _("Give it a name, the status Active, and a topic of the list below."),
            _("As delivery URL enter the address on this page; it must be one that the shop's server can reach."),
            _("Enter a secret of your own making there and here: the same for all of the shop's webhooks."),
            _("Choose the API version “WP REST API Integration v3” and save. Do the same for the other topics."),
        ),
        (
            _("Order created, Order updated"),
            _("Customer created, Customer updated"),
            _("Product created, Product updated, Product deleted: for a catalog with the key “products”"),
        ),
        _("The same text that stands in the webhook's field Secret at WooCommerce."),
    ),
    WEBHOOK: Steps(
        _("At your system"),
        (
            _("Enter the address on this page where your system asks for the address of a webhook."),
            _("Say on this page how its calls prove where they come from, and enter the secret."),
            _("Let it send one. It is kept as a sample, whatever it says."),
            _("On the tab Mapping write what it means, and try that on the sample until the events are right."),
        ),
        (),
        _("The secret that your system signs with, or sends in a header."),
    ),
}
