"""Completion: the buyer confirms, or stays silent until the deadline, and the seller is paid."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from serai import payments
from serai.kernel import money
from serai.kernel.commands import once
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.trade.model import (
    Code,
    Confirm,
    Deadline,
    Expire,
    Extend,
    Moved,
    Order,
    OrderCommand,
    State,
)
from serai.trade.steps import Steps, moved, terms_of

Against = Callable[[OrderCommand, Order, Tx], Refused | None]

_UNDER_CONFIRMATION = frozenset({State.SHIPPED, State.DELIVERED})


async def confirm_orders(tx: Tx, commands: Sequence[Confirm]) -> list[Moved | Refused]:
    """Complete orders whose buyers have what they bought, and pay the sellers.

    Refused as `order_unknown`, `not_the_buyer`, `order_state` (before it was
    shipped, or after it ended), `hold_frozen`.
    """
    return await once(tx, commands, _confirm, Moved | Refused)


async def _confirm(tx: Tx, commands: list[Confirm]) -> list[Moved | Refused]:
    return await _complete(tx, commands, _against_confirming, "confirmed by the buyer")


def _against_confirming(command: OrderCommand, order: Order, _: Tx) -> Refused | None:
    if order.buyer_id != command.actor_id:
        known = command.actor_id in order.parties
        return Refused(Code.NOT_THE_BUYER if known else Code.ORDER_UNKNOWN)
    return None


async def complete_silent(tx: Tx, commands: Sequence[Expire]) -> list[Moved | Refused]:
    """Complete orders whose buyers had until the deadline to speak, and did not."""
    return await once(tx, commands, _expire, Moved | Refused)


async def _expire(tx: Tx, commands: list[Expire]) -> list[Moved | Refused]:
    return await _complete(tx, commands, _against_expiring, "the buyer was silent")


def _against_expiring(_: OrderCommand, order: Order, tx: Tx) -> Refused | None:
    if order.deadline is not Deadline.CONFIRM or order.deadline_at is None:
        return Refused(Code.ORDER_STATE, {"state": order.state})
    return Refused(Code.NOT_DUE) if order.deadline_at > tx.now else None


async def _complete(
    tx: Tx,
    commands: Sequence[OrderCommand],
    against: Against,
    reason: str,
) -> list[Moved | Refused]:
    steps = await Steps.locking(tx, [command.order_id for command in commands])
    answers: dict[int, Moved | Refused] = {}
    ready: list[tuple[int, OrderCommand, Order]] = []
    for place, command in enumerate(commands):
        order = steps.order(command.order_id)
        said = _against(command, order, tx, against)
        if order is None or said:
            answers[place] = said or Refused(Code.ORDER_UNKNOWN)
        elif any(other.id == order.id for _, _, other in ready):
            answers[place] = Refused(Code.ORDER_STATE, {"state": State.COMPLETED})
        else:
            ready.append((place, command, order))
    released = await payments.release(tx, [_release(order, command) for _, command, order in ready])
    for (place, command, order), outcome in zip(ready, released, strict=True):
        if isinstance(outcome, Refused):
            answers[place] = outcome
            continue
        arrived = _arrived(steps, order, command)
        after = steps.step(arrived, State.COMPLETED, command, reason=reason, tell=False)
        steps.tell(after, "order.completed", released=outcome.amount, fee=outcome.fee)
        answers[place] = moved(after)
    await steps.write()
    return [answers[place] for place in range(len(commands))]


def _arrived(steps: Steps, order: Order, command: OrderCommand) -> Order:
    """Bring an order that no scan saw arrive to `delivered`, on its way to completion."""
    if order.state is not State.SHIPPED:
        return order
    words = "received without a scan"
    return steps.step(order, State.DELIVERED, command, reason=words, tell=False)


def _against(
    command: OrderCommand,
    order: Order | None,
    tx: Tx,
    against: Against,
) -> Refused | None:
    if order is None:
        return Refused(Code.ORDER_UNKNOWN)
    if said := against(command, order, tx):
        return said
    if order.state not in _UNDER_CONFIRMATION:
        return Refused(Code.ORDER_STATE, {"state": order.state})
    if order.stopped_at is not None:
        return Refused(Code.ORDER_STOPPED, {"since": order.stopped_at.isoformat()})
    return None


def _release(order: Order, command: OrderCommand) -> payments.Release:
    fee = money.share(order.items_total, order.commission_bp)
    return payments.Release(order.id, fee, command.actor_id)


async def extend_orders(tx: Tx, commands: Sequence[Extend]) -> list[Moved | Refused]:
    """Give buyers more time to confirm; once an order.

    Refused as `already_extended` besides the reasons of confirming.
    """
    return await once(tx, commands, _extend, Moved | Refused)


async def _extend(tx: Tx, commands: list[Extend]) -> list[Moved | Refused]:
    steps = await Steps.locking(tx, [command.order_id for command in commands])
    terms = await terms_of(tx, [steps.order(command.order_id) for command in commands])
    answers: list[Moved | Refused] = []
    for command in commands:
        order = steps.order(command.order_id)
        said = _against(command, order, tx, _against_confirming)
        if order is None or order.deadline_at is None or said:
            answers.append(said or Refused(Code.ORDER_UNKNOWN))
        elif order.extended_at is not None:
            answers.append(Refused(Code.ALREADY_EXTENDED, {"at": order.extended_at.isoformat()}))
        else:
            days = terms[order.market_id].extension_days
            until = order.deadline_at + timedelta(days=days)
            after = steps.amend(order, deadline_at=until, extended_at=tx.now)
            steps.tell(after, "order.extended", deadline_at=until.isoformat())
            answers.append(moved(after))
    await steps.write()
    return answers
