"""Paying orders that were placed and wait for it, and closing those that waited too long."""

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from serai import inventory, ledger, payments
from serai.kernel import ids
from serai.kernel.commands import once
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.trade import limits
from serai.trade.model import Close, Code, Moved, Order, Pay, Placed, PlacedOrder, State
from serai.trade.orders import lines_of
from serai.trade.steps import Steps, moved, terms_of, unshipped

LetGo = Literal[inventory.Kind.RELEASE, inventory.Kind.EXPIRE]

_TOO_LATE = "not paid in time"


async def pay_orders(tx: Tx, commands: Sequence[Pay]) -> list[Placed | Refused]:
    """Hold the buyers' money for orders that wait for it; all of a command's or none.

    Refused as `order_unknown`, `order_state`, `insufficient_funds`.
    """
    return await once(tx, commands, _pay, Placed | Refused)


async def _pay(tx: Tx, commands: list[Pay]) -> list[Placed | Refused]:
    steps = await Steps.locking(tx, [id for command in commands for id in command.order_ids])
    wanted = [steps.order(id) for command in commands for id in command.order_ids]
    terms = await terms_of(tx, wanted)
    # Commands are paid for one by one, but all wallets are locked at once, in one order.
    await ledger.lock_accounts(tx, [name for order in wanted if order for name in _wallets(order)])
    answers: list[Placed | Refused] = []
    for command in commands:
        orders = [steps.order(id) for id in dict.fromkeys(command.order_ids)]
        said = _against_paying(command, orders)
        if said:
            answers.append(said)
            continue
        mine = [order for order in orders if order]
        [outcome] = await payments.hold(tx, [_payment(command, mine)])
        if isinstance(outcome, Refused):
            answers.append(outcome)
            continue
        paid = []
        for order in mine:
            due = unshipped(terms[order.market_id], tx.now)
            after = steps.step(order, State.PAID, command, due=due)
            paid.append(
                PlacedOrder(
                    after.id, after.shop_id, after.total, after.currency, after.state, due[1]
                )
            )
        answers.append(Placed(mine[0].checkout_id, tuple(paid)))
    await steps.write()
    return answers


def _against_paying(command: Pay, orders: Sequence[Order | None]) -> Refused | None:
    if not orders:
        return Refused(Code.NOTHING_CHOSEN)
    for order in orders:
        if order is None or order.buyer_id != command.actor_id:
            return Refused(Code.ORDER_UNKNOWN)
        if order.state is not State.PLACED:
            return Refused(Code.ORDER_STATE, {"order_id": str(order.id), "state": order.state})
    return None


def _wallets(order: Order) -> list[ledger.Name]:
    if order.state is not State.PLACED:
        return []
    return [ledger.wallet(order.market_id, who, order.currency) for who in order.parties]


def _payment(command: Pay, orders: Sequence[Order]) -> payments.Payment:
    return payments.Payment(
        # The command's id is the client's choice; no choice of it can be another payment's.
        id=ids.derive(command.id, "pay"),
        market_id=command.market_id,
        buyer_id=command.actor_id,
        parts=tuple(
            payments.Part(order.id, order.seller_id, order.currency, order.total)
            for order in orders
        ),
    )


async def close_unpaid(tx: Tx, commands: Sequence[Close]) -> list[Moved | Refused]:
    """Close orders whose time to pay is over, and put their stock back on the shelf."""
    return await once(tx, commands, _close, Moved | Refused)


async def _close(tx: Tx, commands: list[Close]) -> list[Moved | Refused]:
    steps = await Steps.locking(tx, [command.order_id for command in commands])
    answers: list[Moved | Refused] = []
    closed: dict[UUID, tuple[Order, UUID]] = {}
    for command in commands:
        order = steps.order(command.order_id)
        if order is None:
            answers.append(Refused(Code.ORDER_UNKNOWN))
        elif order.state is not State.PLACED:
            answers.append(Refused(Code.ORDER_STATE, {"state": order.state}))
        elif order.deadline_at is None or order.deadline_at > tx.now:
            answers.append(Refused(Code.NOT_DUE))
        else:
            after = steps.step(order, State.CLOSED, command, reason=_TOO_LATE)
            closed[order.id] = after, command.actor_id
            answers.append(moved(after))
    await let_go(tx, closed, inventory.Kind.EXPIRE, _TOO_LATE)
    await steps.write()
    return answers


async def let_go(
    tx: Tx, orders: Mapping[UUID, tuple[Order, UUID]], kind: LetGo, reason: str
) -> None:
    """Free what orders that are called off have set aside: stock, and shares of limited goods.

    `orders` maps an order's id to the order and to who called it off.
    """
    if not orders:
        return
    lines = await lines_of(tx, list(orders))
    await limits.give_back(tx, [order for order, _ in orders.values()], lines)
    actors = {id: actor for id, (_, actor) in orders.items()}
    await inventory.release(tx, list(orders), actors, reason, kind=kind)
