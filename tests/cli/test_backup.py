"""`serai backup` and `serai restore`: nothing is lost on the way."""

import asyncio
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from serai import catalog, ledger
from serai.kernel.clock import ManualClock
from serai.kernel.postgres import serve
from serai.kernel.tx import Database
from tests.cli.running import serai, up
from tests.kernel.servers import folder

pytestmark = pytest.mark.money

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0h4v4"/></svg>'

_TABLES = "select tablename from pg_tables where schemaname = 'public' order by 1"
_CONTENT = "select count(*), md5(string_agg(t::text, ',' order by t::text)) from {} as t"


def _holds(data: Path) -> dict[str, tuple[int, str | None]]:
    """Count every table, the ledger's seals among them, and digest what is in it."""
    with serve(data) as dsn:
        return asyncio.run(_contents(dsn))


async def _contents(dsn: str) -> dict[str, tuple[int, str | None]]:
    connection = await asyncpg.connect(dsn)
    try:
        tables = [row[0] for row in await connection.fetch(_TABLES)]
        rows = {table: await connection.fetchrow(_CONTENT.format(table)) for table in tables}
    finally:
        await connection.close()
    return {table: (row[0], row[1]) for table, row in rows.items() if row is not None}


async def _seal(dsn: str) -> int:
    """Seal the ledger as the worker does once the transfers are old enough."""
    later = ManualClock(datetime.now(UTC) + timedelta(hours=1))
    database = await Database.open(dsn, size=1, clock=later)
    try:
        async with database.tx() as tx:
            market_id = await tx.value("select id from members_market")
        return await ledger.seal(database, market_id)
    finally:
        await database.close()


@pytest.fixture
def kept(traded: Path) -> Path:
    """Give a market with a sealed ledger and a picture."""
    with serve(traded) as dsn:
        assert asyncio.run(_seal(dsn)) > 0
    stored = catalog.store_picture(traded / "pictures", PICTURE)
    assert isinstance(stored, catalog.Stored), stored
    return traded


def test_a_market_comes_back_whole_elsewhere(kept: Path) -> None:
    file = kept.parent / "market.tar"
    with folder() as elsewhere:
        made = serai("backup", file, data=kept)
        assert made.returncode == 0, made.stderr
        assert file.stat().st_mode & 0o077 == 0
        back = serai("restore", file, data=elsewhere / "data")
        assert back.returncode == 0, back.stderr
        assert "1 pictures" in back.stdout

        there = _holds(elsewhere / "data")
        assert there == _holds(kept)
        assert (there["trade_order"][0], there["ledger_seal"][0]) == (1, 1)
        pictures = {
            path.relative_to(elsewhere / "data"): path.read_bytes()
            for path in (elsewhere / "data" / "pictures").glob("*/*")
        }
        assert list(pictures.values()) == [PICTURE]
        audit = serai("audit", "--json", data=elsewhere / "data")
        assert audit.returncode == 0, audit.stdout
        # And it goes on: the next trade finds everything that it needs.
        assert serai("trade", data=elsewhere / "data").returncode == 0


def test_a_market_that_is_there_is_not_replaced_unasked(kept: Path) -> None:
    file = kept.parent / "market.tar"
    assert serai("backup", file, data=kept).returncode == 0
    assert serai("backup", file, data=kept).returncode == 3
    assert serai("trade", data=kept).returncode == 0
    after_two = _holds(kept)

    assert serai("restore", file, data=kept).returncode == 3
    assert serai("restore", file, "--force", data=kept, given="n\n").returncode == 130
    assert _holds(kept) == after_two

    forced = serai("restore", file, "--force", data=kept, given="y\n")
    assert forced.returncode == 0, forced.stderr
    assert _holds(kept)["trade_order"][0] == 1


def test_an_open_market_is_backed_up_but_not_replaced(kept: Path) -> None:
    file = kept.parent / "market.tar"
    with up(kept):
        assert serai("backup", file, data=kept).returncode == 0
        ran = serai("restore", file, "--force", "--yes", data=kept)
        assert ran.returncode == 3
        assert "stop the market first" in ran.stderr


def test_a_damaged_backup_changes_nothing(kept: Path) -> None:
    file, spoilt = kept.parent / "market.tar", kept.parent / "spoilt.tar"
    assert serai("backup", file, data=kept).returncode == 0
    before = _holds(kept)
    with tarfile.open(file) as whole, tarfile.open(spoilt, "w") as broken:
        for member in whole:
            content = whole.extractfile(member)
            assert content is not None
            if member.name == "database.dump":
                member.size //= 2
            broken.addfile(member, content)
    ran = serai("restore", spoilt, "--force", "--yes", data=kept)
    assert ran.returncode == 4
    assert "Traceback" not in ran.stderr
    assert _holds(kept) == before

    spoilt.write_text("no archive")
    ran = serai("restore", spoilt, "--force", "--yes", data=kept)
    assert ran.returncode == 3
    assert "is no backup of serai" in ran.stderr
