"""A process that places orders until it is killed: what it was told it writes down first.

Run with the address of a database, a file of checkouts (JSON, one a line), and
the file to which each answer is written, and synced, as soon as it is there.
"""

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from serai import trade
from serai.kernel.batch import Batcher
from serai.kernel.tx import Database

AT_ONCE = 12


async def place(dsn: str, commands: list[trade.Checkout], told: Path) -> None:
    """Place every order, some at once, and keep the answers."""
    database = await Database.open(dsn, size=2)
    batcher = Batcher(database, trade.place_orders)
    journal = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def worker() -> None:
        while commands:
            command = commands.pop(0)
            outcome = await batcher.submit(command)
            os.write(journal, msgspec.json.encode([command.id, outcome]) + b"\n")
            os.fsync(journal)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    await database.close()


if __name__ == "__main__":
    lines = Path(sys.argv[2]).read_bytes().splitlines()
    wanted = [msgspec.json.decode(line, type=trade.Checkout) for line in lines]
    asyncio.run(place(sys.argv[1], wanted, Path(sys.argv[3])))
