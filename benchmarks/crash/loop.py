"""The loop: load, kill, recover, ask again, prove; as often as told."""

import asyncio
import contextlib
import random
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from msgspec import Struct

from benchmarks import result, stage
from benchmarks.crash import proof
from benchmarks.crash.crowd import Crowd, People, ask_again
from benchmarks.crash.journal import Asked, Journal
from benchmarks.crash.market import Kill, Market
from serai import members
from serai.kernel.migrate import migrate
from serai.kernel.postgres import serve
from serai.kernel.tx import Database

_VARIANTS, _SCARCE, _PLENTY = 400, 20, 1_000_000
_BUYERS = 48
_WARM_COUNT, _WARM_MAX_S = 2 * _BUYERS, 15.0
_KILL_WITHIN_S, _AFTER_S = 1.0, 0.3
_PATIENCE_S = 60.0

Tell = Callable[[str], None]


class Plan(Struct, frozen=True):
    """What to do: so many cycles, drawn from a seed, with an audit every few."""

    cycles: int
    seed: int
    audit_every: int = 1


class Report(Struct, kw_only=True):
    """What happened; `breaches` is empty where nothing was lost or done twice."""

    name: str = "crash"
    seed: int
    cycles: int = 0
    kills: dict[str, int] = {}
    requests: int = 0
    acknowledged: int = 0
    replayed: int = 0
    """Commands that were in doubt after a kill and were sent again."""
    committed_in_doubt: int = 0
    """Those of them that had been committed, though no answer came."""
    asked_again: int = 0
    """Acknowledged commands that were sent again, and answered as before."""
    audits: int = 0
    breaches: list[str] = []
    recovery_median_s: float = 0.0
    recovery_max_s: float = 0.0
    recovery_by_kill_s: dict[str, float] = {}
    """The longest recovery after each kind of kill."""
    seconds: float = 0.0
    machine: str = ""


def run(plan: Plan, tell: Tell) -> Report:
    """Make a small market in a folder of its own, and run the plan on it."""
    began = time.monotonic()
    with _folder() as folder:
        dsn, people = _furnished(folder / "data")
        log = (folder / "market.log").open("wb")
        journal = Journal(folder / "journal.jsonl")
        market = Market(folder / "data", log)
        try:
            report = asyncio.run(_Loop(plan, market, people, journal, dsn, tell).run())
        finally:
            market.close()
            journal.close()
            log.close()
        if report.breaches:
            tell((folder / "market.log").read_text()[-5_000:])
    report.seconds = round(time.monotonic() - began, 1)
    report.machine = result.machine()
    return report


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder that PostgreSQL may enter, and that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="serai-crash-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _furnished(data: Path) -> tuple[str, People]:
    """Fill the market while it is closed; a few goods are scarce, so that they sell out."""
    with serve(data) as dsn:
        asyncio.run(migrate(dsn))
        set_up = stage.build(dsn, variants=_VARIANTS, buyers=_BUYERS, stock=_SCARCE)
        return dsn, asyncio.run(_signed_in(dsn, set_up))


async def _signed_in(dsn: str, set_up: stage.Stage) -> People:
    database = await Database.open(dsn, size=1)
    try:
        plenty = set_up.listings[1:]
        await stage.put_on_shelf(database, set_up.market_id, plenty, _PLENTY)
        everybody = {buyer.id for buyer in set_up.buyers}
        everybody |= {listing.seller_id for listing in set_up.listings}
        tokens: dict[UUID, str] = {}
        async with database.tx() as tx:
            for id in everybody:
                tokens[id] = stage.good(await members.start_session(tx, id)).token
    finally:
        await database.close()
    return People(set_up, tokens)


class _Loop:
    """The cycles of a plan, one after another, on one market."""

    def __init__(
        self, plan: Plan, market: Market, people: People, journal: Journal, dsn: str, tell: Tell
    ) -> None:
        self._plan = plan
        self._market = market
        self._people = people
        self._journal = journal
        self._dsn = dsn
        self._tell = tell
        self._chance = random.Random(plan.seed)
        self._report = Report(seed=plan.seed)
        self._kills = Counter({str(kind): 0 for kind in Kill})
        self._recoveries: list[tuple[Kill, float]] = []

    async def run(self) -> Report:
        """Run the cycles; ends early where the market does not come back."""
        if not await self._market.recovered(_PATIENCE_S):
            self._report.breaches.append("the market did not open")
            return self._report
        for number in range(1, self._plan.cycles + 1):
            if not await self._cycle(number):
                self._report.breaches.append(f"cycle {number}: the market did not come back")
                break
            last = number == self._plan.cycles
            if last or number % self._plan.audit_every == 0:
                await self._prove(number)
        return self._told()

    async def _cycle(self, number: int) -> bool:
        kind = self._chance.choice(list(Kill))
        recovery = await self._killed_under_load(kind, number)
        if recovery is None:
            return False
        self._recoveries.append((kind, recovery))
        self._kills[str(kind)] += 1
        self._report.cycles = number
        in_doubt = self._journal.in_doubt
        there = await proof.committed(self._dsn, in_doubt)
        self._report.committed_in_doubt += there
        known = list(self._journal.again)
        await self._again(number, in_doubt)
        await self._again(number, [self._journal.asked[key] for key in known])
        self._journal.again.clear()
        self._report.replayed += len(in_doubt)
        self._report.asked_again += len(known)
        self._tell(
            f"cycle {number}: {kind} killed, back after {recovery:.2f} s; {len(known)} acknowledged"
            f" and asked again, {len(in_doubt)} in doubt of which {there} were committed"
        )
        return True

    async def _killed_under_load(self, kind: Kill, number: int) -> float | None:
        """Kill at a moment chosen by chance; gives the seconds until the market was back."""
        crowd = Crowd(self._people, self._journal, self._market.port, f"{self._plan.seed} {number}")
        trading = asyncio.create_task(crowd.run())
        try:
            await self._warm()
            await asyncio.sleep(self._chance.uniform(0, _KILL_WITHIN_S))
            killed = time.monotonic()
            self._market.kill(kind, self._chance)
            await asyncio.sleep(_AFTER_S)
            crowd.stop()
            came_back = await self._market.recovered(_PATIENCE_S)
            took = time.monotonic() - killed
        finally:
            crowd.stop()
            await trading
        self._report.requests += crowd.sent
        return took if came_back else None

    async def _warm(self) -> None:
        """Wait until everybody has been answered, so that the kill meets them in full swing."""
        deadline = time.monotonic() + _WARM_MAX_S
        while len(self._journal.again) < _WARM_COUNT and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async def _again(self, number: int, asked: list[Asked]) -> None:
        found = await ask_again(self._people, self._journal, self._market.port, asked)
        self._report.breaches += [f"cycle {number}: {one}" for one in found]

    async def _prove(self, number: int) -> None:
        found = [*await proof.proved(self._dsn, self._journal), *self._market.audit()]
        self._report.audits += 1
        self._report.breaches += [f"cycle {number}: {one}" for one in found]

    def _told(self) -> Report:
        report, took = self._report, [seconds for _, seconds in self._recoveries]
        report.kills = dict(self._kills)
        report.acknowledged = len(self._journal.acknowledged)
        if took:
            report.recovery_median_s = round(statistics.median(took), 2)
            report.recovery_max_s = round(max(took), 2)
        for kind, seconds in self._recoveries:
            longest = max(report.recovery_by_kill_s.get(kind, 0.0), round(seconds, 2))
            report.recovery_by_kill_s[kind] = longest
        return report
