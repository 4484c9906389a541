"""Serving: the API's processes and the worker, from the first request to the last.

Alone, one process serves and works. Together, the first process works and
watches the others, which serve on the port that it holds. Each of those is a
user of the embedded PostgreSQL in its own right and ends when the first does,
however that ends: killing any of them leaves nothing behind. The first also
starts the embedded PostgreSQL again where that was killed.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence

import msgspec
import structlog
import uvicorn
import uvloop

from serai import worker
from serai.cli import place
from serai.cli.stops import Exit, Stopped
from serai.kernel import collector, logs, postgres
from serai.kernel.settings import Settings
from serai.kernel.tx import Database

_GRACE_S = 4
_WORKER_POOL = 6
_OPEN_CHECK_S = 0.02
_RESTART_S_MAX = 10.0
_TRIES_MAX = 5
_STEADY_S = 30.0
_TEND_S = 0.2
_TEND_TROUBLE_S = 5.0

_log = structlog.get_logger(__name__)

Opened = Callable[[], None]
"""Called when requests are answered."""


async def serve_alone(dsn: str, given: Settings, listener: socket.socket, opened: Opened) -> None:
    """Serve and work in this process until told to stop."""
    stop = _told_to_stop()
    async with asyncio.TaskGroup() as group:
        group.create_task(_tend(given, stop))
        group.create_task(_work(dsn, given, stop))
        group.create_task(_serve(dsn, given, listener, stop, opened))


async def serve_together(
    dsn: str, given: Settings, listener: socket.socket, opened: Opened
) -> None:
    """Work in this process, and have others serve, until told to stop."""
    stop = _told_to_stop()
    async with asyncio.TaskGroup() as group:
        group.create_task(_tend(given, stop))
        group.create_task(_work(dsn, given, stop))
        watching = [
            group.create_task(_watch(number, given, listener, stop))
            for number in range(given.processes)
        ]
        opened()
    if not all(task.result() for task in watching):
        said = "a server process ended again and again"
        raise Stopped(f"{said}: its reason is in the log above", Exit.UNREACHABLE)


def _told_to_stop() -> asyncio.Event:
    """Make the event that Ctrl-C, or a stop by the system, sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    return stop


async def _tend(given: Settings, stop: asyncio.Event) -> None:
    """See that the embedded PostgreSQL lives; another's server is its owner's to look after."""
    if given.database_url is not None:
        return
    while not stop.is_set():
        pause_s = _TEND_S
        try:
            if await asyncio.to_thread(postgres.revive, given.data):
                _log.warning("PostgreSQL had died and was started again")
        except (postgres.PostgresRefused, OSError) as error:
            # Requests are refused until whoever runs the market has mended what it says.
            _log.error("PostgreSQL has died and cannot be started", reason=str(error))
            pause_s = _TEND_TROUBLE_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_s)


async def _work(dsn: str, given: Settings, stop: asyncio.Event) -> None:
    """Run the worker; its connections are its own, so that it waits for no request."""
    database = await Database.open(dsn, size=_WORKER_POOL)
    try:
        await worker.run(database, given, stop)
    finally:
        await database.close()


async def _serve(
    dsn: str, given: Settings, listener: socket.socket, stop: asyncio.Event, opened: Opened
) -> None:
    """Answer requests; when told to stop, finish those under way and no more."""
    # Read only here: the process that has others serve opens without it.
    from serai.api.app import create_app

    database = await Database.open(dsn, size=given.pool_size)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(database, given, reactions=worker.reactions()),
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    collector.calm()
    # Signals are ours: they stop the worker too.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _until_open(server, serving)
        if server.started:
            opened()
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        server.should_exit = True
        await serving
    finally:
        stop.set()
        await database.close()


async def _until_open(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    """Wait until requests are answered; the server has no event that says so."""
    while not (server.started or serving.done()):  # noqa: ASYNC110
        await asyncio.sleep(_OPEN_CHECK_S)


async def _watch(
    number: int, given: Settings, listener: socket.socket, stop: asyncio.Event
) -> bool:
    """Keep one serving process alive; False when it cannot even begin, and all have to stop."""
    loop = asyncio.get_running_loop()
    tries = 0
    while not stop.is_set():
        began = loop.time()
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, str(listener.fileno()),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=[listener.fileno()],
            env={**os.environ, **_environment(given)},
        )  # fmt: skip
        await _until_ended(child, stop)
        if stop.is_set():
            return True
        # No process kills itself with this signal: to be killed says nothing about whether
        # the next one can begin, so it never closes the market.
        killed = child.returncode == -signal.SIGKILL
        steady = loop.time() - began > _STEADY_S
        tries = 0 if killed else 1 if steady else tries + 1
        _log.warning("server process ended", number=number, status=child.returncode, tries=tries)
        if tries >= _TRIES_MAX:
            stop.set()
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), min(_RESTART_S_MAX, 0.2 * 2**tries))
    return True


async def _until_ended(child: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    """Wait for the end of a process; when told to stop, bring it about."""
    ended = asyncio.create_task(child.wait())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ended.done():
        assert child.stdin is not None
        child.stdin.close()
        await asyncio.wait({ended}, timeout=2 * _GRACE_S)
    if not ended.done():
        child.kill()
    await ended


def _environment(given: Settings) -> dict[str, str]:
    """Write settings as the variables that another process reads them from."""
    written = {}
    for name, value in msgspec.structs.asdict(given).items():
        if value is not None:
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            written[f"SERAI_{name.upper()}"] = text
    return written


def _serve_one(listener: socket.socket) -> None:
    """Be one of several serving processes, until the first one closes our input or dies."""
    given = place.settings()
    logs.configure(given.log_format, given.log_level)

    async def serve(dsn: str) -> None:
        stop = _told_to_stop()
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)
        await _serve(dsn, given, listener, stop, lambda: None)

    with place.server(given, make=True) as dsn:
        uvloop.run(serve(dsn))


def main(arguments: Sequence[str]) -> None:
    """Serve on the port whose open socket the first argument names."""
    _serve_one(socket.socket(fileno=int(arguments[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
