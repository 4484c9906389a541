"""The play: buyers, sellers, couriers, banks, timers, all at once, until the curtain falls.

Whoever loses a connection does not know what became of his command and sends
the same one again, as the house asks. After every commit the promises are
checked; at the end everything that was acknowledged must be there as it was
acknowledged.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from msgspec import Struct

from serai import payments, trade, worker
from serai.kernel import batch, commands, ids, outbox, timers
from serai.kernel.clock import ManualClock
from serai.kernel.commands import Command
from serai.kernel.settings import Settings
from serai.kernel.tx import Database, Tx
from tests.conftest import START
from tests.simulation.stage import Lost, Stage
from tests.simulation.wires import WiredDatabase
from tests.world import World, build, fund

C = TypeVar("C", bound=Command)

TRIES_MAX = 60
AT_ONCE_MAX = 5


class FindingError(AssertionError):
    """Something that must not happen, and the seed that makes it happen again."""


class Report(Struct):
    """What a play came to."""

    seed: int
    turns: int = 0
    commits: int = 0
    cuts: int = 0
    acknowledged: int = 0
    orders: int = 0
    drawn: str = ""


def chance(seed: int) -> Iterator[int]:
    """Draw the random part of ids from the seed, as `ids` draws it from the system."""
    dice = random.Random(seed)
    while True:
        yield dice.getrandbits(62)


class Play:
    """Everything on the stage. Lives for one seed."""

    def __init__(self, seed: int, dsn: str, stage: Stage, truth: Database) -> None:
        self.seed = seed
        self.stage = stage
        self.dice = stage.dice
        self.clock = ManualClock(START)
        self.database = WiredDatabase(dsn, stage, self.clock)
        self.truth = truth
        self.bank = payments.SandboxBank(self.database)
        self.handlers = worker.handlers(Settings(), {"sandbox": self.bank})
        self.reactions = [r for r in worker.reactions() if r.name != "webhooks"]
        self.orders: list[tuple[UUID, UUID, UUID]] = []
        """Orders with their buyers and sellers."""
        self.freezes: list[tuple[tuple[UUID, UUID, UUID], UUID]] = []
        """Orders that were stopped, each with the freeze."""
        self.acknowledged: dict[UUID, tuple[str, Any]] = {}
        self.report = Report(seed)
        self.world: World

    async def send(
        self, write: Callable[[Tx, Sequence[C]], Awaitable[Sequence[Any]]], *wanted: C
    ) -> list[Any]:
        """Send commands until there is an answer; sometimes ask once more, to be sure."""
        for _ in range(TRIES_MAX):
            try:
                async with self.database.tx() as tx:
                    outcomes = list(await write(tx, wanted))
            except Lost:
                self.report.cuts += 1
                continue
            except asyncpg.UniqueViolationError:
                continue
            for command, outcome in zip(wanted, outcomes, strict=True):
                self._acknowledge(command, outcome)
            if self.dice.random() < 0.1:
                await self.send(write, *wanted)
            return outcomes
        message = f"seed {self.seed}: no answer after {TRIES_MAX} tries"
        raise FindingError(message)

    def _acknowledge(self, command: Command, outcome: object) -> None:
        before = self.acknowledged.get(command.id)
        if before is not None and before[1] != outcome:
            message = f"seed {self.seed}: {command} was answered {before[1]}, then {outcome}"
            raise FindingError(message)
        self.acknowledged[command.id] = (type(command).__name__, outcome)

    async def check(self, *, at_the_end: bool = False) -> None:
        """Check the promises as they stand at this moment.

        Before the end an event may wait: days pass here while a worker blinks.
        """
        async with self.truth.snapshot() as tx:
            tx.now = self.clock.now() if at_the_end else START
            promises = await trade.audit(tx, self.reactions)
        broken = [promise for promise in promises if not promise.holds]
        if broken:
            raise FindingError(f"seed {self.seed}, turn {self.stage.turns}: {broken}")


async def perform(dsn: str, seed: int, *, steps: int, trouble: float = 0.02) -> Report:
    """Perform the play of a seed; raises `FindingError` where the house breaks its word."""
    from tests.simulation.cast import cast_of  # noqa: PLC0415  the cast knows the play

    # The seed must reach what is drawn and what is waited for, deep in the kernel.
    for module, name, value in (
        (ids, "_chance", chance(seed)),
        (ids, "_last_tick", 0),
        (batch, "_PAUSE_S", 0),
    ):
        setattr(module, name, value)
    watch: asyncpg.Connection[Any] = await asyncpg.connect(dsn)
    stage = Stage(seed, watch)
    truth = await Database.open(dsn, size=1)
    play = Play(seed, dsn, stage, truth)
    try:
        await _prologue(play, dsn)
        stage.trouble = trouble
        await _acts(play, cast_of(play), steps)
        stage.trouble = 0.0
        await _epilogue(play)
    finally:
        await play.database.close()
        await truth.close()
        await watch.close()
    play.report.turns = stage.turns
    play.report.drawn = stage.drawn.hexdigest()[:16]
    play.report.commits = play.database.commits
    play.report.acknowledged = len(play.acknowledged)
    play.report.orders = len(play.orders)
    return play.report


async def _prologue(play: Play, dsn: str) -> None:
    plain = await Database.open(dsn, clock=play.clock)
    async with plain.tx() as tx:
        play.world = await build(tx)
        for buyer in (play.world.ana, play.world.ben):
            await fund(tx, play.world, buyer, 300_000)
    await plain.close()


Action = Callable[[], Coroutine[Any, Any, None]]


async def _acts(play: Play, cast: Sequence[tuple[float, Action]], steps: int) -> None:
    """Keep a few actions going at once, drawn by weight, each turn drawn by the stage."""
    running: set[asyncio.Task[None]] = set()
    weights = [weight for weight, _ in cast]
    begun = 0
    while begun < steps or running:
        while begun < steps and len(running) < AT_ONCE_MAX:
            [(_, action)] = play.dice.choices(cast, weights)
            running.add(asyncio.create_task(action()))
            begun += 1
        await _turn(play, running)


async def _turn(play: Play, running: set[asyncio.Task[None]]) -> None:
    """Settle, draw who goes on, and check what he may have committed."""
    await play.stage.settle()
    for task in [task for task in running if task.done()]:
        running.discard(task)
        if error := task.exception():
            raise FindingError(f"seed {play.seed}, turn {play.stage.turns}: {error!r}") from error
    if not play.stage.ready:
        if running and play.stage.blocked:
            message = f"seed {play.seed}, turn {play.stage.turns}: everybody waits for a lock"
            raise FindingError(message)
        return
    before = play.database.commits
    if play.stage.draw() == "commit":
        await play.stage.settle()
    if play.database.commits != before:
        await play.check()


async def _epilogue(play: Play) -> None:
    """Let the months pass in peace, until nothing is left to do; then count."""
    for _ in range(12):
        play.clock.advance(timedelta(days=6))
        task = asyncio.create_task(worker_round(play))
        running = {task}
        while running:
            await _turn(play, running)
    await play.check(at_the_end=True)
    async with play.truth.snapshot() as tx:
        known = await commands.answered(tx, list(play.acknowledged))
        odd = await tx.values("select id from trade_order where deadline is not null")
    lost = [id for id in play.acknowledged if id not in known]
    if lost:
        raise FindingError(f"seed {play.seed}: acknowledged, and gone: {lost}")
    stopped = [id for id in odd if not await _is_waiting(play, id)]
    if stopped:
        raise FindingError(f"seed {play.seed}: orders that nobody moves any more: {stopped}")


async def _is_waiting(play: Play, order_id: UUID) -> bool:
    """Tell whether an order may still wait: for its seller, or for who stopped it."""
    async with play.truth.snapshot() as tx:
        order = await trade.order(tx, order_id)
    return order is not None and (order.state is trade.State.PAID or order.stopped_at is not None)


async def worker_round(play: Play) -> None:
    """Do what the worker does, once; it may lose a connection at any point of it."""
    try:
        await outbox.deliver(play.database, play.reactions, limit=20)
        for group in play.handlers:
            await timers.fire(play.database, group, limit=20)
        await payments.listen(play.database, play.bank)
    except Lost:
        play.report.cuts += 1
