"""After-sales: cancelling, refunding, and stopping an order's clock while it is looked into."""

from collections.abc import Sequence
from uuid import UUID

from serai import inventory, logistics, payments
from serai.kernel import ids
from serai.kernel.commands import once
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.trade.model import (
    HOLDING_STOCK,
    Cancel,
    Code,
    Deadline,
    Moved,
    Order,
    Refund,
    RefundMade,
    Resume,
    SendBack,
    State,
    Stop,
    Stopped,
)
from serai.trade.payment import let_go
from serai.trade.steps import Steps, moved

_STOPPABLE = frozenset({State.PAID, State.SHIPPED, State.DELIVERED})
_REFUNDABLE = frozenset({State.PAID, State.SHIPPED, State.DELIVERED, State.COMPLETED})

_CAME_BACK = "the parcel came back to the sender"


async def cancel_orders(tx: Tx, commands: Sequence[Cancel]) -> list[Moved | Refused]:
    """Call orders off before they are shipped; stock and money go back at once.

    The seller may at any time before shipping; the buyer while it is unpaid,
    and again when the seller has let the time to ship pass (`too_early` says
    from when).
    """
    return await once(tx, commands, _cancel, Moved | Refused)


async def _cancel(tx: Tx, commands: list[Cancel]) -> list[Moved | Refused]:
    steps = await Steps.locking(tx, [command.order_id for command in commands])
    answers: list[Moved | Refused] = []
    gone: dict[UUID, tuple[Order, UUID]] = {}
    paid: list[payments.Refund] = []
    for command in commands:
        order = steps.order(command.order_id)
        said = _against_cancelling(command, order, tx)
        if order is None or said:
            answers.append(said or Refused(Code.ORDER_UNKNOWN))
            continue
        reason = command.reason or "called off"
        to = State.REFUNDED if order.state is State.PAID else State.CLOSED
        if order.state is State.PAID:
            paid.append(payments.Refund(command.id, order.id, None, command.actor_id, reason))
        gone[order.id] = order, command.actor_id
        answers.append(moved(steps.step(order, to, command, reason=reason)))
    await let_go(tx, gone, inventory.Kind.RELEASE, "called off")
    for outcome in await payments.refund(tx, paid):
        if isinstance(outcome, Refused):
            message = f"a paid order's hold could not be given back: {outcome}"
            raise RuntimeError(message)  # noqa: TRY004  a bug, not a wrong type
    await steps.write()
    return answers


def _against_cancelling(command: Cancel, order: Order | None, tx: Tx) -> Refused | None:
    if order is None or command.actor_id not in order.parties:
        return Refused(Code.ORDER_UNKNOWN)
    if order.state not in HOLDING_STOCK:
        return Refused(Code.ORDER_STATE, {"state": order.state})
    until = order.due_at(tx.now) if order.deadline is Deadline.SHIP else None
    if command.actor_id == order.buyer_id and until and until > tx.now:
        return Refused(Code.TOO_EARLY, {"from": until.isoformat()})
    return None


async def refund_orders(tx: Tx, commands: Sequence[Refund]) -> list[RefundMade | Refused]:
    """Give buyers back a part or all of their orders, on the seller's word.

    Before completion it comes out of the hold; afterwards the seller owes it
    and the guarantee pays what he lacks. An order with nothing left is
    refunded; refused as `refund_exceeds` where more is asked than is left.
    """
    return await once(tx, commands, _refund, RefundMade | Refused)


async def _refund(tx: Tx, commands: list[Refund]) -> list[RefundMade | Refused]:
    steps = await Steps.locking(tx, [command.order_id for command in commands])
    holds = await payments.holds(tx, [command.order_id for command in commands])
    left = {order_id: held.remaining for order_id, held in holds.items()}
    answers: dict[UUID, RefundMade | Refused] = {}
    ready: dict[UUID, Refund] = {}
    ended: dict[UUID, tuple[Order, UUID]] = {}
    for command in commands:
        order = steps.order(command.order_id)
        said = _against_refunding(command, order)
        if order is None or said:
            answers[command.id] = said or Refused(Code.ORDER_UNKNOWN)
            continue
        if order.state is not State.COMPLETED:
            amount = left[order.id] if command.amount is None else command.amount
            if not 0 < amount <= left[order.id]:
                answers[command.id] = Refused(
                    payments.Code.REFUND_EXCEEDS, {"left": left[order.id]}
                )
                continue
            left[order.id] -= amount
            if not left[order.id]:
                ended[command.id] = order, command.actor_id
        ready[command.id] = command
    # Shelves are locked before wallets, everywhere: so the stock goes first.
    on_shelf = {o.id: (o, by) for o, by in ended.values() if o.state in HOLDING_STOCK}
    await let_go(tx, on_shelf, inventory.Kind.RELEASE, "refunded")
    outcomes = await payments.refund(tx, [_wanted(command) for command in ready.values()])
    for command, outcome in zip(ready.values(), outcomes, strict=True):
        made = _made(steps, command, outcome, ends=command.id in ended)
        answers[command.id] = made
    await steps.write()
    return [answers[command.id] for command in commands]


