"""Trading: money is added, baskets are bought, and each order takes the way of its fate."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from serai import payments, trade
from serai.cli.rehearsal.agenda import CLOSING, PAYING, Entry, What
from serai.cli.rehearsal.model import Adding, Ending, Paying, Purchase
from serai.cli.rehearsal.stage import Deal, Stage, agreed, things

_LATER_AFTER = timedelta(minutes=17)
"""How long somebody takes who pays later, but in time."""


async def add_money(stage: Stage, due: Sequence[Entry]) -> None:
    """Let people add money; their banks answer at once, but for those that are odd."""
    async with stage.database.tx() as tx:
        commands = [
            payments.TopUp(
                **stage.command(stage.members[one.email]),
                amount=one.amount, currency=one.currency, account=one.account,
            )
            for one in things(due, Adding)
        ]  # fmt: skip
        agreed(await payments.top_up(tx, commands), "adding money")
    await stage.hear_banks()


async def buy(stage: Stage, due: Sequence[Entry]) -> None:
    """Check baskets out, and foresee what each order is going to need."""
    purchases = things(due, Purchase)
    async with stage.database.tx() as tx:
        commands = [_checkout(stage, purchase) for purchase in purchases]
        placed = agreed(await trade.place_orders(tx, commands), "a checkout")
    slugs = {shop.id: slug for slug, shop in stage.shops.items()}
    for purchase, outcome in zip(purchases, placed, strict=True):
        deals = [_deal(stage, purchase, order, slugs) for order in outcome.orders]
        stage.placed += len(deals)
        now = stage.clock.now()
        if purchase.paying is Paying.AT_ONCE:
            for deal in deals:
                foresee(stage, deal, now)
        elif purchase.paying is Paying.LATER:
            stage.agenda.put(now + _LATER_AFTER, What.PAY, deals)
            stage.agenda.look(now + _LATER_AFTER, PAYING)
        else:
            closes_at = max(order.deadline_at for order in outcome.orders)
            stage.agenda.look(closes_at + timedelta(seconds=1), CLOSING)


def _checkout(stage: Stage, purchase: Purchase) -> trade.Checkout:
    return trade.Checkout(
        **stage.command(stage.members[purchase.email]),
        wanted=tuple(
            trade.Wanted(stage.variants[sku], units) for sku, units in purchase.units.items()
        ),
        address_id=stage.addresses[purchase.email],
        expected=dict(purchase.totals),
        pay=purchase.paying is Paying.AT_ONCE,
    )


def _deal(
    stage: Stage, purchase: Purchase, order: trade.PlacedOrder, slugs: dict[UUID, str]
) -> Deal:
    slug = slugs[order.shop_id]
    return Deal(
        order_id=order.id,
        email=purchase.email,
        buyer_id=stage.members[purchase.email],
        shop=slug,
        seller_id=stage.shops[slug].owner_id,
        total=order.total,
        fate=purchase.fates[slug],
    )


async def pay(stage: Stage, due: Sequence[Entry]) -> None:
    """Let those pay who came back to it in time."""
    waiting = [_deals(entry) for entry in due]
    commands = [
        trade.Pay(
            **stage.command(deals[0].buyer_id), order_ids=tuple(deal.order_id for deal in deals)
        )
        for deals in waiting
    ]
    async with stage.database.tx() as tx:
        agreed(await trade.pay_orders(tx, commands), "paying")
    for deals in waiting:
        for deal in deals:
            foresee(stage, deal, stage.clock.now())


def _deals(entry: Entry) -> list[Deal]:
    assert isinstance(entry.thing, list)
    return entry.thing


def foresee(stage: Stage, deal: Deal, paid_at: datetime) -> None:
    """Put the next step of a paid order on the agenda."""
    fate = deal.fate
    if fate.ending in {Ending.CALLED_OFF, Ending.GIVEN_UP}:
        stage.agenda.put(paid_at + fate.ends_after, What.CALL_OFF, deal)
    else:
        stage.agenda.put(paid_at + fate.ships_after, What.SHIP, deal)


async def call_off(stage: Stage, due: Sequence[Entry]) -> None:
    """Let sellers call orders off, and buyers those that they have waited for too long."""
    commands = []
    for deal in things(due, Deal):
        by_seller = deal.fate.ending is Ending.CALLED_OFF
        commands.append(
            trade.Cancel(
                **stage.command(deal.seller_id if by_seller else deal.buyer_id),
                order_id=deal.order_id,
                reason="sold at the counter an hour before" if by_seller else "waited too long",
            )
        )
    async with stage.database.tx() as tx:
        agreed(await trade.cancel_orders(tx, commands), "calling off")
