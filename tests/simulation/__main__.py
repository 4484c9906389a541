"""Perform plays on demand: `python -m tests.simulation --seeds 1-200 --steps 120`.

Stands on `SERAI_DATABASE_URL`, or on an embedded PostgreSQL of its own. Ends
with 1 at the first finding, whose seed performs it again.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import uuid
from pathlib import Path

import asyncpg

from serai.kernel import logs
from serai.kernel.migrate import migrate
from serai.kernel.postgres import serve
from tests.simulation.play import FindingError, perform


async def _perform(server: str, seed: int, steps: int) -> None:
    name = f"serai_play_{uuid.uuid4().hex[:8]}"
    head, _, query = server.partition("?")
    dsn = f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"create database {name}")
        await migrate(dsn)
        print(await perform(dsn, seed, steps=steps), flush=True)  # noqa: T201
    finally:
        await connection.execute(f"drop database if exists {name} with (force)")
        await connection.close()


def _play(server: str, seeds: range, steps: int) -> int:
    for seed in seeds:
        try:
            asyncio.run(_perform(server, seed, steps))
        except FindingError as finding:
            print(finding, file=sys.stderr)  # noqa: T201
            return 1
    return 0


def main() -> int:
    """Perform the seeds that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-10", help="one seed, or first-last")
    parser.add_argument("--steps", type=int, default=120, help="actions in one play")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    logs.configure(level="critical")
    given = os.environ.get("SERAI_DATABASE_URL")
    if given:
        return _play(given, seeds, asked.steps)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder), durable=False) as server:
        return _play(server, seeds, asked.steps)


if __name__ == "__main__":
    sys.exit(main())
