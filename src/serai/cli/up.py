"""`serai up`: open the market and keep it open until told to stop."""

import asyncio
import errno
import signal
import socket
import time
from typing import TYPE_CHECKING

import msgspec
import rich_click as click
from msgspec import Struct
from rich.markup import escape

from serai.cli import place, terminal
from serai.cli.backup import PICTURES
from serai.cli.founding import OPERATOR_EMAIL
from serai.cli.stops import Exit, Stopped

if TYPE_CHECKING:
    from serai.kernel.settings import Settings
    from serai.members import Market

_BACKLOG = 2048
_PAUSE_S = 0.5
_PORT_PATIENCE_S = 3.0
_PORT_PAUSE_S = 0.1


@click.command()
@click.option("--host", help="Address to listen on. [default: SERAI_HOST, 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port. [default: SERAI_PORT, 8000]")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    help="Server processes. [default: SERAI_PROCESSES, 1]",
)
@click.option(
    "--demo/--no-demo",
    default=True,
    show_default=True,
    help="Fill an empty market with demo shops.",
)
@click.option(
    "--operator",
    metavar="EMAIL",
    default=OPERATOR_EMAIL,
    show_default=True,
    help="Who runs the first market, where nobody does yet.",
)
def up(
    host: str | None, port: int | None, processes: int | None, demo: bool, operator: str
) -> None:
    """Open the market: database, schema, first market, server and worker.

    Starts the embedded PostgreSQL, or uses SERAI_DATABASE_URL. Founds a market and its operator
    where there is none, and prints the operator's password, once. Ctrl-C stops everything.

    Example: `serai up --port 8080 --no-demo`

    Exit codes: 0 stopped as asked; 2 a setting cannot be read; 4 the port is in use or the
    database cannot be reached; 130 interrupted before it was open.
    """
    import uvloop

    # A stop by the system is a Ctrl-C, whatever is under way when it comes.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    given = place.settings()
    changes = {"host": host, "port": port, "processes": processes}
    given = msgspec.structs.replace(given, **{k: v for k, v in changes.items() if v is not None})
    listener = listen(given)
    try:
        given = _reached_at(given, listener)
        # Who only works, and has others serve, opens a second sooner without the API.
        served_here = ["serai.api.app"] if given.processes == 1 else []
        place.preload("serai.worker", "serai.cli.serving", *served_here)
        with place.server(given, make=True) as dsn:
            try:
                uvloop.run(_open(dsn, given, listener, demo=demo, operator=operator))
            finally:
                # Leaving takes a moment: an impatient second Ctrl-C must not end it half-way.
                for name in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(name, signal.SIG_IGN)
    finally:
        listener.close()


def listen(given: "Settings") -> socket.socket:
    """Take the port before anything else is done, so that one in use changes nothing.

    The server processes of a market that was killed hold its port until they
    notice, a moment later: so one in use is tried again for a little while.
    """
    deadline = time.monotonic() + _PORT_PATIENCE_S
    while True:
        try:
            [(family, *_), *_] = socket.getaddrinfo(given.host, given.port, type=socket.SOCK_STREAM)
            return socket.create_server((given.host, given.port), family=family, backlog=_BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(_PORT_PAUSE_S)
                continue
            said = f"cannot listen on {given.host}, port {given.port} ({error.strerror})"
            way_out = "stop what uses the port, or choose another with --port"
            raise Stopped(f"{said}: {way_out}", Exit.UNREACHABLE) from error


def _reached_at(given: "Settings", listener: socket.socket) -> "Settings":
    """Settle the port where the system chose it, and the public address where nobody said it."""
    from serai.kernel.settings import Settings

    port = listener.getsockname()[1]
    told = given.public_url != Settings().public_url
    host = given.host if given.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    url = given.public_url if told else f"http://{host}:{port}"
    return msgspec.structs.replace(given, port=port, public_url=url)


async def _open(
    dsn: str, given: "Settings", listener: socket.socket, *, demo: bool, operator: str
) -> None:
    from serai.cli.serving import serve_alone, serve_together
    from serai.kernel import logs

    logs.configure(given.log_format, "warning")
    await place.migrated(dsn)
    opening = await _furnish(dsn, given, demo=demo, operator=operator)
    logs.configure(given.log_format, given.log_level)
    serve = serve_alone if given.processes == 1 else serve_together
    await serve(dsn, given, listener, lambda: _tell(given, opening))


class Known(Struct, frozen=True):
    """How somebody comes in; told once, where the password was made just now."""

    role: str
    email: str
    password: str


class Opening(Struct, frozen=True):
    """What there is to tell when the market opens."""

    market: "Market"
    logins: tuple[Known, ...]


async def _furnish(dsn: str, given: "Settings", *, demo: bool, operator: str) -> Opening:
    """See to it that there is a market, with somebody who runs it."""
    from serai.cli.founding import first_market, first_operator
    from serai.kernel.tx import Database

    logins = await _rehearse(dsn, given) if demo else ()
    with place.reaching(dsn):
        database = await Database.open(dsn, size=2)
    try:
        market = await first_market(database)
        password = await first_operator(database, market, operator)
    finally:
        await database.close()
    made = (Known("operator", operator, password),) if password else ()
    return Opening(market, (*logins, *made))


async def _rehearse(dsn: str, given: "Settings") -> tuple[Known, ...]:
    """Make the demo market in an empty database, and tell who can come in; else nothing."""
    from serai.cli import rehearsal

    with terminal.progress() as shown:
        tasks = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(f"Demo {what}", total=of)
            shown.update(tasks[what], completed=done, total=of)

        pictures = given.data / PICTURES
        while True:
            outcome = await rehearsal.seed_demo(dsn, pictures, progress)
            if isinstance(outcome, rehearsal.Seeded) or outcome.code != rehearsal.BUSY:
                break
            # Another start is making it at this moment.
            await asyncio.sleep(_PAUSE_S)
    if isinstance(outcome, rehearsal.Seeded):
        if outcome.new and not outcome.holds:
            raise Stopped("the demo market broke a promise: see `serai audit`", Exit.NOT_SO)
        return tuple(Known(one.role, one.email, one.password) for one in outcome.logins)
    if outcome.code == rehearsal.UNFINISHED:
        said = "the demo market was left half made"
        raise Stopped(f"{said}: make it anew with `serai seed --demo --fresh`", Exit.REFUSED)
    return ()


def _tell(given: "Settings", opening: Opening) -> None:
    """Print what to open, and who can come in where that was settled just now."""
    console = terminal.out()
    console.print(f"\n[bold]{escape(opening.market.name)}[/] is open.\n")
    for name, path in (("API", "/api"), ("health", "/readyz")):
        console.print(f"  {name:<10} {given.public_url}{path}", soft_wrap=True, markup=False)
    if opening.logins:
        console.print("\n  Who can come in; the passwords are shown this once:")
    for one in opening.logins:
        line = f"  {one.role:<10} {one.email:<28} {one.password}"
        console.print(line, soft_wrap=True, markup=False)
    console.print("\n  Ctrl-C stops it.\n")
    console.file.flush()
