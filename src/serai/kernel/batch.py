"""Many callers, one transaction.

A batch commits once whatever its size, and a row that everybody wants is
written once a batch instead of once a command. The batcher never waits for
company: the first command leaves at once, and those that arrive while it
commits form the next batch.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import asyncpg
import structlog

from serai.kernel import metrics
from serai.kernel.admission import Admission
from serai.kernel.errors import OutcomeUnknownError
from serai.kernel.tx import Database, Tx, is_lost

C = TypeVar("C")
R = TypeVar("R")

Write = Callable[[Tx, Sequence[C]], Awaitable[Sequence[R]]]

_RACED = (
    asyncpg.UniqueViolationError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
)
_TRIES_MAX = 5
_PAUSE_S = 0.2

_log = structlog.get_logger(__name__)


class Batcher(Generic[C, R]):
    """Gathers commands from many tasks for one write function.

    A batch's worth may always wait, and beyond it as many as are decided within
    `wait_max_s`; each market has its share of that.
    """

    def __init__(
        self,
        database: Database,
        write: Write[C, R],
        *,
        size_max: int = 500,
        waiting_max: int = 10_000,
        wait_max_s: float = 5.0,
    ) -> None:
        self._database = database
        self._write = write
        self._name = getattr(write, "__name__", "write")
        self._size_max = size_max
        self._admission = Admission(
            self._name, wait_max_s=wait_max_s, always=size_max, inside_max=waiting_max
        )
        self._waiting: deque[tuple[C, asyncio.Future[R]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def submit(self, command: C) -> R:
        """Have one command decided, and wait until its outcome is committed.

        Raises `OverloadedError` when too many wait already (nothing happened),
        `OutcomeUnknownError` when the database was lost (send the same id
        again), and whatever the write function raised for this command alone.
        """
        self._admission.enter(_market_of(command))
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._task is None:
            self._task = asyncio.create_task(self._drain(), name=f"batch {self._name}")
        return await future

    async def close(self) -> None:
        """Wait until everything that was submitted is decided."""
        while self._task is not None:
            await asyncio.wait({self._task})

    async def _drain(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), self._size_max)
                batch = [self._waiting.popleft() for _ in range(size)]
                try:
                    await self._decide(batch)
                finally:
                    for command, _ in batch:
                        self._admission.leave(_market_of(command))
        finally:
            self._task = None

    async def _decide(self, batch: list[tuple[C, asyncio.Future[R]]]) -> None:
        """Answer every future of the batch, whatever happens.

        A command that makes the whole batch fail is found by halving, so that
        its neighbours are decided and it alone gets the exception.
        """
        try:
            outcomes = await self._commit([command for command, _ in batch])
        except OutcomeUnknownError as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001  whatever it is belongs to one command
            if len(batch) == 1:
                _log.exception("command failed", write=self._name)
                _fail(batch, error)
                return
            middle = len(batch) // 2
            await self._decide(batch[:middle])
            await self._decide(batch[middle:])
        else:
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)

    def _check(self, commands: list[C], outcomes: Sequence[R]) -> None:
        """Undo a batch that would leave a caller without his outcome."""
        if len(outcomes) != len(commands):
            message = f"{self._name} gave {len(outcomes)} outcomes to {len(commands)} commands"
            raise RuntimeError(message)

    async def _commit(self, commands: list[C]) -> Sequence[R]:
        """Commit one transaction, again where another transaction or a restart got in its way.

        Trying again after a lost connection is safe because commands are
        remembered by id: what did commit is answered, not done twice.
        """
        for attempt in range(1, _TRIES_MAX + 1):
            try:
                with metrics.batch_seconds.labels(self._name).time():
                    async with self._database.tx() as tx:
                        outcomes = await self._write(tx, commands)
                        self._check(commands, outcomes)
            except _RACED as error:
                if attempt == _TRIES_MAX:
                    raise
                _log.info("batch raced", write=self._name, attempt=attempt, reason=str(error))
            except Exception as error:
                if not is_lost(error):
                    raise
                if attempt == _TRIES_MAX:
                    raise OutcomeUnknownError from error
                _log.warning("database lost", write=self._name, attempt=attempt, reason=str(error))
                await asyncio.sleep(_PAUSE_S * attempt)
            else:
                metrics.batch_size.labels(self._name).observe(len(commands))
                return outcomes
        raise OutcomeUnknownError


def _market_of(command: object) -> object:
    """Name the market whose share of the room a command takes; one for all that have none."""
    return getattr(command, "market_id", None)


def _fail(batch: list[tuple[C, "asyncio.Future[R]"]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
