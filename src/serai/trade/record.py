"""The record of an order: all that happened to it, where its money is, and what comes next.

It is for the order's two parties and for who runs the market; to everybody
else there is no such order.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from serai import ledger, logistics, payments
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import Caller, Role, Scope
from serai.trade.model import Code, Deadline, Line, Order, State, Transition
from serai.trade.orders import history, lines_of
from serai.trade.orders import order as find


class Holder(StrEnum):
    """Who has an order's money."""

    BUYER = "buyer"
    HOLD = "hold"
    """Set aside in the buyer's wallet; nobody can spend it until the hold ends."""
    SELLER = "seller"


class Awaited(StrEnum):
    """What moves an order's money next."""

    PAYMENT = "payment"
    SHIPMENT = "shipment"
    CONFIRMATION = "confirmation"
    LIFTING = "lifting"
    """An operator's: the money is frozen."""


class Otherwise(StrEnum):
    """What follows when a deadline passes in silence."""

    CLOSED = "closed"
    CANCELLABLE = "cancellable"
    """The buyer may call it off at once, no questions asked."""
    COMPLETED = "completed"
    """The seller is paid."""


class Due(Struct, frozen=True):
    """A deadline: what must be done, by whom, by when, and what follows otherwise."""

    deadline: Deadline
    of: Role
    at: datetime
    otherwise: Otherwise
    extendable: bool
    """Whether the buyer may still ask for more time."""
    stopped_at: datetime | None
    """Since when the clock stands; `at` moves on by as long as it does."""


class MoneyAt(Struct, frozen=True):
    """Where an order's money is, since when, and what moves it next. Minor units."""

    amount: int
    currency: str
    held_by: Holder
    since: datetime
    next: Awaited | None
    until: datetime | None
    """When what follows `otherwise` happens by itself; null where nothing does."""
    otherwise: Otherwise | None


class GivenBack(Struct, frozen=True):
    """A refund, and out of whose money it came."""

    id: UUID
    amount: int
    currency: str
    from_hold: int
    from_seller: int
    from_fees: int
    from_guarantee: int
    actor_id: UUID
    reason: str
    at: datetime


class Travel(Struct, frozen=True):
    """A parcel of an order, and every scan of it as it happened."""

    parcel: logistics.Parcel
    scans: list[logistics.Observation]


class Record(Struct, frozen=True):
    """Everything about an order that its parties may know."""

    order: Order
    lines: list[Line]
    history: list[Transition]
    deadlines: list[Due]
    money: MoneyAt
    hold: payments.Hold | None
    freezes: list[payments.Freeze]
    refunds: list[GivenBack]
    parcels: list[Travel]


async def record(tx: Tx, reader: Caller, order_id: UUID) -> Record | Refused:
    """Read an order's whole record, if the reader may see it."""
    order = await visible(tx, reader, order_id)
    if isinstance(order, Refused):
        return order
    wanted = [order.id]
    held = (await payments.holds(tx, wanted)).get(order.id)
    freezes = await payments.freezes(tx, wanted)
    refunds = [_given_back(one) for one in await payments.refunds(tx, wanted)]
    parcels = (await logistics.parcels_of(tx, wanted))[order.id]
    scans = await logistics.scans_of(tx, [parcel.id for parcel in parcels])
    return Record(
        order,
        (await lines_of(tx, wanted)).get(order.id, []),
        (await history(tx, wanted)).get(order.id, []),
        deadlines(order),
        money_at(order, held, refunds, frozen=any(f.lifted_at is None for f in freezes)),
        held,
        freezes,
        refunds,
        [Travel(parcel, scans[parcel.id]) for parcel in parcels],
    )


async def visible(tx: Tx, reader: Caller, order_id: UUID) -> Order | Refused:
    """Find an order for a party to it or an operator of its market; nobody else knows of it."""
    order = await find(tx, order_id)
    if order is not None and reader.member_id in order.parties:
        return order
    runs_it = Role.OPERATOR in reader.roles and reader.may(Scope.MARKET_OPERATE)
    if order is not None and runs_it and order.market_id == reader.market_id:
        return order
    return Refused(Code.ORDER_UNKNOWN)


