"""Batches: company without waiting for it, and no neighbour harmed."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from msgspec import Struct

from serai.kernel import ids
from serai.kernel.batch import Batcher
from serai.kernel.commands import Command, once
from serai.kernel.errors import OutcomeUnknownError, OverloadedError, Refused
from serai.kernel.tx import Database, Tx

MARKET = UUID(int=1)


class Add(Command, frozen=True, kw_only=True):
    """Add a number to the total that is kept as a timer's attempts."""

    number: int


class Added(Struct, frozen=True, tag="added", tag_field="outcome"):
    """The total after it."""

    total: int


async def _decide(tx: Tx, commands: list[Add]) -> list[Added | Refused]:
    answers: list[Added | Refused] = []
    for command in commands:
        if command.number == 13:
            message = "nobody adds thirteen"
            raise ValueError(message)
        if command.number < 0:
            answers.append(Refused("negative"))
            continue
        total = await tx.value(
            "insert into kernel_timer values ($1, 'total', $1, $2, $1, $3)"
            " on conflict (subject, kind) do update set attempts = kernel_timer.attempts + $3"
            " returning attempts",
            MARKET,
            tx.now,
            command.number,
        )
        answers.append(Added(total))
    return answers


async def add(tx: Tx, commands: Sequence[Add]) -> list[Added | Refused]:
    return await once(tx, commands, _decide, Added | Refused)


def command(number: int, id: UUID | None = None) -> Add:
    made = id or ids.new(datetime.now(UTC))
    return Add(id=made, market_id=MARKET, actor_id=MARKET, number=number)


async def total(database: Database) -> int:
    async with database.tx() as tx:
        return await tx.value("select coalesce(max(attempts), 0) from kernel_timer") or 0


async def test_callers_that_come_together_share_a_transaction(database: Database) -> None:
    sizes: list[int] = []

    async def noting(tx: Tx, commands: Sequence[Add]) -> list[Added | Refused]:
        sizes.append(len(commands))
        return await add(tx, commands)

    batcher = Batcher(database, noting)
    outcomes = await asyncio.gather(*(batcher.submit(command(1)) for _ in range(50)))
    assert {outcome.total for outcome in outcomes if isinstance(outcome, Added)} == set(
        range(1, 51)
    )
    assert sum(sizes) == 50
    assert len(sizes) <= 3
    assert await total(database) == 50


async def test_each_caller_gets_his_own_outcome(database: Database) -> None:
    batcher = Batcher(database, add)
    outcomes = await asyncio.gather(*(batcher.submit(command(n)) for n in (5, -1, 7)))
    assert outcomes == [Added(5), Refused("negative"), Added(12)]


async def test_a_poisonous_command_fails_alone(database: Database) -> None:
    batcher = Batcher(database, add)
    numbers = [1, 2, 13, 3, 4, 13, 5]
    outcomes = await asyncio.gather(
        *(batcher.submit(command(n)) for n in numbers), return_exceptions=True
    )
    failed = [n for n, o in zip(numbers, outcomes, strict=True) if isinstance(o, ValueError)]
    assert failed == [13, 13]
    assert await total(database) == 15


async def test_the_same_id_in_many_batches_counts_once(database: Database, dsn: str) -> None:
    other = await Database.open(dsn)
    batchers = [Batcher(database, add), Batcher(other, add)]
    one = command(3)
    outcomes = await asyncio.gather(*(b.submit(one) for b in batchers for _ in range(20)))
    await other.close()
    assert set(outcomes) == {Added(3)}
    assert await total(database) == 3


async def test_a_full_queue_refuses_at_once_and_does_nothing(database: Database) -> None:
    batcher = Batcher(database, add, size_max=1, waiting_max=2)
    tasks = [asyncio.create_task(batcher.submit(command(1))) for _ in range(10)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, OverloadedError)]
    assert refused
    assert await total(database) == 10 - len(refused)


async def test_a_lost_connection_is_tried_again_with_the_same_ids(database: Database) -> None:
    lost: list[int] = []

    async def losing(tx: Tx, commands: Sequence[Add]) -> list[Added | Refused]:
        outcomes = await add(tx, commands)
        if not lost:
            lost.append(len(commands))
            message = "the server is gone"
            raise asyncpg.ConnectionDoesNotExistError(message)
        return outcomes

    batcher = Batcher(database, losing)
    outcomes = await asyncio.gather(*(batcher.submit(command(2)) for _ in range(4)))
    assert all(isinstance(outcome, Added) for outcome in outcomes)
    assert lost
    assert await total(database) == 8


async def test_a_value_that_cannot_be_sent_harms_nobody_else(database: Database) -> None:
    tries: list[int] = []

    async def sending(tx: Tx, commands: Sequence[Add]) -> list[Added | Refused]:
        tries.append(len(commands))
        if any(command.number == 7 for command in commands):
            await tx.value("select $1::int", "seven")
        return await add(tx, commands)

    batcher = Batcher(database, sending)
    outcomes = await asyncio.gather(
        *(batcher.submit(command(n)) for n in (1, 7, 2)), return_exceptions=True
    )
    first, sent, last = outcomes
    assert isinstance(first, Added)
    assert isinstance(sent, asyncpg.DataError)
    assert isinstance(last, Added)
    assert tries.count(1) <= 3
    assert await total(database) == 3


@pytest.mark.parametrize(
    "gone",
    [
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.AdminShutdownError("stopping"),
        asyncpg.CrashShutdownError("crashed"),
        ConnectionRefusedError("nobody there"),
    ],
)
async def test_a_server_that_stays_away_leaves_the_outcome_unknown_and_no_doubt_about_retrying(
    database: Database, monkeypatch: pytest.MonkeyPatch, gone: Exception
) -> None:
    monkeypatch.setattr("serai.kernel.batch._PAUSE_S", 0.0)
    tries: list[int] = []

    async def never(tx: Tx, commands: Sequence[Add]) -> list[Added | Refused]:
        tries.append(len(commands))
        raise gone

    one = command(4)
    with pytest.raises(OutcomeUnknownError):
        await Batcher(database, never).submit(one)
    assert tries == [1] * 5
    assert await Batcher(database, add).submit(one) == Added(4)
    assert await total(database) == 4


async def test_closing_waits_for_what_was_submitted(database: Database) -> None:
    batcher = Batcher(database, add)
    waiting = [asyncio.create_task(batcher.submit(command(1))) for _ in range(5)]
    await asyncio.sleep(0)
    await batcher.close()
    assert all(task.done() for task in waiting)


async def test_an_exception_is_not_remembered_as_an_answer(database: Database) -> None:
    batcher = Batcher(database, add)
    poison = command(13)
    for _ in range(2):
        with pytest.raises(ValueError, match="thirteen"):
            await batcher.submit(poison)
    async with database.tx() as tx:
        assert await tx.value("select count(*) from kernel_command") == 0


async def test_nobody_waits_for_an_outcome_that_was_forgotten(database: Database) -> None:
    async def forgetful(tx: Tx, commands: Sequence[Add]) -> list[Added | Refused]:
        return (await add(tx, commands))[1:]

    batcher = Batcher(database, forgetful)
    with pytest.raises(RuntimeError, match="0 outcomes to 1 commands"):
        await batcher.submit(command(1))
    assert await total(database) == 0
