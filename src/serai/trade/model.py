"""What a trade is made of: orders, their lines and states, and the commands that move them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from msgspec import Struct

from serai.kernel.commands import Command
from serai.kernel.tx import Row

LINES_MAX = 100
"""The most lines that a cart or a checkout may have."""
QUANTITY_MAX = 1_000_000
"""The most units that one line may have."""


class State(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    REFUNDED = "refunded"
    CLOSED = "closed"


TRANSITIONS: Mapping[State | None, frozenset[State]] = {
    None: frozenset({State.PLACED}),
    State.PLACED: frozenset({State.PAID, State.CLOSED}),
    State.PAID: frozenset({State.SHIPPED, State.REFUNDED}),
    State.SHIPPED: frozenset({State.DELIVERED, State.REFUNDED}),
    State.DELIVERED: frozenset({State.COMPLETED, State.REFUNDED}),
    State.COMPLETED: frozenset(),
    State.REFUNDED: frozenset(),
    State.CLOSED: frozenset(),
}
"""The steps of an order. Nothing else ever happens to its state."""

HOLDING_STOCK = frozenset({State.PLACED, State.PAID})
"""States in which an order has stock reserved."""


class Deadline(StrEnum):
    """What somebody must have done by an order's deadline."""

    PAY = "pay"
    SHIP = "ship"
    CONFIRM = "confirm"


class Code(StrEnum):
    """Why a trade was declined."""

    NOTHING_CHOSEN = "nothing_chosen"
    TOO_MANY_LINES = "too_many_lines"
    QUANTITY_OUT_OF_RANGE = "quantity_out_of_range"
    NOT_ON_SALE = "not_on_sale"
    OWN_SHOP = "own_shop"
    ADDRESS_UNKNOWN = "address_unknown"
    ADDRESS_MISSING = "address_missing"
    LIMIT_EXCEEDED = "limit_exceeded"
    PRICE_CHANGED = "price_changed"
    TOTAL_OUT_OF_RANGE = "total_out_of_range"
    ORDER_UNKNOWN = "order_unknown"
    ORDER_STATE = "order_state"
    ORDER_STOPPED = "order_stopped"
    NOT_DUE = "not_due"
    TOO_EARLY = "too_early"
    ALREADY_EXTENDED = "already_extended"
    NOT_THE_BUYER = "not_the_buyer"
    NOT_THE_SELLER = "not_the_seller"


class Order(Row, frozen=True):
    """One buyer, one shop. Amounts are minor units of the order's currency."""

    table: ClassVar[str] = "trade_order"

    id: UUID
    market_id: UUID
    checkout_id: UUID
    buyer_id: UUID
    shop_id: UUID
    seller_id: UUID
    state: State
    currency: str
    items_total: int
    shipping_total: int
    total: int
    commission_bp: int
    """The market's fee in hundredths of a percent of the goods, as it was at the sale."""
    digital: bool
    address: dict[str, Any] | None
    placed_at: datetime
    deadline: Deadline | None = None
    deadline_at: datetime | None = None
    extended_at: datetime | None = None
    stopped_at: datetime | None = None
    """Since when its clock stands still; the deadline moves on by as long as that."""

    @property
    def parties(self) -> list[UUID]:
        """Name the two whose affair it is."""
        return [self.buyer_id, self.seller_id]

    def due_at(self, now: datetime) -> datetime | None:
        """Tell the deadline as of now: while the clock stands it moves away like the time."""
        if self.deadline_at is None or self.stopped_at is None:
            return self.deadline_at
        return self.deadline_at + (now - self.stopped_at)


class Line(Row, frozen=True):
    """What was bought, as it was when it was sold."""

    table: ClassVar[str] = "trade_line"
    key: ClassVar[tuple[str, ...]] = ("order_id", "position")

    order_id: UUID
    position: int
    market_id: UUID
    variant_id: UUID
    listing_id: UUID
    title: str
    sku: str
    options: list[str]
    quantity: int
    unit_price: int
    weight_g: int


