"""How the tests run `serai`: as a program of its own, as people do."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.kernel.servers import SOURCE

_SERAI = (sys.executable, "-m", "serai.cli")
_START_S = 90


def environment(data: Path | None = None, dsn: str | None = None) -> dict[str, str]:
    """Give an environment whose only settings are those of the test."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SERAI_")}
    ours |= {"PYTHONPATH": str(SOURCE), "COLUMNS": "120"}
    if data is not None:
        ours["SERAI_DATA"] = str(data)
    if dsn is not None:
        ours["SERAI_DATABASE_URL"] = dsn
    return ours


def serai(
    *arguments: str | Path, data: Path | None = None, dsn: str | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*_SERAI, *arguments],
        env=environment(data, dsn),
        input=given,
        capture_output=True,
        text=True,
        timeout=_START_S,
        check=False,
    )


class Up:
    """A market that is open, as a process."""

    def __init__(self, process: subprocess.Popen[str], port: int, output: Path) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._output = output

    @property
    def said(self) -> str:
        """Tell what it has printed so far."""
        return self._output.read_text()

    def answers(self) -> bool:
        """Tell whether it says that it is ready."""
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False

    def wait_until_open(self) -> None:
        """Wait until it answers, and fail with its own words where it has ended."""
        deadline = time.monotonic() + _START_S
        while not self.answers():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Stop it, and give its exit code."""
        self.process.send_signal(how)
        return self.process.wait(timeout=30)


@contextlib.contextmanager
def up(data: Path, *arguments: str) -> Iterator[Up]:
    """Open a market on a data directory; whatever the test does, it is stopped after it."""
    port = free_port()
    output = data.parent / f"up-{port}.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            [*_SERAI, "up", "--no-demo", "--port", str(port), *arguments],
            env=environment(data),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            opened = Up(process, port, output)
            opened.wait_until_open()
            yield opened
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
