"""Settling: receipt is confirmed, money goes back where it must, sellers take theirs out."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from serai import ledger, payments, trade
from serai.cli.rehearsal.agenda import Entry, What
from serai.cli.rehearsal.model import Payout
from serai.cli.rehearsal.stage import LOOKED_INTO, Deal, Stage, agreed, things
from serai.kernel.money import share

_PERCENT = 100
"""Hundredths of a percent in a percent."""


async def confirm(stage: Stage, due: Sequence[Entry]) -> None:
    """Let buyers say that they have what they bought."""
    commands = [
        trade.Confirm(**stage.command(deal.buyer_id), order_id=deal.order_id)
        for deal in things(due, Deal)
    ]
    async with stage.database.tx() as tx:
        agreed(await trade.confirm_orders(tx, commands), "confirming")


async def extend(stage: Stage, due: Sequence[Entry]) -> None:
    """Let buyers ask for more time."""
    commands = [
        trade.Extend(**stage.command(deal.buyer_id), order_id=deal.order_id)
        for deal in things(due, Deal)
    ]
    async with stage.database.tx() as tx:
        agreed(await trade.extend_orders(tx, commands), "extending")


async def ease(stage: Stage, due: Sequence[Entry]) -> None:
    """Let sellers give a part back for what was wrong with the goods."""
    await _refund(
        stage,
        [
            (deal, share(deal.total, deal.fate.eased_percent * _PERCENT))
            for deal in things(due, Deal)
        ],
        "arrived with a flaw",
    )


async def lose(stage: Stage, due: Sequence[Entry]) -> None:
    """Let sellers give all back for what never arrived."""
    await _refund(stage, [(deal, None) for deal in things(due, Deal)], "lost on the way")


async def regret(stage: Stage, due: Sequence[Entry]) -> None:
    """Let sellers give money back for orders that are completed: out of their own."""
    await _refund(
        stage,
        [
            (deal, share(deal.total, deal.fate.regretted_percent * _PERCENT))
            for deal in things(due, Deal)
        ],
        "broke after some days of use",
    )


async def _refund(stage: Stage, wanted: Sequence[tuple[Deal, int | None]], reason: str) -> None:
    commands = [
        trade.Refund(
            **stage.command(deal.seller_id), order_id=deal.order_id, amount=amount, reason=reason
        )
        for deal, amount in wanted
    ]
    async with stage.database.tx() as tx:
        agreed(await trade.refund_orders(tx, commands), "a refund")


class _Case(Struct, frozen=True):
    """An order that the market has stopped."""

    order_id: UUID
    freeze_id: UUID


async def stop(stage: Stage, due: Sequence[Entry]) -> None:
    """Let the operator stop orders, to look into what their buyers say."""
    commands = [
        trade.Stop(
            **stage.command(stage.operator_id), order_id=deal.order_id,
            reason="the buyer says that it is not what was shown",
        )
        for deal in things(due, Deal)
    ]  # fmt: skip
    async with stage.database.tx() as tx:
        stopped = agreed(await trade.stop_orders(tx, commands), "stopping")
    for one in stopped:
        case = _Case(one.order_id, one.freeze_id)
        stage.agenda.put(one.stopped_at + LOOKED_INTO, What.RESUME, case)


async def resume(stage: Stage, due: Sequence[Entry]) -> None:
    """Let the operator lift what was stopped."""
    commands = [
        trade.Resume(
            **stage.command(stage.operator_id), order_id=case.order_id,
            freeze_id=case.freeze_id, reason="the two have agreed",
        )
        for case in things(due, _Case)
    ]  # fmt: skip
    async with stage.database.tx() as tx:
        agreed(await trade.resume_orders(tx, commands), "resuming")


async def pay_out(stage: Stage, due: Sequence[Entry]) -> None:
    """Let sellers take out all that they have."""
    payouts = things(due, Payout)
    wallets = {
        one.shop: ledger.wallet(
            stage.market.id, stage.shops[one.shop].owner_id, stage.shops[one.shop].currency
        ).id
        for one in payouts
    }
    async with stage.database.tx() as tx:
        accounts = await ledger.accounts(tx, list(wallets.values()))
        commands = [
            _withdrawal(stage, one, account.available)
            for one in payouts
            if (account := accounts.get(wallets[one.shop])) and account.available > 0
        ]
        agreed(await payments.withdraw(tx, commands), "a payout")
    await stage.hear_banks()


def _withdrawal(stage: Stage, payout: Payout, amount: int) -> payments.Withdraw:
    shop = stage.shops[payout.shop]
    [holder] = (one.owner for one in stage.content.shops if one.slug == payout.shop)
    return payments.Withdraw(
        **stage.command(shop.owner_id),
        amount=amount, currency=shop.currency, account=payout.account, holder=holder,
    )  # fmt: skip