class Transition(Row, frozen=True):
    """That an order came into a state: who brought it there, when, why, by which command.

    An order is in each state at most once, so the key keeps a step from
    happening twice. The market itself acts under its own id.
    """

    table: ClassVar[str] = "trade_transition"
    key: ClassVar[tuple[str, ...]] = ("order_id", "state")

    order_id: UUID
    state: State
    market_id: UUID
    from_state: State | None
    actor_id: UUID
    command_id: UUID
    reason: str | None
    at: datetime


class Wanted(Struct, frozen=True):
    """So many of a variant."""

    variant_id: UUID
    quantity: int


class Checkout(Command, frozen=True, kw_only=True):
    """Order from one or more shops: an order a shop, one payment, all or nothing.

    `expected` is what the buyer was shown, as a total by currency; where it no
    longer holds, the checkout is refused with the totals of now. With `pay` the
    money is held at once, otherwise the orders wait for payment.
    """

    wanted: tuple[Wanted, ...]
    address_id: UUID | None = None
    expected: dict[str, int] | None = None
    pay: bool = True
    from_cart: bool = False


class PlacedOrder(Struct, frozen=True):
    """One order of a checkout."""

    id: UUID
    shop_id: UUID
    total: int
    currency: str
    state: State
    deadline_at: datetime


class Placed(Struct, frozen=True, tag="placed", tag_field="outcome"):
    """The orders of a checkout."""

    checkout_id: UUID
    orders: tuple[PlacedOrder, ...]


class Pay(Command, frozen=True, kw_only=True):
    """Pay orders that wait for it, from the buyer's wallet; all of them or none."""

    order_ids: tuple[UUID, ...]


class OrderCommand(Command, frozen=True, kw_only=True):
    """A command about one order."""

    order_id: UUID


class Cancel(OrderCommand, frozen=True, kw_only=True):
    """Call an order off before it is shipped; what was paid goes back."""

    reason: str = ""


class Close(OrderCommand, frozen=True, kw_only=True):
    """Close an order that was not paid in time. Sent by its timer."""


class Ship(OrderCommand, frozen=True, kw_only=True):
    """Hand the goods of an order to a carrier, or send what is digital."""

    note: str = ""


class Deliver(OrderCommand, frozen=True, kw_only=True):
    """Note that everything of an order has arrived. Sent when the carrier scans it."""

    at: datetime


class SendBack(OrderCommand, frozen=True, kw_only=True):
    """Refund an order that came back to its seller. Sent when the carrier scans it."""


class Confirm(OrderCommand, frozen=True, kw_only=True):
    """Confirm receipt: the seller is paid."""


class Expire(OrderCommand, frozen=True, kw_only=True):
    """Complete an order whose buyer stayed silent. Sent by its timer."""


class Extend(OrderCommand, frozen=True, kw_only=True):
    """Give the buyer more time to confirm; once."""


class Refund(OrderCommand, frozen=True, kw_only=True):
    """Give the buyer back `amount` of an order, or all that is left of it."""

    amount: int | None = None
    reason: str = ""


class Stop(OrderCommand, frozen=True, kw_only=True):
    """Stop an order's clock and freeze its money, for a reason both sides can read."""

    reason: str


class Resume(OrderCommand, frozen=True, kw_only=True):
    """Lift a freeze; when none is left the clock goes on where it stood."""

    freeze_id: UUID
    reason: str


class Moved(Struct, frozen=True, tag="moved", tag_field="outcome"):
    """Where an order stands after a command."""

    order_id: UUID
    state: State
    deadline: Deadline | None = None
    deadline_at: datetime | None = None
    stopped_at: datetime | None = None


class RefundMade(Struct, frozen=True, tag="refund_made", tag_field="outcome"):
    """What the buyer was given back, and where the order stands after it."""

    order_id: UUID
    amount: int
    from_guarantee: int
    state: State


class Stopped(Struct, frozen=True, tag="stopped", tag_field="outcome"):
    """The freeze that stops an order."""

    order_id: UUID
    freeze_id: UUID
    stopped_at: datetime
