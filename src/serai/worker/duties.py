"""Duties: which reactions, timers and banks a deployment of this house has.

The audit is given the same reactions, so that it misses no event of theirs.
"""

from collections.abc import Mapping, Sequence

from serai import ledger, payments, trade
from serai.kernel import timers, webhooks
from serai.kernel.outbox import Reaction
from serai.kernel.settings import Settings
from serai.kernel.tx import Database

KINDS = frozenset(
    {
        "listing.archived",
        "listing.paused",
        "listing.price_changed",
        "listing.published",
        "listing.reopened",
        "member.joined",
        "order.closed",
        "order.completed",
        "order.delivered",
        "order.extended",
        "order.overdue",
        "order.paid",
        "order.placed",
        "order.refunded",
        "order.resumed",
        "order.shipped",
        "order.stopped",
        "parcel.corrected",
        "parcel.delivered",
        "parcel.returned",
        "parcel.scanned",
        "payout.failed",
        "payout.in_transit",
        "payout.paid",
        "payout.returned",
        "refund.made",
        "shop.opened",
        "suspense.resolved",
        "topup.failed",
        "topup.paid",
        "wallet.transferred",
        "webhook.disabled",
    }
)
"""Every kind of event that the halls emit, for those who want to be told of all."""


def reactions() -> tuple[Reaction, ...]:
    """Name every reaction of the house."""
    return (*trade.reactions, webhooks.reaction(KINDS))


def banks(database: Database) -> dict[str, payments.Provider]:
    """Open the banks and card processors that this deployment works with, by name."""
    return {bank.name: bank for bank in (payments.SandboxBank(database),)}


def handlers(
    settings: Settings, providers: Mapping[str, payments.Provider]
) -> Sequence[Mapping[str, timers.Handler]]:
    """Name what is done when timers are due, in groups that do not wait for each other.

    What only asks the database is in the first, what calls a bank in the second,
    what calls a stranger's server in the third: the slower wait for themselves.
    """
    return (
        {**trade.handlers, **ledger.handlers},
        payments.handlers(providers),
        {webhooks.TIMER: webhooks.sender(settings)},
    )
