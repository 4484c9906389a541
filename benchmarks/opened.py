"""A market that is open: `serai up` on a database that was filled before, as a process."""

import asyncio
import contextlib
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from uuid import UUID

from benchmarks.crash.market import SERAI, fetch, free_port, plain_environment
from benchmarks.stage import Stage, good
from benchmarks.wire import Wire, request
from serai import members
from serai.kernel.tx import Database

_OPEN_S = 120.0
_OK = 200
_MOST = re.compile(rb'^serai_inside_most\{where="(\w+)"\} ([0-9.]+)$', re.MULTILINE)
_LOOKS = 12


@contextlib.contextmanager
def opened(dsn: str, processes: int) -> Iterator[int]:
    """Open the market of a database; gives its port."""
    port = free_port()
    facts = {"SERAI_DATABASE_URL": dsn, "SERAI_LOG_LEVEL": "warning"}
    process = subprocess.Popen(
        [*SERAI, "up", "--no-demo", "--port", str(port), "--processes", str(processes)],
        env=plain_environment() | facts,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + _OPEN_S
        while asyncio.run(fetch(port, "/readyz")) != _OK:
            if process.poll() is not None or time.monotonic() > deadline:
                message = "the market did not open"
                raise RuntimeError(message)
            time.sleep(0.1)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        process.kill()
        process.wait()


def signed_in(set_up: Stage) -> dict[UUID, str]:
    """Open a session for every buyer; gives their tokens."""
    return asyncio.run(_signed_in(set_up))


async def _signed_in(set_up: Stage) -> dict[UUID, str]:
    database = await Database.open(set_up.dsn, size=1)
    try:
        async with database.tx() as tx:
            return {
                buyer.id: good(await members.start_session(tx, buyer.id)).token
                for buyer in set_up.buyers
            }
    finally:
        await database.close()


def inside_most(port: int) -> dict[str, int]:
    """Tell the most that was ever inside any one process at once, by where it waited."""
    return asyncio.run(_inside_most(port))


async def _inside_most(port: int) -> dict[str, int]:
    """Ask often: every new connection is answered by any of the processes."""
    most: dict[str, int] = {}
    for _ in range(_LOOKS):
        wire = await Wire.open(port)
        page = await wire.ask(request("GET", "/metrics"))
        wire.close()
        for where, count in _MOST.findall(page.body):
            name = where.decode()
            most[name] = max(most.get(name, 0), int(float(count)))
    return most
