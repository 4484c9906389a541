"""Money between wallets and the outside: commands, outcomes, rows, states, refusals.

A top-up is money asked of a member's bank, a payout money sent to it. Both are
told by the bank, hours later perhaps, what became of them.
"""

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from serai.kernel.commands import Command
from serai.kernel.tx import Row
from serai.payments.providers import Word

ASK_DEPOSIT = "payments.ask_deposit"
SEND_PAYOUT = "payments.send_payout"
LOOK_UP = "payments.look_up"
"""Kinds of timers: intents that the worker carries out."""


class FundingCode(StrEnum):
    """Why something was declined. The facts that come with each are in its comment."""

    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"  # most
    CURRENCY_UNKNOWN = "currency_unknown"  # field
    PROVIDER_UNKNOWN = "provider_unknown"  # field, offered
    FIELD_INVALID = "field_invalid"  # field, and what it must be: min, max or expected
    INSUFFICIENT_FUNDS = "insufficient_funds"  # missing, currency
    MEMBER_UNKNOWN = "member_unknown"  # member_id
    SAME_MEMBER = "same_member"  # none: nobody transfers to himself
    ASK_UNKNOWN = "ask_unknown"  # ask_id: the bank speaks of what it was not asked
    ANSWER_UNFIT = "answer_unfit"  # state, word: a top-up is never returned
    ALREADY_PAID = "already_paid"  # state, word: what the bank says came too late
    ALREADY_FAILED = "already_failed"  # the same
    ALREADY_RETURNED = "already_returned"  # the same
    ID_REUSED = "id_reused"  # none: this id said something else before
    LINE_UNKNOWN = "line_unknown"  # line_id
    NOT_IN_SUSPENSE = "not_in_suspense"  # line_id: all of it is matched
    ALREADY_RESOLVED = "already_resolved"  # line_id, as, at
    NOT_OPPOSITE = "not_opposite"  # amount, other: these lines do not cancel each other
    OPERATOR_ONLY = "operator_only"  # none


class Said(StrEnum):
    """What moves a top-up or payout on: our call, or a word of the bank."""

    SENT = "sent"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"


class TopUpState(StrEnum):
    """How far a top-up has come."""

    REQUESTED = "requested"
    ASKED = "asked"
    PAID = "paid"
    FAILED = "failed"


class PayoutState(StrEnum):
    """How far a payout has come."""

    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"


# ── Commands and their outcomes ──────────────────────────────────────────────


class TopUp(Command, frozen=True, kw_only=True):
    """Have the actor's bank pay into the actor's wallet. Amounts are minor units."""

    amount: int
    currency: str
    account: str
    provider: str = "sandbox"


class ToppingUp(Struct, frozen=True, tag="topping_up", tag_field="outcome"):
    """That a top-up is requested; the money is there when the bank says so."""

    id: UUID
    currency: str
    amount: int
    requested_at: datetime


class Withdraw(Command, frozen=True, kw_only=True):
    """Have money of the actor's wallet sent to an account at a bank."""

    amount: int
    currency: str
    account: str
    holder: str
    provider: str = "sandbox"


class Withdrawing(Struct, frozen=True, tag="withdrawing", tag_field="outcome"):
    """That the money has left the wallet and a payout of it is pending."""

    id: UUID
    currency: str
    amount: int
    requested_at: datetime


class Transfer(Command, frozen=True, kw_only=True):
    """Give money of the actor's wallet to another member of the market."""

    to_id: UUID
    amount: int
    currency: str
    note: str = ""


class Transferred(Struct, frozen=True, tag="transferred", tag_field="outcome"):
    """That the money is in the other member's wallet."""

    id: UUID
    to_id: UUID
    currency: str
    amount: int
    at: datetime


class Hear(Command, frozen=True, kw_only=True):
    """What a bank said, as a command. Its id follows from the answer's."""

    provider: str
    ask_id: UUID
    word: Word
    reason: str | None
    at: datetime


class Heard(Struct, frozen=True, tag="heard", tag_field="outcome"):
    """Where a top-up or payout stands after a word; `changed` when it had not been known."""

    subject_id: UUID
    state: str
    changed: bool


class Matched(Struct, frozen=True, tag="matched", tag_field="outcome"):
    """That a line of the statement is what the ledger has booked for that top-up or payout."""

    line_id: UUID
    subject_id: UUID


class Suspended(Struct, frozen=True, tag="suspended", tag_field="outcome"):
    """That a line, or the part of it which matches nothing, is in suspense."""

    line_id: UUID
    subject_id: UUID | None
    amount: int
    """Above zero where more came in, or less went out, than the ledger has booked."""


# ── Rows ─────────────────────────────────────────────────────────────────────


class Deposit(Row, frozen=True):
    """A top-up, from the request to the bank's last word."""

    table: ClassVar[str] = "payments_topup"

    id: UUID
    market_id: UUID
    member_id: UUID
    provider: str
    account: str
    currency: str
    amount: int
    state: TopUpState
    reason: str | None
    requested_at: datetime


class Payout(Row, frozen=True):
    """A payout, from the request to the bank's last word."""

    table: ClassVar[str] = "payments_payout"

    id: UUID
    market_id: UUID
    member_id: UUID
    provider: str
    account: str
    holder: str
    currency: str
    amount: int
    state: PayoutState
    reason: str | None
    requested_at: datetime


Subject = Deposit | Payout


class Step(Row, frozen=True):
    """That a top-up or payout came into a state, when, and by which command."""

    table: ClassVar[str] = "payments_step"
    key: ClassVar[tuple[str, ...]] = ("subject_id", "state")

    subject_id: UUID
    state: str
    market_id: UUID
    command_id: UUID
    at: datetime
    reason: str | None


class DepositLife(Struct, frozen=True):
    """A top-up and every state it was in, in order."""

    deposit: Deposit
    steps: list[Step]


class PayoutLife(Struct, frozen=True):
    """A payout and every state it was in, in order."""

    payout: Payout
    steps: list[Step]


class StatementLine(Row, frozen=True):
    """A line of a bank statement, what it was matched with, and what of it is in suspense."""

    table: ClassVar[str] = "payments_bank_line"

    id: UUID
    market_id: UUID
    provider: str
    reference: str
    currency: str
    amount: int
    booked_at: datetime
    read_at: datetime
    matched_id: UUID | None = None
    suspense_transfer_id: UUID | None = None
    suspense_amount: int | None = None
    resolved_as: str | None = None
    resolved_transfer_id: UUID | None = None
    resolved_with: UUID | None = None
    """The line that cancels this one: it went back to whom it came from."""
    resolved_by: UUID | None = None
    resolved_at: datetime | None = None
    resolve_reason: str | None = None


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of what follows; by these one account poses as another."""


def readable(text: str, longest: int) -> str:
    """Keep what a column and a person can take of a text that comes from outside."""
    return "".join(" " if _unfit(letter) else letter for letter in text)[:longest]


def _unfit(letter: str) -> bool:
    return letter in _TURNING or unicodedata.category(letter) in {"Cc", "Cs"}
