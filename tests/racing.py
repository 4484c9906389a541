"""Races on purpose: one transaction is stopped at a chosen point, another runs into it.

The first is stopped after each of its locks in turn, and at last before its
commit; the second is let run until it waits for the first or has ended. So
every way in which the two can meet is tried, and none is left to chance.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from msgspec import Struct

from serai import members, trade
from serai.kernel import ids
from serai.kernel.batch import Batcher
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Database, Tx
from tests import world as worlds

S = TypeVar("S", bound=Struct)

LOCKS_MAX = 40
_WAIT_MAX_S = 30

Write = Callable[[Tx, Sequence[Any]], Awaitable[Sequence[Any]]]


class Side(Struct, frozen=True):
    """What one of two racers sends, together in one batch."""

    write: Write
    commands: tuple[Any, ...]


class Gate:
    """Where a transaction is stopped: after so many locks, or before its commit."""

    def __init__(self, locks: int | None) -> None:
        self._left = locks
        self.reached = asyncio.Event()
        self.go = asyncio.Event()

    async def after(self, sql: str) -> None:
        """Note a statement that was run, and stop if it was the lock to stop after."""
        if self._left is None or "for update" not in sql:
            return
        self._left -= 1
        if self._left == 0:
            await self._stop()

    async def before_commit(self) -> None:
        if self._left is None:
            await self._stop()

    async def _stop(self) -> None:
        self.reached.set()
        await self.go.wait()


class GatedTx(Tx):
    """A transaction that passes a gate after each lock."""

    def __init__(self, tx: Tx, gate: Gate) -> None:
        super().__init__(tx._connection, tx.clock)  # noqa: SLF001  it stands in for it
        self._gate = gate

    async def fetch(self, struct: type[S], sql: str, *args: object) -> list[S]:
        found = await super().fetch(struct, sql, *args)
        await self._gate.after(sql)
        return found


class Gated(Database):
    """A database whose next transaction may be given a gate; it notes what was rolled back."""

    gate: Gate | None = None

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[Tx]:
        gate, self.gate = self.gate, None
        try:
            async with super().tx() as tx:
                if gate is None:
                    yield tx
                else:
                    yield GatedTx(tx, gate)
                    await gate.before_commit()
        except asyncpg.PostgresError as error:
            self.thrown().append(error)
            raise

    def thrown(self) -> list[asyncpg.PostgresError]:
        """Give the list of what the server has thrown at transactions."""
        if not hasattr(self, "_thrown"):
            self._thrown: list[asyncpg.PostgresError] = []
        return self._thrown


class Ring:
    """Where races are held: the named world, committed, and two databases on it."""

    def __init__(self, one: Gated, other: Gated, judge: Database, clock: ManualClock) -> None:
        self.one, self.other, self.judge, self.clock = one, other, judge, clock
        self.world: worlds.World

    def id(self) -> UUID:
        """Choose an id for a command."""
        return ids.new(self.clock.now())

    async def do(self, write: Write, *commands: Any) -> list[Any]:  # noqa: ANN401  any command
        """Have commands decided, with nobody in the way."""
        async with self.judge.tx() as tx:
            return list(await write(tx, commands))

    async def newcomer(self, funds: int) -> tuple[UUID, UUID]:
        """Let somebody join who has so much money; gives him and his address."""
        async with self.judge.tx() as tx:
            id = ids.new(tx.clock.now())
            email = f"{id.hex}@example.com"
            await tx.insert(
                [members.Member(id, self.world.market_id, "New", email, None, "en", tx.now)]
            )
            if funds:
                await worlds.fund(tx, self.world, id, funds)
            new = members.NewAddress(
                recipient="New", phone="+8613800138000", lines=["2 Lake Road"], place_id=1796236
            )
            return id, worlds.good(await members.add_address(tx, id, new)).id

    async def race(self, first: Side, second: Side, locks: int | None) -> "Finish | None":
        """Stop the first after so many locks, let the second in; None if it takes fewer."""
        gate = Gate(locks)
        self.one.gate = gate
        ahead = asyncio.create_task(_send(self.one, first))
        stopped = asyncio.create_task(gate.reached.wait())
        await asyncio.wait({ahead, stopped}, return_when=asyncio.FIRST_COMPLETED)
        reached = gate.reached.is_set()
        behind = asyncio.create_task(_send(self.other, second))
        if reached:
            await self._until_it_waits(behind)
        stopped.cancel()
        gate.go.set()
        async with asyncio.timeout(_WAIT_MAX_S):
            outcomes = await ahead, await behind
        return Finish(*outcomes) if reached else None

    async def _until_it_waits(self, task: "asyncio.Task[Any]") -> None:
        while not task.done():
            await asyncio.sleep(0.002)
            # Each time in a new transaction: within one, the server tells the same again.
            async with self.judge.tx() as tx:
                if await tx.value(_WAITING):
                    return

    async def every_way(
        self, prepare: Callable[[], Awaitable[tuple[Side, Side]]]
    ) -> AsyncIterator["Finish"]:
        """Hold the race once for each point at which the first can be stopped."""
        for locks in range(1, LOCKS_MAX):
            first, second = await prepare()
            finish = await self.race(first, second, locks)
            if finish is None:
                break
            yield finish
        first, second = await prepare()
        last = await self.race(first, second, None)
        assert last is not None
        yield Finish(last.first, last.second, decided=True)

    async def sound(self) -> None:
        """Insist that every promise holds, and that nobody ran into a deadlock."""
        stuck = [
            error
            for racer in (self.one, self.other)
            for error in racer.thrown()
            if isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.LockNotAvailableError)
        ]
        assert stuck == []
        async with self.judge.snapshot() as tx:
            await worlds.sound(tx)


class Finish(Struct, frozen=True):
    """How a race ended: the outcomes of both; `decided` when the first had all but committed."""

    first: list[Any]
    second: list[Any]
    decided: bool = False

    @property
    def codes(self) -> tuple[str, str]:
        """Put both in a word each: what was done, or why not."""
        return _word(self.first[0]), _word(self.second[0])


def _word(outcome: object) -> str:
    if isinstance(outcome, Refused):
        return outcome.code
    state = getattr(outcome, "state", None)
    return str(state) if isinstance(state, trade.State) else type(outcome).__name__.lower()


_WAITING = """
select exists (
    select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock')
"""


async def _send(database: Database, side: Side) -> list[Any]:
    batcher: Batcher[Any, Any] = Batcher(database, side.write)
    return list(await asyncio.gather(*(batcher.submit(command) for command in side.commands)))


@asynccontextmanager
async def ring(dsn: str, clock: ManualClock) -> AsyncIterator[Ring]:
    """Open the ring on a database of the test's own."""
    async with AsyncExitStack() as stack:
        one, other = [await Gated.open(dsn, size=4, clock=clock) for _ in range(2)]
        judge = await Database.open(dsn, size=4, clock=clock)
        for opened in (one, other, judge):
            stack.push_async_callback(opened.close)
        held = Ring(one, other, judge, clock)
        async with judge.tx() as tx:
            held.world = await worlds.build(tx)
            for member in (held.world.ana, held.world.ben):
                await worlds.fund(tx, held.world, member, 100_000_000)
        yield held
