"""A process killed while it places orders: what it told stands once, the rest once or never."""

import asyncio
import random
import signal
import sys
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from serai import trade
from serai.kernel.errors import Refused
from serai.kernel.tx import Database
from tests import world as worlds

pytestmark = pytest.mark.money

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("placing.py")
KILLS, ORDERS, STOCK = 3, 300, 150
_ANSWERS = msgspec.json.Decoder(tuple[UUID, trade.Placed | Refused])


def size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


async def killed_at_work(dsn: str, wanted: Path, told: Path, after_s: float) -> bool:
    """Let the process place orders, and kill it so long after its first answer; was it at work?"""
    before = size(told)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), dsn, str(wanted), str(told), cwd=ROOT
    )
    try:
        async with asyncio.timeout(60):
            while size(told) == before:
                assert process.returncode is None, "it ended before anything was told"
                await asyncio.sleep(0.005)
        await asyncio.sleep(after_s)
    finally:
        if process.returncode is None:
            process.kill()
    return await process.wait() == -signal.SIGKILL


def write(wanted: Path, commands: list[trade.Checkout]) -> None:
    wanted.write_bytes(b"\n".join(msgspec.json.encode(command) for command in commands))


def answers(told: Path) -> list[tuple[UUID, trade.Placed | Refused]]:
    """Read what was told; a line that the kill cut short was told to nobody."""
    whole = told.read_bytes().rpartition(b"\n")[0]
    return [_ANSWERS.decode(line) for line in whole.splitlines() if line]


async def test_what_was_told_before_a_kill_stands_exactly_once(dsn: str, tmp_path: Path) -> None:
    dice = random.Random(11)
    wanted, told = tmp_path / "wanted", tmp_path / "told"
    database = await Database.open(dsn)
    async with database.tx() as tx:
        w = await worlds.build(tx)
        await worlds.stock(tx, w.market_id, w.tea_shop, w.lin, w.tea, STOCK - worlds.TEA_STOCK)
        await worlds.fund(tx, w, w.ana, 100_000_000)
        commands = [worlds.checkout(tx, w, (w.tea, 1)) for _ in range(ORDERS)]

    at_work = []
    for _ in range(KILLS):
        write(wanted, commands)
        at_work.append(await killed_at_work(dsn, wanted, told, dice.random() * 0.1))
        dice.shuffle(commands)
    assert any(at_work), "every kill came too late"

    async with database.tx() as tx:
        outcomes = await trade.place_orders(tx, commands)
    known = {command.id: one for command, one in zip(commands, outcomes, strict=True)}
    heard = answers(told)
    assert heard, "nothing was told before any kill"
    assert all(known[id] == outcome for id, outcome in heard)
    placed = [
        order.id for one in known.values() if isinstance(one, trade.Placed) for order in one.orders
    ]
    async with database.snapshot() as tx:
        assert len(placed) == len(set(placed)) == STOCK
        assert set(await tx.values("select id from trade_order")) == set(placed)
        assert await worlds.shelf(tx, w.tea) == (STOCK, STOCK)
        await worlds.sound(tx)
    await database.close()
