"""The sandbox bank: it ships with the product, and no real money is in it.

It plays an outside system: it keeps its own books in transactions of its own
and never looks into ours. The account that a member gives decides how it
behaves, as test cards do:

| account | what happens |
|---|---|
| `SANDBOX-OK`, or any other | paid at once, and on the statement at once |
| `SANDBOX-FAIL` | answers that it failed, with a reason; no money moves |
| `SANDBOX-LATE` | as OK, but 36 hours later |
| `SANDBOX-TWICE` | as OK, and the same answer is told twice |
| `SANDBOX-SILENT` | never answers, not when asked either; on the statement after 4 days |
| `SANDBOX-RETURN` | as OK, and a payout comes back two days later |
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from serai.kernel import ids
from serai.kernel.tx import Database, Row, Tx
from serai.payments.providers import Answer, Ask, BankLine, Word

NAME = "sandbox"

LATE = timedelta(hours=36)
SILENT = timedelta(days=4)
RETURN = timedelta(days=2)

FAIL_REASON = "the account refuses this payment (sandbox)"
RETURN_REASON = "the account is closed (sandbox)"

_DEPOSIT, _PAYOUT = "deposit", "payout"


class _Asked(Row, frozen=True):
    table: ClassVar[str] = "payments_sandbox_ask"

    id: UUID
    market_id: UUID
    kind: str
    account: str
    currency: str
    amount: int
    asked_at: datetime


class _Answering(Row, frozen=True):
    table: ClassVar[str] = "payments_sandbox_answer"

    id: UUID
    ask_id: UUID
    market_id: UUID
    word: Word
    reason: str | None
    due_at: datetime
    tellings: int


class _Booked(Row, frozen=True):
    table: ClassVar[str] = "payments_sandbox_line"

    id: UUID
    market_id: UUID
    reference: str
    currency: str
    amount: int
    booked_at: datetime
    told_at: datetime | None = None


class _Event(Struct, frozen=True):
    """What the bank will do about an ask: say a word, move the money, or both."""

    after: timedelta
    word: Word | None
    moves: bool
    reason: str | None = None
    tellings: int = 1


_AT_ONCE = timedelta(0)
_OK = (_Event(_AT_ONCE, Word.PAID, moves=True),)
_BACK = _Event(RETURN, Word.RETURNED, moves=True, reason=RETURN_REASON)

_BEHAVIOURS = {
    "SANDBOX-FAIL": (_Event(_AT_ONCE, Word.FAILED, moves=False, reason=FAIL_REASON),),
    "SANDBOX-LATE": (_Event(LATE, Word.PAID, moves=True),),
    "SANDBOX-TWICE": (_Event(_AT_ONCE, Word.PAID, moves=True, tellings=2),),
    "SANDBOX-SILENT": (_Event(SILENT, None, moves=True),),
}


class SandboxBank:
    """The bank. Any number of processes may hold one; the books are in the database."""

    name = NAME

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask_deposit(self, ask: Ask) -> None:
        """Take an ask for money to come in; raises `ValueError` if its id said something else."""
        await self._take(ask, _DEPOSIT)

    async def send_payout(self, ask: Ask) -> None:
        """Take an ask for money to go out; raises `ValueError` if its id said something else."""
        await self._take(ask, _PAYOUT)

    async def answers(self, limit: int) -> list[Answer]:
        """Tell the answers that are due."""
        async with self._database.tx() as tx:
            return await tx.fetch(Answer, _ANSWERS_DUE, tx.now, limit)

    async def acknowledge(self, answers: Sequence[Answer]) -> None:
        """Count these answers as told once more."""
        async with self._database.tx() as tx:
            await tx.execute(_TOLD, sorted(answer.id for answer in answers))

    async def look_up(self, ask_id: UUID) -> Answer | None:
        """Tell the last answer that is due for an ask."""
        async with self._database.tx() as tx:
            return await tx.first(Answer, _LAST_ANSWER, ask_id, tx.now)

    async def lines(self, limit: int) -> list[BankLine]:
        """Tell the lines of the statement that nobody has acknowledged."""
        async with self._database.tx() as tx:
            return await tx.fetch(BankLine, _LINES_DUE, tx.now, limit, self.name)

    async def acknowledge_lines(self, lines: Sequence[BankLine]) -> None:
        """Tell these lines no more."""
        async with self._database.tx() as tx:
            await tx.execute(_LINES_TOLD, sorted(line.id for line in lines), tx.now)

    async def stray(self, market_id: UUID, amount: int, currency: str, reference: str) -> UUID:
        """Put a line on the statement that nobody asked for; gives its id. For demos and tests."""
        if amount == 0:
            message = "a line of a statement moves money"
            raise ValueError(message)
        async with self._database.tx() as tx:
            now = tx.clock.now()
            line = _Booked(ids.new(now), market_id, reference, currency, amount, now)
            await tx.insert([line])
        return line.id

    async def _take(self, ask: Ask, kind: str) -> None:
        async with self._database.tx() as tx:
            now = tx.clock.now()
            new = await tx.execute(
                _TAKE, ask.id, ask.market_id, kind, ask.account, ask.currency, ask.amount, now
            )
            if not new:
                await _same(tx, ask, kind)
                return
            happening = _behaviour(kind, ask.account)
            await tx.insert([row for e in happening for row in _answering(ask, e, now)])
            await tx.insert([row for e in happening for row in _booked(ask, kind, e, now)])


_TAKE = """
insert into payments_sandbox_ask (id, market_id, kind, account, currency, amount, asked_at)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
"""


async def _same(tx: Tx, ask: Ask, kind: str) -> None:
    known = await tx.first(
        _Asked,
        "select id, market_id, kind, account, currency, amount, asked_at"
        " from payments_sandbox_ask where id = $1",
        ask.id,
    )
    said = (ask.market_id, kind, ask.account, ask.currency, ask.amount)
    if known is None or said != (
        known.market_id, known.kind, known.account, known.currency, known.amount
    ):  # fmt: skip
        message = f"ask {ask.id} was made before, and said something else"
        raise ValueError(message)


def _behaviour(kind: str, account: str) -> tuple[_Event, ...]:
    word = account.strip().upper()
    if word == "SANDBOX-RETURN" and kind == _PAYOUT:
        return (*_OK, _BACK)
    return _BEHAVIOURS.get(word, _OK)


def _answering(ask: Ask, event: _Event, now: datetime) -> list[_Answering]:
    if event.word is None:
        return []
    id = ids.derive(ask.id, NAME, "answer", event.word)
    due_at = now + event.after
    return [_Answering(id, ask.id, ask.market_id, event.word, event.reason, due_at, event.tellings)]


def _booked(ask: Ask, kind: str, event: _Event, now: datetime) -> list[_Booked]:
    """Write the line of an event that moves money; what is returned moves the other way."""
    if not event.moves:
        return []
    comes_in = (kind == _DEPOSIT) != (event.word is Word.RETURNED)
    amount = ask.amount if comes_in else -ask.amount
    id = ids.derive(ask.id, NAME, "line", event.word or "")
    booked_at = now + event.after
    return [_Booked(id, ask.market_id, str(ask.id), ask.currency, amount, booked_at)]


_ANSWERS_DUE = """
select id, market_id, ask_id, word, reason, due_at as at from payments_sandbox_answer
where tellings > 0 and due_at <= $1 order by due_at, id limit $2
"""

_TOLD = """
update payments_sandbox_answer set tellings = greatest(tellings - 1, 0) where id = any($1)
"""

_LAST_ANSWER = """
select id, market_id, ask_id, word, reason, due_at as at from payments_sandbox_answer
where ask_id = $1 and due_at <= $2 order by due_at desc, id desc limit 1
"""

_LINES_DUE = """
select id, market_id, $3::text as provider, reference, currency, amount, booked_at
from payments_sandbox_line
where told_at is null and booked_at <= $1 order by booked_at, id limit $2
"""

_LINES_TOLD = """
update payments_sandbox_line set told_at = $2 where id = any($1) and told_at is null
"""
