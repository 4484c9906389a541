"""The crash loop's own judgement: what is missing, changed or unasked for is found."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from benchmarks.crash.journal import Acknowledged, Asked, Journal
from benchmarks.crash.proof import committed, proved
from serai.kernel import ids
from serai.kernel.commands import Remembered
from serai.kernel.tx import Database

MEMBER = UUID(int=7)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal(tmp_path / "journal.jsonl")
    yield opened
    opened.close()


def _asked(database: Database, path: str = "/transfers") -> Asked:
    return Asked(ids.new(database.clock.now()), MEMBER, path, msgspec.Raw(b"{}"))


def _answer(asked: Asked, status: int, said: dict[str, Any]) -> Acknowledged:
    return Acknowledged(asked.key, status, msgspec.Raw(msgspec.json.encode(said)))


async def _remember(database: Database, asked: Asked, outcome: dict[str, Any]) -> None:
    async with database.tx() as tx:
        row = Remembered(asked.command_id, MEMBER, "Transfer", b"", outcome, tx.now)
        await tx.insert([row])


async def test_what_stands_as_it_was_answered_is_no_breach(
    database: Database, dsn: str, journal: Journal
) -> None:
    done, refused, lost = (_asked(database) for _ in range(3))
    for one in (done, refused, lost):
        journal.ask(one)
    await _remember(database, done, {"outcome": "transferred", "amount": 5})
    await _remember(database, refused, {"outcome": "refused", "code": "insufficient_funds"})
    journal.acknowledge(_answer(done, 201, {"outcome": "transferred", "amount": 5}))
    journal.acknowledge(_answer(refused, 409, {"code": "insufficient_funds"}))
    assert journal.in_doubt == [lost]
    assert await committed(dsn, [done, refused, lost]) == 2
    assert await proved(dsn, journal) == []


async def test_what_was_acknowledged_and_is_gone_is_a_breach(
    database: Database, dsn: str, journal: Journal
) -> None:
    one = _asked(database)
    journal.ask(one)
    journal.acknowledge(_answer(one, 201, {"outcome": "transferred"}))
    [said] = await proved(dsn, journal)
    assert "acknowledged and is gone" in said


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (201, {"outcome": "transferred", "amount": 6}),
        (409, {"code": "insufficient_funds"}),
    ],
)
async def test_another_answer_than_was_given_is_a_breach(
    database: Database, dsn: str, journal: Journal, status: int, said: dict[str, Any]
) -> None:
    one = _asked(database)
    journal.ask(one)
    await _remember(database, one, {"outcome": "transferred", "amount": 5})
    journal.acknowledge(_answer(one, status, said))
    [breach] = await proved(dsn, journal)
    assert "stands as" in breach


async def test_orders_that_are_missing_are_a_breach(
    database: Database, dsn: str, journal: Journal
) -> None:
    one = _asked(database, "/orders")
    journal.ask(one)
    outcome = {"outcome": "placed", "checkout_id": str(one.command_id), "orders": [{"id": "a"}]}
    await _remember(database, one, outcome)
    journal.acknowledge(_answer(one, 201, outcome))
    [breach] = await proved(dsn, journal)
    assert "acknowledged with 1 orders, and there are 0" in breach


async def test_every_line_of_the_journal_is_on_disk_before_it_counts(
    database: Database, tmp_path: Path, journal: Journal
) -> None:
    one = _asked(database)
    journal.ask(one)
    journal.acknowledge(_answer(one, 201, {}))
    lines = (tmp_path / "journal.jsonl").read_text().splitlines()
    assert [msgspec.json.decode(line)["type"] for line in lines] == ["asked", "acknowledged"]
