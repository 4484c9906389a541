"""A market as a process of its own, and the ways in which it is killed."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import IO

import msgspec

from benchmarks.wire import Answer, Wire, request

PROCESSES = 2
_POLL_S = 0.05
_ASK_S = 5.0
SERAI = (sys.executable, "-m", "serai.cli")
_PACE = "100000000"


class Kill(StrEnum):
    """What dies."""

    WEB = "web"
    """One of the processes that serve."""
    WORKER = "worker"
    """The process that works and watches the others: the market ends and is opened again."""
    POSTGRES = "postgres"
    """The postmaster; its children are left to die."""
    ALL = "all"


class Market:
    """`serai up` on a data directory; it outlives none of our kills unless it should."""

    def __init__(self, data: Path, log: IO[bytes]) -> None:
        self._data = data
        self._log = log
        self.port = free_port()
        self._dead: set[int] = {0}
        self._process = self._open()

    def _open(self) -> "subprocess.Popen[bytes]":
        port = ("--port", str(self.port), "--processes", str(PROCESSES))
        return subprocess.Popen(
            [*SERAI, "up", "--no-demo", *port],
            env=environment(self._data) | {"SERAI_LOG_LEVEL": "warning"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self, kind: Kill, chance: random.Random) -> None:
        """Kill with SIGKILL; what does not come back by itself is opened again at once."""
        victims: list[int] = []
        if kind is Kill.WEB:
            victims.append(chance.choice(self.serving()))
        if kind in {Kill.POSTGRES, Kill.ALL}:
            victims.append(self.postmaster())
        if kind in {Kill.WORKER, Kill.ALL}:
            victims.append(self._process.pid)
        if kind is Kill.ALL:
            victims.extend(self.serving())
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        self._dead.update(victims)
        if self._process.pid in victims:
            self._process.wait()
            self._process = self._open()

    async def recovered(self, patience_s: float) -> bool:
        """Wait until the market has all its processes and says that it is ready."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            whole = len(self.serving()) == PROCESSES and self.postmaster() not in self._dead
            if whole and await self._ready():
                return True
            if self._process.poll() is not None:
                return False
            await asyncio.sleep(_POLL_S)
        return False

    async def _ready(self) -> bool:
        return (await fetch(self.port, "/readyz")) == 200  # noqa: PLR2004  HTTP's own number

    def serving(self) -> list[int]:
        """Find the processes that serve."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found = set(map(int, children.read_text().split())) - self._dead
            return sorted(pid for pid in found if _serves(pid))
        return []

    def postmaster(self) -> int:
        """Find the PostgreSQL that runs, or the last that did; 0 where there was none."""
        with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
            return int((self._data / "postgres" / "postmaster.pid").read_text().split("\n")[0])
        return 0

    def audit(self) -> list[str]:
        """Run `serai audit`; gives the promises that it found broken, with their rows."""
        ran = subprocess.run(
            [*SERAI, "audit", "--json"],
            env=environment(self._data),
            capture_output=True,
            check=False,
        )
        if ran.returncode not in {0, 1}:
            return [f"the audit could not be made: {ran.stderr.decode().strip()[-500:]}"]
        promises = msgspec.json.decode(ran.stdout)["promises"]
        broken = [promise for promise in promises if not promise["holds"]]
        return [f"promise {one['number']}: {one['name']}: {one['breaches'][:3]}" for one in broken]

    def close(self) -> None:
        """Stop the market as its owner would, and see that nothing of it is left."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


async def fetch(port: int, path: str) -> int:
    """Ask for a page on a fresh connection; its status, 0 where nobody answered."""
    with contextlib.suppress(OSError):
        wire = await Wire.open(port)
        try:
            answer: Answer = await asyncio.wait_for(wire.ask(request("GET", path)), _ASK_S)
        finally:
            wire.close()
        return answer.status
    return 0


def environment(data: Path) -> dict[str, str]:
    """Give an environment whose only settings are this market's."""
    return plain_environment() | {"SERAI_DATA": str(data)}


def plain_environment() -> dict[str, str]:
    """Give an environment without settings, but that nobody's pace is too fast."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SERAI_")}
    return ours | {"SERAI_REQUESTS_PER_MINUTE": _PACE}


def _serves(process_id: int) -> bool:
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
        return b"serai.cli.serving" in Path(f"/proc/{process_id}/cmdline").read_bytes() and (
            state != "Z"
        )
    return False


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