_SILENCE = {
    Deadline.PAY: (Role.BUYER, Otherwise.CLOSED),
    Deadline.SHIP: (Role.SELLER, Otherwise.CANCELLABLE),
    Deadline.CONFIRM: (Role.BUYER, Otherwise.COMPLETED),
}


def deadlines(order: Order) -> list[Due]:
    """List what somebody must still do about an order, each with its exact moment."""
    if order.deadline is None or order.deadline_at is None:
        return []
    of, otherwise = _SILENCE[order.deadline]
    extendable = order.deadline is Deadline.CONFIRM and order.extended_at is None
    due = Due(
        order.deadline, of, order.deadline_at, otherwise, extendable and not order.stopped_at,
        order.stopped_at,
    )  # fmt: skip
    return [due]


_NEXT = {
    Deadline.PAY: Awaited.PAYMENT,
    Deadline.SHIP: Awaited.SHIPMENT,
    Deadline.CONFIRM: Awaited.CONFIRMATION,
}


def money_at(
    order: Order, held: payments.Hold | None, refunds: Sequence[GivenBack], *, frozen: bool
) -> MoneyAt:
    """Tell where an order's money is, and what moves it next."""
    if held is None:
        return _awaited(order, order.total, Holder.BUYER, order.placed_at)
    if held.ended_at is None:
        if frozen:
            since, lifting = held.opened_at, Awaited.LIFTING
            return MoneyAt(held.remaining, held.currency, Holder.HOLD, since, lifting, None, None)
        return _awaited(order, held.remaining, Holder.HOLD, held.opened_at)
    back = sum(one.amount - one.from_hold for one in refunds)
    kept = held.released + held.fees - back
    if kept > 0:
        return MoneyAt(kept, held.currency, Holder.SELLER, held.ended_at, None, None, None)
    since = refunds[-1].at if refunds else held.ended_at
    return MoneyAt(held.amount, held.currency, Holder.BUYER, since, None, None, None)


def _awaited(order: Order, amount: int, holder: Holder, since: datetime) -> MoneyAt:
    due = order.deadline
    if due is None or order.state is State.CLOSED:
        return MoneyAt(amount, order.currency, holder, since, None, None, None)
    at = None if order.stopped_at else order.deadline_at
    return MoneyAt(amount, order.currency, holder, since, _NEXT[due], at, _SILENCE[due][1])


def _given_back(one: payments.Refunded) -> GivenBack:
    return GivenBack(
        one.id, one.amount, one.currency, one.from_hold, one.from_seller, one.from_fees,
        one.from_guarantee, one.actor_id, one.reason, one.at,
    )  # fmt: skip


class Side(Struct, frozen=True):
    """One of the two accounts of a transfer; `owner_id` is null where it is the market's."""

    account_id: UUID
    kind: ledger.Kind
    owner_id: UUID | None


class OrderTransfer(Struct, frozen=True):
    """A row of the ledger about an order."""

    id: UUID
    at: datetime
    code: str
    phase: ledger.Phase
    parent_id: UUID | None
    """The pending transfer that this one ends."""
    amount: int
    currency: str
    debit: Side
    credit: Side


async def transfers(tx: Tx, reader: Caller, order_id: UUID) -> list[OrderTransfer] | Refused:
    """List what the ledger moved for an order, in its order, if the reader may see it."""
    order = await visible(tx, reader, order_id)
    if isinstance(order, Refused):
        return order
    parties = [ledger.wallet(order.market_id, id, order.currency).id for id in order.parties]
    rows = await ledger.transfers_about(tx, order.id, parties, order.placed_at)
    # Of one moment, what ends a transfer comes after what it ends.
    rows.sort(key=lambda row: (row.at, row.parent_id is not None))
    wanted = {id for row in rows for id in (row.debit_id, row.credit_id)}
    accounts = await ledger.accounts(tx, list(wanted))
    return [
        OrderTransfer(
            row.id, row.at, row.code, row.phase, row.parent_id, row.amount, order.currency,
            _side(accounts[row.debit_id]), _side(accounts[row.credit_id]),
        )
        for row in rows
    ]  # fmt: skip


def _side(account: ledger.Account) -> Side:
    return Side(account.id, account.kind, account.owner_id)
