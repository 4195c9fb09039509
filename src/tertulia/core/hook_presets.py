"""The kinds of webhook sources, and the mapping with which each begins: documents beside this file.

Field names as in Shopify's and WooCommerce's own payloads (their public reference, the official client libraries and
WooCommerce's source). `SHOP` in a document stands for a text that no other source has.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

SDK: Final = "sdk"
SHOPIFY: Final = "shopify"
WOOCOMMERCE: Final = "woocommerce"
WEBHOOK: Final = "webhook"
HOOK_KINDS: Final = (SHOPIFY, WOOCOMMERCE, WEBHOOK)
_SHOP: Final = "SHOP"


def fill_preset(kind: str, source_id: int) -> str:
    """The mapping with which a source of this kind begins."""
    return _read_presets()[kind].replace(_SHOP, f"{kind}-{source_id}")


@lru_cache(maxsize=1)
def _read_presets() -> Mapping[str, str]:
    folder = files("tertulia.core")
    return {kind: (folder / f"hook_{kind}.yaml").read_text("utf-8") for kind in HOOK_KINDS}
