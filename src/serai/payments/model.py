"""Money held for an order, and what becomes of it.

A hold is the buyer's money, set aside for one order as a pending transfer from
his wallet to the seller's. It ends once: released to the seller, refunded to
the buyer, or in parts of both.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from serai.kernel.tx import Row


class Code(StrEnum):
    """Why a payment was declined."""

    HOLD_UNKNOWN = "hold_unknown"
    HOLD_ENDED = "hold_ended"
    HOLD_FROZEN = "hold_frozen"
    FREEZE_UNKNOWN = "freeze_unknown"
    REFUND_EXCEEDS = "refund_exceeds"


class Hold(Row, frozen=True):
    """The buyer's money for one order; what left it, and the pending transfer of the rest."""

    table: ClassVar[str] = "payments_hold"
    key: ClassVar[tuple[str, ...]] = ("order_id",)

    order_id: UUID
    market_id: UUID
    buyer_id: UUID
    seller_id: UUID
    currency: str
    amount: int
    released: int
    refunded: int
    fees: int
    pending_id: UUID
    opened_at: datetime
    ended_at: datetime | None = None

    @property
    def remaining(self) -> int:
        """Give what is still held, in minor units."""
        return self.amount - self.released - self.refunded - self.fees


class Part(Struct, frozen=True):
    """One order's share of a payment."""

    order_id: UUID
    seller_id: UUID
    currency: str
    amount: int


class Payment(Struct, frozen=True):
    """One payment by a buyer for the orders of a checkout; all are paid or none."""

    id: UUID
    market_id: UUID
    buyer_id: UUID
    parts: tuple[Part, ...]


class Held(Struct, frozen=True, tag="held", tag_field="outcome"):
    """That the money of every part is set aside."""

    id: UUID


class Release(Struct, frozen=True):
    """Give what is held for an order to its seller, less the market's fee.

    `fee` is that on the whole order; of what is left of it the market keeps in
    proportion.
    """

    order_id: UUID
    fee: int
    actor_id: UUID


class Released(Struct, frozen=True, tag="released", tag_field="outcome"):
    """What the seller was given and what the market kept."""

    order_id: UUID
    amount: int
    fee: int


class Refund(Struct, frozen=True):
    """Give money of an order back to its buyer: `amount`, or all there is.

    `id` is that of the command that asks.
    """

    id: UUID
    order_id: UUID
    amount: int | None
    actor_id: UUID
    reason: str


class Refunded(Row, frozen=True, tag="refunded", tag_field="outcome"):
    """What the buyer was given back, and from whose money."""

    table: ClassVar[str] = "payments_refund"

    id: UUID
    order_id: UUID
    market_id: UUID
    currency: str
    from_hold: int
    from_seller: int
    from_fees: int
    from_guarantee: int
    actor_id: UUID
    reason: str
    at: datetime

    @property
    def amount(self) -> int:
        """Give the whole refund, in minor units."""
        return self.from_hold + self.from_seller + self.from_fees + self.from_guarantee


class Freeze(Row, frozen=True):
    """A time in which nothing may be released of a hold; open until lifted."""

    table: ClassVar[str] = "payments_freeze"

    id: UUID
    order_id: UUID
    market_id: UUID
    reason: str
    frozen_by: UUID
    frozen_at: datetime
    lifted_by: UUID | None = None
    lifted_at: datetime | None = None
    lift_reason: str | None = None


class Claim(Row, frozen=True):
    """What the guarantee paid for a seller, and how much of it he has given back."""

    table: ClassVar[str] = "payments_claim"

    id: UUID
    market_id: UUID
    seller_id: UUID
    order_id: UUID
    currency: str
    amount: int
    recovered: int
    at: datetime
