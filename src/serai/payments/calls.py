"""Calls: the worker speaks with the banks, outside every transaction.

What is to be asked was written down with a timer. The call is made first and
noted after it: dying in between, the worker calls again with the same id, which
the bank takes for the same ask. What the bank says comes back as commands that
are done once, and is acknowledged only when that is committed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

import structlog

from serai.kernel import timers
from serai.kernel.batch import Batcher
from serai.kernel.errors import Refused
from serai.kernel.timers import Handler, Timer
from serai.kernel.tx import Database, Tx
from serai.payments.answers import Sent, hear, hearing, sent
from serai.payments.asked import LOOK_UP_AFTER, look_up_timer, waits
from serai.payments.funding_model import (
    ASK_DEPOSIT,
    LOOK_UP,
    SEND_PAYOUT,
    PayoutState,
    Subject,
    Suspended,
    TopUpState,
)
from serai.payments.payouts import payouts_by_id
from serai.payments.providers import NAMES, Ask, Provider
from serai.payments.reconciliation import reconcile
from serai.payments.topups import deposits

AT_ONCE_MAX = 4
"""Calls to banks that one worker makes at a time."""

LIMIT = 500
"""Answers, and lines, that are fetched at a time."""

C = TypeVar("C")
R = TypeVar("R")

Providers = Mapping[str, Provider]

_log = structlog.get_logger(__name__)


def handlers(providers: Providers) -> dict[str, Handler]:
    """Make the handlers of this hall's timers; every provider there is must be given."""
    if missing := NAMES - providers.keys():
        raise ValueError(f"no adapter was given for {', '.join(sorted(missing))}")
    return {
        ASK_DEPOSIT: partial(_ask, providers, TopUpState.REQUESTED, _ask_deposit),
        SEND_PAYOUT: partial(_ask, providers, PayoutState.PENDING, _send_payout),
        LOOK_UP: partial(_look_up, providers),
    }


async def listen(database: Database, provider: Provider, *, limit: int = LIMIT) -> int:
    """Take in what a bank has said and booked; gives how many answers and lines that were.

    One that cannot be dealt with is logged and left with the bank, which tells
    it again; the others are not held up by it.
    """
    answers = await provider.answers(limit)
    commands = [hearing(provider.name, answer) for answer in answers]
    heard = await _decide(database, hear, commands)
    for answer, outcome in zip(answers, heard, strict=True):
        if isinstance(outcome, Refused):
            _log.warning("answer refused", ask=str(answer.ask_id), code=outcome.code)
    done = [a for a, outcome in zip(answers, heard, strict=True) if _decided(outcome)]
    if done:
        await provider.acknowledge(done)
    lines = await provider.lines(limit)
    matched = await _decide(database, reconcile, lines)
    for line, result in zip(lines, matched, strict=True):
        if isinstance(result, Refused | Suspended):
            _log.warning("line not matched", line=str(line.id), reference=line.reference)
    # A refused answer is remembered; a refused line is written nowhere, so the bank keeps it.
    read = [
        line
        for line, result in zip(lines, matched, strict=True)
        if _decided(result) and not isinstance(result, Refused)
    ]
    if read:
        await provider.acknowledge_lines(read)
    return len(done) + len(read)


def _decided(outcome: object) -> bool:
    return not isinstance(outcome, BaseException)


async def _decide(
    database: Database,
    write: Callable[[Tx, Sequence[C]], Awaitable[Sequence[R]]],
    commands: list[C],
) -> list[R | BaseException]:
    """Have commands decided in order, in few transactions; an exception is for its own alone."""
    batcher: Batcher[C, R] = Batcher(database, write)
    return await asyncio.gather(
        *(batcher.submit(command) for command in commands), return_exceptions=True
    )


async def _ask(
    providers: Providers,
    state: TopUpState | PayoutState,
    call: Callable[[Provider, Ask], Awaitable[None]],
    database: Database,
    due: Sequence[Timer],
) -> None:
    """Ask the banks for what is not asked yet, and note of each that it was."""
    subjects = await _subjects(database, due)

    async def ask(timer: Timer) -> Sent | None:
        subject = subjects.get(timer.subject)
        if subject is None or subject.state is not state:
            return None
        await call(_provider(providers, subject), _asking(subject))
        return Sent(
            id=timer.command_id(), market_id=subject.market_id, actor_id=subject.member_id,
            subject_id=subject.id, provider=subject.provider,
        )  # fmt: skip

    asked = await _each(ask, due)
    commands = [one for one in asked if isinstance(one, Sent)]
    noted = await _decide(database, sent, commands)
    _raise([*asked, *noted])


async def _ask_deposit(provider: Provider, ask: Ask) -> None:
    await provider.ask_deposit(ask)


async def _send_payout(provider: Provider, ask: Ask) -> None:
    await provider.send_payout(ask)


async def _look_up(providers: Providers, database: Database, due: Sequence[Timer]) -> None:
    """Ask silent banks what became of an ask; where they do not know, again a day later."""
    subjects = {id: s for id, s in (await _subjects(database, due)).items() if waits(s)}

    async def look_up(timer: Timer) -> None:
        subject = subjects.get(timer.subject)
        if subject is None:
            return
        provider = _provider(providers, subject)
        answer = await provider.look_up(subject.id)
        if answer is not None:
            heard = await _decide(database, hear, [hearing(provider.name, answer)])
            _raise(heard)
            if not isinstance(heard[0], Refused):
                return
        async with database.tx() as tx:
            await timers.start(tx, [look_up_timer(tx, subject, tx.now + LOOK_UP_AFTER)])

    _raise(await _each(look_up, due))


async def _subjects(database: Database, due: Sequence[Timer]) -> dict[UUID, Subject]:
    wanted = [timer.subject for timer in due]
    async with database.tx() as tx:
        return {**await deposits(tx, wanted), **await payouts_by_id(tx, wanted)}


def _provider(providers: Providers, subject: Subject) -> Provider:
    if subject.provider not in providers:
        raise LookupError(f"nobody speaks with {subject.provider}")
    return providers[subject.provider]


def _asking(subject: Subject) -> Ask:
    holder = getattr(subject, "holder", "")
    return Ask(
        subject.id, subject.market_id, subject.account, holder, subject.currency, subject.amount
    )


async def _each(
    call: Callable[[Timer], Awaitable[R]], due: Sequence[Timer]
) -> list[R | BaseException]:
    """Call for each timer, a few at a time, so that one bank's failure is not another's."""
    free = asyncio.Semaphore(AT_ONCE_MAX)

    async def one(timer: Timer) -> R:
        async with free:
            return await call(timer)

    return await asyncio.gather(*(one(timer) for timer in due), return_exceptions=True)


def _raise(outcomes: Sequence[object]) -> None:
    """Raise what went wrong, so that the timers are kept and fire again."""
    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if errors:
        raise ExceptionGroup("a bank could not be asked", errors)
