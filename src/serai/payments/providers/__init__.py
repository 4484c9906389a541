"""Providers: the banks and card processors outside, behind one protocol.

One file an adapter. A provider is called by the worker alone, never inside a
transaction of ours, and may fail, answer late, twice or never: whoever calls it
asks again with the same id, and hears an answer as often as it is told.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from msgspec import Struct

NAMES = frozenset({"sandbox"})
"""The adapters that there are; a member may name no other."""


class Word(StrEnum):
    """What a bank can say of what it was asked."""

    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"


class Ask(Struct, frozen=True):
    """What a bank is asked: to take or to send `amount` minor units, once for this id."""

    id: UUID
    market_id: UUID
    account: str
    """The member's account at a bank, in the provider's own spelling."""
    holder: str
    currency: str
    amount: int


class Answer(Struct, frozen=True):
    """What a bank says of an ask. The id is the answer's own: told again, it is the same."""

    id: UUID
    market_id: UUID
    ask_id: UUID
    word: Word
    reason: str | None
    at: datetime


class BankLine(Struct, frozen=True):
    """A line of the market's bank statement: money that did move.

    `amount` is in minor units, above zero where money came in. The id is made
    from the bank's own so that it differs between banks.
    """

    id: UUID
    market_id: UUID
    provider: str
    reference: str
    currency: str
    amount: int
    booked_at: datetime


class Provider(Protocol):
    """A bank or card processor. Its methods raise where it cannot be reached."""

    @property
    def name(self) -> str:
        """Tell the adapter's name, which is one of `NAMES`."""
        ...

    async def ask_deposit(self, ask: Ask) -> None:
        """Ask for money from a member's account; the same id again asks nothing new."""
        ...

    async def send_payout(self, ask: Ask) -> None:
        """Send money to a member's account; the same id again sends nothing more."""
        ...

    async def answers(self, limit: int) -> list[Answer]:
        """Fetch answers, oldest first; each is told until it is acknowledged, or oftener."""
        ...

    async def acknowledge(self, answers: Sequence[Answer]) -> None:
        """Say that these answers are dealt with, once that is committed."""
        ...

    async def look_up(self, ask_id: UUID) -> Answer | None:
        """Ask what became of an ask; None when the bank does not know, or not yet."""
        ...

    async def lines(self, limit: int) -> list[BankLine]:
        """Fetch lines of the statement in their order, each until it is acknowledged."""
        ...

    async def acknowledge_lines(self, lines: Sequence[BankLine]) -> None:
        """Say that these lines are dealt with, once that is committed."""
        ...