async def refund_sent_back(tx: Tx, commands: Sequence[SendBack]) -> list[RefundMade | Refused]:
    """Give buyers back what they paid for orders whose every parcel came back to the seller.

    Else the silence of a buyer who got nothing would pay the seller, who has
    his goods again.
    """
    return await once(tx, commands, _send_back, RefundMade | Refused)


async def _send_back(tx: Tx, commands: list[SendBack]) -> list[RefundMade | Refused]:
    steps = await Steps.locking(tx, [command.order_id for command in commands])
    parcels = await logistics.parcels_of(tx, [command.order_id for command in commands])
    ready: dict[UUID, SendBack] = {}
    answers: dict[UUID, RefundMade | Refused] = {}
    for command in commands:
        order = steps.order(command.order_id)
        theirs = parcels.get(command.order_id, [])
        if order is None:
            answers[command.id] = Refused(Code.ORDER_UNKNOWN)
        elif order.state is not State.SHIPPED or order.id in ready:
            answers[command.id] = Refused(Code.ORDER_STATE, {"state": order.state})
        elif any(parcel.status is not logistics.Status.RETURNED for parcel in theirs):
            answers[command.id] = Refused(Code.NOT_DUE)
        else:
            ready[order.id] = command
    wanted = [
        payments.Refund(one.id, one.order_id, None, one.actor_id, _CAME_BACK)
        for one in ready.values()
    ]
    for command, outcome in zip(ready.values(), await payments.refund(tx, wanted), strict=True):
        answers[command.id] = _made(steps, command, outcome, ends=True)
    await steps.write()
    return [answers[command.id] for command in commands]


def _wanted(command: Refund) -> payments.Refund:
    reason = command.reason or "refunded by the seller"
    return payments.Refund(command.id, command.order_id, command.amount, command.actor_id, reason)


def _made(
    steps: Steps, command: Refund | SendBack, outcome: payments.Refunded | Refused, *, ends: bool
) -> RefundMade | Refused:
    """Tell of a refund, and end an order of which nothing is held any more.

    What was shipped comes back, if at all, as a return: the shelf is not
    touched here.
    """
    order = steps.order(command.order_id)
    if order is None or isinstance(outcome, Refused):
        return outcome if isinstance(outcome, Refused) else Refused(Code.ORDER_UNKNOWN)
    facts = {"amount": outcome.amount, "from_guarantee": outcome.from_guarantee}
    if ends:
        order = steps.step(order, State.REFUNDED, command, reason=outcome.reason)
    steps.tell(order, "refund.made", reason=outcome.reason, **facts)
    return RefundMade(order.id, outcome.amount, outcome.from_guarantee, order.state)


def _against_refunding(command: Refund, order: Order | None) -> Refused | None:
    if order is None or command.actor_id not in order.parties:
        return Refused(Code.ORDER_UNKNOWN)
    if order.seller_id != command.actor_id:
        return Refused(Code.NOT_THE_SELLER)
    if order.state not in _REFUNDABLE:
        return Refused(Code.ORDER_STATE, {"state": order.state})
    return None


async def stop_orders(tx: Tx, commands: Sequence[Stop]) -> list[Stopped | Refused]:
    """Freeze orders' money and stop their clocks. For who runs the market.

    Refused as `order_state` where nothing is held.
    """
    return await once(tx, commands, _stop, Stopped | Refused)


async def _stop(tx: Tx, commands: list[Stop]) -> list[Stopped | Refused]:
    steps = await Steps.locking(tx, [command.order_id for command in commands])
    answers: list[Stopped | Refused] = []
    for command in commands:
        order = steps.order(command.order_id)
        if order is None or order.market_id != command.market_id:
            answers.append(Refused(Code.ORDER_UNKNOWN))
            continue
        if order.state not in _STOPPABLE:
            answers.append(Refused(Code.ORDER_STATE, {"state": order.state}))
            continue
        freeze_id = ids.derive(command.id, "freeze")
        await payments.freeze(tx, freeze_id, order.id, command.actor_id, command.reason)
        after = steps.amend(order, stopped_at=order.stopped_at or tx.now)
        steps.tell(after, "order.stopped", reason=command.reason)
        answers.append(Stopped(order.id, freeze_id, after.stopped_at or tx.now))
    await steps.write()
    return answers


async def resume_orders(tx: Tx, commands: Sequence[Resume]) -> list[Moved | Refused]:
    """Lift freezes; an order without any goes on, its deadline later by the time it stood."""
    return await once(tx, commands, _resume, Moved | Refused)


async def _resume(tx: Tx, commands: list[Resume]) -> list[Moved | Refused]:
    steps = await Steps.locking(tx, [command.order_id for command in commands])
    answers: list[Moved | Refused] = []
    for command in commands:
        order = steps.order(command.order_id)
        if order is None or order.market_id != command.market_id:
            answers.append(Refused(Code.ORDER_UNKNOWN))
            continue
        lifted = await payments.lift(
            tx, command.freeze_id, order.id, command.actor_id, command.reason
        )
        if isinstance(lifted, Refused):
            answers.append(lifted)
            continue
        still = [f for f in await payments.freezes(tx, [order.id]) if f.lifted_at is None]
        until = order.due_at(tx.now)
        if not still and order.stopped_at and until:
            order = steps.amend(order, deadline_at=until, stopped_at=None)
            steps.tell(order, "order.resumed", reason=command.reason)
        answers.append(moved(order))
    await steps.write()
    return answers
