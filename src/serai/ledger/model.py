"""What a ledger is made of: accounts, transfers between two of them, journals of transfers.

Amounts are minor units in the currency of both accounts. A transfer is one row
that names the account debited and the account credited, so it balances because
it cannot do otherwise.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from serai.kernel import ids
from serai.kernel.commands import Command
from serai.kernel.tx import Row


class Kind(StrEnum):
    """What an account stands for; `docs/architecture.md` says when each moves."""

    CASH = "cash"
    WALLET = "wallet"
    FEES = "fees"
    PROMOTIONS = "promotions"
    GUARANTEE = "guarantee"
    IN_TRANSIT = "in_transit"
    SUSPENSE = "suspense"


DEBIT_NORMAL = frozenset({Kind.CASH, Kind.PROMOTIONS})
"""Kinds whose balance is debits less credits: assets and expenses."""


class Name(Struct, frozen=True):
    """The name of an account; who knows it knows the account's id."""

    market_id: UUID
    kind: Kind
    currency: str
    owner_id: UUID | None = None
    label: str = ""

    @property
    def id(self) -> UUID:
        """Give the one id that an account of this name has."""
        return _id(self)


@lru_cache(maxsize=100_000)
def _id(name: Name) -> UUID:
    parent = name.owner_id or name.market_id
    return ids.derive(parent, name.market_id, name.kind, name.currency, name.label)


def wallet(market_id: UUID, member_id: UUID, currency: str) -> Name:
    """Name a member's wallet in a currency: what the market owes the member."""
    return Name(market_id, Kind.WALLET, currency, owner_id=member_id)


def cash(market_id: UUID, provider: str, currency: str) -> Name:
    """Name the market's money at a provider."""
    return Name(market_id, Kind.CASH, currency, label=provider)


def house(market_id: UUID, kind: Kind, currency: str) -> Name:
    """Name one of the market's own accounts that has one of a kind and currency."""
    return Name(market_id, kind, currency)


class Account(Row, frozen=True):
    """An account and its four counters, which only grow but for what is pending."""

    table: ClassVar[str] = "ledger_account"

    id: UUID
    market_id: UUID
    kind: Kind
    owner_id: UUID | None
    label: str
    currency: str
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int
    opened_at: datetime

    @property
    def balance(self) -> int:
        """Give what is posted, in the account's normal direction."""
        net = self.credits_posted - self.debits_posted
        return -net if self.kind in DEBIT_NORMAL else net

    @property
    def available(self) -> int:
        """Give what can be spent of a credit account: posted, less what is held."""
        return self.credits_posted - self.debits_posted - self.debits_pending


def opened(name: Name, at: datetime) -> Account:
    """Make the row of an account that nothing has moved yet."""
    return Account(
        name.id, name.market_id, name.kind, name.owner_id, name.label, name.currency, 0, 0, 0, 0, at
    )


class Phase(StrEnum):
    """What a transfer does to the counters."""

    POSTED = "posted"
    PENDING = "pending"
    SETTLED = "settled"
    VOIDED = "voided"
    EXPIRED = "expired"


class Transfer(Row, frozen=True):
    """A row of the journal; never changed, never deleted."""

    table: ClassVar[str] = "ledger_transfer"

    id: UUID
    market_id: UUID
    journal_id: UUID
    debit_id: UUID
    credit_id: UUID
    amount: int
    phase: Phase
    parent_id: UUID | None
    """The pending transfer that this one ends, or the one that it reverses."""
    code: str
    """Why, in the words of the hall that asked: `order.hold`, `payout.sent`."""
    subject_id: UUID
    """The order, payout or other thing that it is about."""
    at: datetime


class Move(Struct, frozen=True, tag="move", tag_field="leg"):
    """Post an amount from one account to another, or set it aside as pending.

    `subject_id` is what it is about, where that is not the journal's subject. A
    pending one with `expires_at` is given back at that moment unless it ended
    before.
    """

    debit: Name
    credit: Name
    amount: int
    pending: bool = False
    subject_id: UUID | None = None
    expires_at: datetime | None = None


class Settle(Struct, frozen=True, tag="settle", tag_field="leg"):
    """Post a pending transfer: all of it, or a part while the rest goes back."""

    pending_id: UUID
    amount: int | None = None


class Void(Struct, frozen=True, tag="void", tag_field="leg"):
    """Give all of a pending transfer back; `expired` when its time ran out."""

    pending_id: UUID
    expired: bool = False


class Reverse(Struct, frozen=True, tag="reverse", tag_field="leg"):
    """Undo a posted transfer by an equal one the other way; possible once."""

    transfer_id: UUID


Leg = Move | Settle | Void | Reverse

EXPIRY = "ledger.expire"
"""The kind of timer that ends a pending transfer, which is its subject."""


class Journal(Command, frozen=True, kw_only=True):
    """Transfers that stand or fall together, in order."""

    code: str
    subject_id: UUID
    legs: tuple[Leg, ...]


class Posted(Struct, frozen=True, tag="posted", tag_field="outcome"):
    """That a journal stands, with the ids of its transfers, one a leg."""

    id: UUID
    transfer_ids: tuple[UUID, ...]


class Code(StrEnum):
    """Why a journal was declined."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    CURRENCY_MISMATCH = "currency_mismatch"
    SAME_ACCOUNT = "same_account"
    OTHER_MARKET = "other_market"
    TRANSFER_UNKNOWN = "transfer_unknown"
    NOT_PENDING = "not_pending"
    ALREADY_SETTLED = "already_settled"
    ALREADY_VOIDED = "already_voided"
    ALREADY_EXPIRED = "already_expired"
    EXCEEDS_PENDING = "exceeds_pending"
    NOT_POSTED = "not_posted"
    ALREADY_REVERSED = "already_reversed"


def pending_id(journal_id: UUID, leg: int = 0) -> UUID:
    """Tell the id that leg number `leg` of a journal gets as a new transfer."""
    return ids.derive(journal_id, str(leg))


def end_id(pending: UUID) -> UUID:
    """Tell the only id that the end of a pending transfer can have."""
    return ids.derive(pending, "end")


def reversal_id(transfer: UUID) -> UUID:
    """Tell the only id that the reversal of a transfer can have."""
    return ids.derive(transfer, "reversal")


def parents(journals: Sequence[Journal]) -> set[UUID]:
    """Collect the earlier transfers that journals refer to."""
    found: set[UUID] = set()
    for journal in journals:
        for leg in journal.legs:
            if isinstance(leg, Settle | Void):
                found.add(leg.pending_id)
            elif isinstance(leg, Reverse):
                found.add(leg.transfer_id)
    return found
