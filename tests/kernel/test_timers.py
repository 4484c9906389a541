"""Timers: each fires when due, not before, and not for nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from serai.kernel import timers
from serai.kernel.clock import ManualClock
from serai.kernel.timers import Timer
from serai.kernel.tx import Database
from tests.conftest import START

MARKET = UUID(int=1)
TEA, RUG = UUID(int=2), UUID(int=3)


class Bell:
    """A handler that remembers whom it rang for, and breaks when told to."""

    def __init__(self) -> None:
        self.rang: list[UUID] = []
        self.commands: list[UUID] = []
        self.broken = False

    async def __call__(self, _: Database, due: Sequence[Timer]) -> None:
        self.commands += [timer.command_id() for timer in due]
        if self.broken:
            message = "the bell is broken"
            raise ValueError(message)
        self.rang += [timer.subject for timer in due]


async def start(database: Database, subject: UUID, at: datetime) -> None:
    async with database.tx() as tx:
        made = timers.timer(tx, subject=subject, kind="ring", market_id=MARKET, due_at=at)
        await timers.start(tx, [made])


async def test_a_timer_fires_when_due_and_once(database: Database, clock: ManualClock) -> None:
    bell = Bell()
    await start(database, TEA, START + timedelta(minutes=30))
    assert await timers.fire(database, {"ring": bell}) == 0
    clock.advance(timedelta(minutes=30))
    assert await timers.fire(database, {"ring": bell}) == 1
    assert await timers.fire(database, {"ring": bell}) == 0
    assert bell.rang == [TEA]


async def test_setting_a_timer_again_moves_it(database: Database, clock: ManualClock) -> None:
    bell = Bell()
    await start(database, TEA, START + timedelta(minutes=30))
    await start(database, TEA, START + timedelta(minutes=90))
    clock.advance(timedelta(minutes=60))
    assert await timers.fire(database, {"ring": bell}) == 0
    clock.advance(timedelta(minutes=30))
    assert await timers.fire(database, {"ring": bell}) == 1


async def test_a_stopped_timer_does_not_fire(database: Database, clock: ManualClock) -> None:
    bell = Bell()
    for subject in (TEA, RUG):
        await start(database, subject, START)
    async with database.tx() as tx:
        await timers.stop(tx, ["ring"], [TEA])
    clock.advance(timedelta(days=1))
    await timers.fire(database, {"ring": bell})
    assert bell.rang == [RUG]


async def test_a_failing_handler_is_called_again_with_the_same_command(
    database: Database, clock: ManualClock
) -> None:
    bell = Bell()
    bell.broken = True
    await start(database, TEA, START)
    assert await timers.fire(database, {"ring": bell}) == 0
    assert await timers.fire(database, {"ring": bell}) == 0
    assert len(bell.commands) == 1
    bell.broken = False
    clock.advance(timedelta(seconds=61))
    assert await timers.fire(database, {"ring": bell}) == 1
    assert bell.commands[0] == bell.commands[1]


async def test_a_worker_that_dies_half_way_leaves_its_timers_to_another(
    database: Database, clock: ManualClock
) -> None:
    class Killed(BaseException):
        pass

    async def dies(_: Database, __: Sequence[Timer]) -> None:
        raise Killed

    await start(database, TEA, START)
    try:
        await timers.fire(database, {"ring": dies})
    except Killed:
        clock.advance(timedelta(seconds=61))
    bell = Bell()
    assert await timers.fire(database, {"ring": bell}) == 1


async def test_a_handler_that_sets_its_timer_anew_keeps_it(
    database: Database, clock: ManualClock
) -> None:
    async def again(opened: Database, due: Sequence[Timer]) -> None:
        for timer in due:
            await start(opened, timer.subject, START + timedelta(days=1))

    await start(database, TEA, START)
    await timers.fire(database, {"ring": again})
    clock.advance(timedelta(days=1))
    bell = Bell()
    assert await timers.fire(database, {"ring": bell}) == 1


async def test_kinds_that_this_worker_does_not_know_are_left_alone(database: Database) -> None:
    bell = Bell()
    await start(database, TEA, START)
    assert await timers.fire(database, {"other": bell}) == 0
    assert await timers.fire(database, {"ring": bell}) == 1
