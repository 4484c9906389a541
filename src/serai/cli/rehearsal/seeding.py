"""Seeding: an empty database becomes the demo market, once."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import asyncpg
from msgspec import Struct

from serai import members, trade, worker
from serai.cli import demo_market
from serai.cli.rehearsal import plan as planning
from serai.cli.rehearsal import standing
from serai.cli.rehearsal.census import Counts, count
from serai.cli.rehearsal.coming import COURIER_EMAIL, FINISHED, OPERATOR_EMAIL, mark
from serai.cli.rehearsal.model import Login, Plan
from serai.cli.rehearsal.play import play
from serai.cli.rehearsal.stage import Progress, Stage
from serai.cli.rehearsal.standing import Standing, look
from serai.kernel.clock import ManualClock, SystemClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Database

SEED = 20_260_301
"""The demo market is the same everywhere, but for ids and for the day on which it ends."""

UNFINISHED, OCCUPIED, BUSY = "seeding_unfinished", "market_there", "seeding_now"


class Seeded(Struct, frozen=True, kw_only=True):
    """The demo market. `new` where this call made it; only then its passwords are known."""

    new: bool
    market: members.Market
    counts: Counts
    logins: tuple[Login, ...] = ()
    promises: tuple[trade.Promise, ...] = ()
    seconds: float = 0.0
    seconds_of: dict[str, float] = {}

    @property
    def holds(self) -> bool:
        """Tell whether the audit found every promise kept."""
        return all(promise.holds for promise in self.promises)


async def seed_demo(
    dsn: str,
    pictures: Path,
    progress: Progress,
    *,
    orders: int = 3_000,
    fresh: bool = False,
    until: datetime | None = None,
    content: demo_market.DemoMarket | None = None,
) -> Seeded | Refused:
    """Make the demo market in a migrated database, with that many past orders.

    Where it is there already nothing changes. Refused as `market_there` beside
    another market, as `seeding_unfinished` where an earlier call was stopped
    half-way, and as `seeding_now` while another is at work. With `fresh`, a
    database that holds the demo market alone is emptied first. `content` is what
    `demo_market` loads, unless something smaller is given.
    """
    async with _alone(dsn) as is_alone:
        if not is_alone:
            return Refused(BUSY)
        database = await Database.open(dsn, size=2)
        try:
            if fresh and (said := await _erased(database)):
                return said
            async with database.snapshot() as tx:
                found = await look(tx)
                if found.standing is Standing.SEEDED and found.market is not None:
                    there = await count(tx, found.market.id)
                    return Seeded(new=False, market=found.market, counts=there)
        finally:
            await database.close()
        if found.market is not None:
            unfinished = found.standing is Standing.UNFINISHED
            return Refused(UNFINISHED if unfinished else OCCUPIED, {"market": found.market.name})
        laps = _Laps()
        chosen = content or demo_market.load(demo_market.folder())
        end = until or SystemClock().now()
        plan = planning.draw(chosen, orders=orders, until=end, seed=SEED)
        laps.end("plan")
        stage = await _played(dsn, chosen, plan, pictures, progress)
        laps.end("play")
        return await _finished(dsn, stage, laps)


async def _erased(database: Database) -> Refused | None:
    async with database.tx() as tx:
        found = await look(tx)
    if found.standing is Standing.OTHER and found.market is not None:
        return Refused(OCCUPIED, {"market": found.market.name})
    await standing.erase(database)
    return None


async def _played(
    dsn: str, content: demo_market.DemoMarket, plan: Plan, pictures: Path, progress: Progress
) -> Stage:
    clock, lane_clock = ManualClock(plan.founded_at), ManualClock(plan.founded_at)
    database = await Database.open(_quick(dsn), clock=clock)
    try:
        lane = await Database.open(_quick(dsn), size=1, clock=lane_clock)
        try:
            stage = Stage(database, clock, content, plan)
            await play(stage, lane, lane_clock, pictures, progress)
        finally:
            await lane.close()
    finally:
        await database.close()
    return stage


async def _finished(dsn: str, stage: Stage, laps: "_Laps") -> Seeded:
    """Audit the market, and mark it as whole if every promise holds."""
    database = await Database.open(dsn, size=2)
    try:
        async with database.snapshot() as tx:
            promises = tuple(await trade.audit(tx, worker.reactions()))
            counts = await count(tx, stage.market.id)
        if all(promise.holds for promise in promises):
            # This commit waits for the disk, and with it for all before it.
            async with database.tx() as tx:
                await mark(tx, stage.market, FINISHED, f"{counts.orders} orders were rehearsed")
    finally:
        await database.close()
    laps.end("audit")
    return Seeded(
        new=True,
        market=stage.market,
        counts=counts,
        logins=tuple(stage.logins[email] for email in _shown(stage)),
        promises=promises,
        seconds=laps.total(),
        seconds_of=laps.seconds,
    )


def _shown(stage: Stage) -> list[str]:
    """Name those whose passwords are told: one of each role."""
    buyer, seller = stage.content.people[0].email, stage.content.shops[0].email
    return [buyer, seller, COURIER_EMAIL, OPERATOR_EMAIL]


class _Laps:
    """How long each part took, by the machine's stopwatch."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = self._last = time.perf_counter()

    def end(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name], self._last = round(now - self._last, 2), now

    def total(self) -> float:
        return round(self._last - self._began, 2)


def _quick(dsn: str) -> str:
    """Let commits of the rehearsal not wait for the disk: the mark at its end does."""
    return f"{dsn}{'&' if '?' in dsn else '?'}synchronous_commit=off"


@asynccontextmanager
async def _alone(dsn: str) -> AsyncIterator[bool]:
    """Tell whether nobody else is seeding this database; nobody will be meanwhile."""
    connection = await asyncpg.connect(dsn)
    try:
        got = await connection.fetchval(
            "select pg_try_advisory_lock(hashtextextended($1, 0))", "serai seed"
        )
        yield bool(got)
    finally:
        await connection.close()
