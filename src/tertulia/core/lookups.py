"""What a provider says when it is asked about a message whose outcome was lost (S3).

The engine makes a question due (`attempts.ask_provider`, by the table in `deliveries`), a sender asks and tells the log
the answer as it came, and here it is decided: a message that the provider has is as good as a receipt; one that it
surely does not have was never taken, so sending it is no blind resend and is allowed for marketing too; any other
answer leads to the next question. After the last one the message waits as if nobody could be asked.
"""

from tertulia.core.attempts import ask_provider, decide_receipt, decide_row, fail_delivery, queue_again, refer_to
from tertulia.core.deliveries import (
    RETRY_ATTEMPTS_MAX,
    DeliveryEvent,
    DeliveryState,
    MessageClass,
    is_absence_sure,
)
from tertulia.core.entries import LookUpEntry, ReceiptEntry
from tertulia.core.reasons import Reason
from tertulia.core.rows import OpenDelivery
from tertulia.core.world import World


def decide_look_up(world: World, entry: LookUpEntry, workspace: int) -> None:
    """An answer came. What has its verdict meanwhile, or is on its way again, keeps it unless the provider has the
    earlier message."""
    refer_to(world, entry, workspace)
    delivery = world.open.get(entry.delivery_id)
    if entry.finding == "found":
        _settle_found(world, delivery, entry, workspace)
        return
    if delivery is None or delivery.attempt != entry.attempt or delivery.state != DeliveryState.UNKNOWN:
        return
    if entry.finding == "absent" and is_absence_sure(MessageClass(delivery.class_), entry.number):
        _send_again(world, delivery, entry)
    else:
        ask_provider(world, delivery, entry.number + 1)


def _settle_found(world: World, delivery: OpenDelivery | None, entry: LookUpEntry, workspace: int) -> None:
    """The provider has it: as if a receipt had said so, whatever the delivery's state is by now."""
    if delivery is not None:
        facts = {"question": entry.number, "state": entry.state}
        world.add(decide_row(world, delivery, "sent", "provider", Reason.FOUND.value, facts))
    receipt = ReceiptEntry(
        channel_id=entry.channel_id,
        channel=entry.channel,
        state=entry.state or "sent",
        at=entry.at,
        provider_id=next(iter(entry.provider_ids), ""),
        delivery_id=entry.delivery_id,
        outcome=entry.outcome,
        code=entry.code,
        reason=entry.reason,
        withdraws=entry.withdraws,
        parts=entry.parts,
    )
    decide_receipt(world, receipt, workspace)


def _send_again(world: World, delivery: OpenDelivery, entry: LookUpEntry) -> None:
    """The provider never took it. Another attempt passes all gates again; after the last one it has failed."""
    facts = {"question": entry.number, "attempt": delivery.attempt}
    world.add(decide_row(world, delivery, "held", "provider", Reason.NOT_FOUND.value, facts))
    if delivery.attempt >= RETRY_ATTEMPTS_MAX:
        fail_delivery(world, delivery, "retry", "", "", entry.at, withdraws=False)
    else:
        queue_again(world, delivery, DeliveryEvent.REFUSE, world.now)
