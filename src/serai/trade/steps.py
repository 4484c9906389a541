"""Steps: how orders get from one state to the next, many at a time.

`Steps` gathers what a batch of commands does to the orders it has locked, and
writes it set-wise at the end: order rows, transitions, timers, events.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from serai import members
from serai.kernel import outbox, timers
from serai.kernel.commands import Command
from serai.kernel.lock import lock
from serai.kernel.tx import Tx
from serai.trade.model import TRANSITIONS, Deadline, Moved, Order, State, Transition

TIMERS = {
    Deadline.PAY: "trade.unpaid",
    Deadline.SHIP: "trade.overdue",
    Deadline.CONFIRM: "trade.silent",
}
"""What is done when a deadline passes: close, remind, complete."""


class Steps:
    """What one batch does to orders. Lives as long as the batch is decided."""

    def __init__(self, tx: Tx, orders: Iterable[Order] = ()) -> None:
        self._tx = tx
        self._orders = {order.id: order for order in orders}
        self._changed: set[UUID] = set()
        self._transitions: list[Transition] = []
        self._events: list[outbox.Event] = []

    @classmethod
    async def locking(cls, tx: Tx, order_ids: Iterable[UUID]) -> "Steps":
        """Lock orders, in the order of their ids, and begin."""
        return cls(tx, await lock(tx, Order, order_ids))

    def order(self, id: UUID) -> Order | None:
        """Give an order as it stands after the steps so far."""
        return self._orders.get(id)

    def step(
        self,
        order: Order,
        to: State,
        command: Command,
        *,
        actor_id: UUID | None = None,
        reason: str | None = None,
        due: tuple[Deadline, datetime] | None = None,
        tell: bool = True,
    ) -> Order:
        """Bring an order into a state. A step that is not drawn is a bug, not a refusal."""
        before = order.state if order.id in self._orders else None
        if to not in TRANSITIONS[before]:
            message = f"no order goes from {before} to {to}"
            raise RuntimeError(message)
        deadline, deadline_at = due or (None, None)
        # A deadline that begins while the clock stands has stood for no time yet.
        stopped_at = self._tx.now if due and order.stopped_at else order.stopped_at
        after = replace(
            order, state=to, deadline=deadline, deadline_at=deadline_at, stopped_at=stopped_at
        )
        self._put(after)
        self._transitions.append(
            Transition(
                order.id,
                to,
                order.market_id,
                before,
                actor_id or command.actor_id,
                command.id,
                reason,
                self._tx.now,
            )
        )
        if tell:
            self.tell(after, f"order.{to}")
        return after

    def amend(
        self,
        order: Order,
        *,
        deadline_at: datetime | UnsetType = UNSET,
        extended_at: datetime | UnsetType = UNSET,
        stopped_at: datetime | UnsetType | None = UNSET,
    ) -> Order:
        """Change what may change of an order within a state."""
        given = {"deadline_at": deadline_at, "extended_at": extended_at, "stopped_at": stopped_at}
        changes = {name: value for name, value in given.items() if value is not UNSET}
        after = replace(order, **changes)
        self._put(after)
        return after

    def tell(self, order: Order, kind: str, **facts: Any) -> None:  # noqa: ANN401  JSON values
        """Announce something about an order to its two parties."""
        body = {
            "order_id": str(order.id),
            "shop_id": str(order.shop_id),
            "buyer_id": str(order.buyer_id),
            "seller_id": str(order.seller_id),
            "state": order.state,
            "total": order.total,
            "currency": order.currency,
            **facts,
        }
        self._events.append(
            outbox.event(
                self._tx,
                market_id=order.market_id,
                subject=order.id,
                kind=kind,
                body=body,
                audience=order.parties,
            )
        )

    def _put(self, order: Order) -> None:
        self._orders[order.id] = order
        self._changed.add(order.id)

    async def write(self, *, new: bool = False) -> None:
        """Write everything; `new` when the orders were made by this batch."""
        changed = [self._orders[id] for id in sorted(self._changed)]
        if new:
            await self._tx.insert(changed)
        elif changed:
            await self._update(changed)
        await self._tx.insert(self._transitions)
        await self._set_timers(changed, new=new)
        await outbox.emit(self._tx, self._events)

    async def _update(self, changed: Sequence[Order]) -> None:
        await self._tx.execute(
            _UPDATE,
            [order.id for order in changed],
            [order.state for order in changed],
            [order.deadline for order in changed],
            [order.deadline_at for order in changed],
            [order.extended_at for order in changed],
            [order.stopped_at for order in changed],
        )

    async def _set_timers(self, changed: Sequence[Order], *, new: bool) -> None:
        due = [
            timers.timer(
                self._tx,
                subject=order.id,
                kind=TIMERS[order.deadline],
                market_id=order.market_id,
                due_at=order.deadline_at,
            )
            for order in changed
            if order.deadline and order.deadline_at and order.stopped_at is None
        ]
        if new:
            await timers.start_first(self._tx, due)
            return
        await timers.stop(self._tx, list(TIMERS.values()), [order.id for order in changed])
        await timers.start(self._tx, due)


_UPDATE = """
update trade_order as o
set state = new.state, deadline = new.deadline, deadline_at = new.deadline_at,
    extended_at = new.extended_at, stopped_at = new.stopped_at
from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
    $6::timestamptz[]) as new(id, state, deadline, deadline_at, extended_at, stopped_at)
where o.id = new.id
"""


def moved(order: Order) -> Moved:
    """Tell where an order stands."""
    return Moved(order.id, order.state, order.deadline, order.deadline_at, order.stopped_at)


@lru_cache(maxsize=64)
def unpaid(terms: members.Terms, now: datetime) -> tuple[Deadline, datetime]:
    """Tell until when a placed order waits for its payment."""
    return Deadline.PAY, now + timedelta(minutes=terms.unpaid_minutes)


@lru_cache(maxsize=64)
def unshipped(terms: members.Terms, now: datetime) -> tuple[Deadline, datetime]:
    """Tell until when a paid order must be shipped."""
    return Deadline.SHIP, now + timedelta(hours=terms.ship_hours)


def unconfirmed(
    terms: members.Terms, order: Order, now: datetime, *, scanned: bool
) -> tuple[Deadline, datetime]:
    """Tell until when a buyer may stay silent: longer where no scan says that it arrived."""
    if order.digital:
        days = terms.confirm_digital_days
    else:
        days = terms.confirm_days if scanned else terms.confirm_unscanned_days
    return Deadline.CONFIRM, now + timedelta(days=days)


async def terms_of(tx: Tx, orders: Iterable[Order | None]) -> dict[UUID, members.Terms]:
    """Read the terms of the markets that orders belong to."""
    found: dict[UUID, members.Terms] = {}
    for market_id in {order.market_id for order in orders if order}:
        market = await members.market(tx, market_id)
        if market is None:
            message = f"orders of an unknown market {market_id}"
            raise RuntimeError(message)
        found[market_id] = market.terms
    return found
