"""Give a coupon: the messages behind this step show a code of a pool. Nothing happens here; the code is claimed when
the first of them is handed over (S5)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Complaint, GoOn, Move, Step, Summary, View


class CouponStep(Step, frozen=True, kw_only=True):
    """`pool`: the key of a pool of codes."""

    KIND: ClassVar[str] = "coupon"
    TITLE: ClassVar[str] = _("Coupon")
    ABOUT: ClassVar[str] = _("Messages behind it show a code of a pool, a customer's own or one for everybody.")
    ICON: ClassVar[str] = "ticket"
    SAMPLE: ClassVar[Mapping[str, Any]] = {"pool": "welcome"}

    pool: Annotated[
        str,
        Meta(
            title=_("Pool of codes"),
            description=_("Messages behind this step write {{ coupons.ID.code }} and .expires, with this step's id."),
            extra_json_schema={"x-widget": "coupon_pool"},
        ),
    ]

    def act(self, view: View) -> Move:
        """On: a code is claimed by the message that shows it."""
        return GoOn()

    def summarise(self) -> Summary:
        """The pool."""
        return Summary(_("A code of %(pool)s"), {"pool": self.pool})

    def find_faults(self) -> list[Complaint]:
        """A coupon is of a pool."""
        return [] if self.pool.strip() else [Complaint(("pool",), _("Choose a pool of codes."), {})]
