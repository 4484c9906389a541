"""What trade does when something happens elsewhere, or when an order's time has come."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from serai.kernel import ids, timers
from serai.kernel.outbox import Event, Reaction
from serai.kernel.tx import Database, Tx
from serai.trade.aftersales import refund_sent_back
from serai.trade.completion import complete_silent
from serai.trade.fulfilment import deliver_orders
from serai.trade.model import Close, Deadline, Deliver, Expire, SendBack, State
from serai.trade.payment import close_unpaid
from serai.trade.steps import TIMERS, Steps


async def _parcels_delivered(tx: Tx, events: Sequence[Event]) -> None:
    """Bring the orders of delivered parcels to `delivered`."""
    await deliver_orders(
        tx,
        [
            Deliver(
                id=ids.derive(event.id, "deliver"),
                market_id=event.market_id,
                actor_id=event.market_id,
                order_id=event.subject,
                at=datetime.fromisoformat(event.body["at"]),
            )
            for event in events
        ],
    )


async def _parcels_returned(tx: Tx, events: Sequence[Event]) -> None:
    """Refund the orders whose parcels came back."""
    await refund_sent_back(
        tx,
        [
            SendBack(
                id=ids.derive(event.id, "send back"),
                market_id=event.market_id,
                actor_id=event.market_id,
                order_id=event.subject,
            )
            for event in events
        ],
    )


reactions: Sequence[Reaction] = (
    Reaction("trade.delivered", frozenset({"parcel.delivered"}), _parcels_delivered),
    Reaction("trade.returned", frozenset({"parcel.returned"}), _parcels_returned),
)
"""The market itself acts here, under its own id."""


async def _close(database: Database, due: Sequence[timers.Timer]) -> None:
    commands = [
        Close(id=t.command_id(), market_id=t.market_id, actor_id=t.market_id, order_id=t.subject)
        for t in due
    ]
    async with database.tx() as tx:
        await close_unpaid(tx, commands)


async def _complete(database: Database, due: Sequence[timers.Timer]) -> None:
    commands = [
        Expire(id=t.command_id(), market_id=t.market_id, actor_id=t.market_id, order_id=t.subject)
        for t in due
    ]
    async with database.tx() as tx:
        await complete_silent(tx, commands)


async def _remind(database: Database, due: Sequence[timers.Timer]) -> None:
    """Tell both sides that the seller is late and the buyer may cancel."""
    async with database.tx() as tx:
        steps = await Steps.locking(tx, [timer.subject for timer in due])
        for timer in due:
            order = steps.order(timer.subject)
            if order and order.state is State.PAID and order.deadline_at:
                steps.tell(order, "order.overdue", since=order.deadline_at.isoformat())
        await steps.write()
        # Gone with the same commit, so that nobody is reminded twice.
        kind = TIMERS[Deadline.SHIP]
        await timers.stop(tx, [kind], [timer.subject for timer in due])


handlers: Mapping[str, timers.Handler] = {
    TIMERS[Deadline.PAY]: _close,
    TIMERS[Deadline.SHIP]: _remind,
    TIMERS[Deadline.CONFIRM]: _complete,
}
