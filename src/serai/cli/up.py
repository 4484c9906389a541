"""`serai up`: open the market and keep it open until told to stop."""

import signal
import socket
from typing import TYPE_CHECKING

import msgspec
import rich_click as click
from msgspec import Struct

from serai.cli import place, terminal
from serai.cli.stops import Exit, Stopped

if TYPE_CHECKING:
    from serai.cli.founding import First
    from serai.kernel.settings import Settings
    from serai.kernel.tx import Database

_BACKLOG = 2048


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
    help="Who runs the first market, where it is founded now. [default: operator@example.com]",
)
def up(
    host: str | None, port: int | None, processes: int | None, demo: bool, operator: str | None
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
    """Take the port before anything else is done, so that one in use changes nothing."""
    try:
        [(family, *_), *_] = socket.getaddrinfo(given.host, given.port, type=socket.SOCK_STREAM)
        return socket.create_server((given.host, given.port), family=family, backlog=_BACKLOG)
    except OSError as error:
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
    dsn: str, given: "Settings", listener: socket.socket, *, demo: bool, operator: str | None
) -> None:
    from serai.cli.serving import serve_alone, serve_together
    from serai.kernel import logs
    from serai.kernel.tx import Database

    logs.configure(given.log_format, given.log_level)
    await place.migrated(dsn)
    with place.reaching(dsn):
        database = await Database.open(dsn, size=given.pool_size)
    try:
        opening = await _furnish(database, given, demo=demo, operator=operator)
    finally:
        await database.close()
    serve = serve_alone if given.processes == 1 else serve_together
    await serve(dsn, given, listener, lambda: _tell(given, opening))


class Opening(Struct, frozen=True):
    """What there is to tell when the market opens."""

    first: "First"
    shops: int


async def _furnish(
    database: "Database", given: "Settings", *, demo: bool, operator: str | None
) -> Opening:
    """Found the first market where there is none, and fill it where it is empty."""
    from serai import members
    from serai.cli.founding import OPERATOR_EMAIL, first_market

    first = await first_market(database, operator or OPERATOR_EMAIL)
    async with database.tx() as tx:
        shops = await members.shops_page(tx, first.market.id, limit=1)
    return Opening(first, len(shops))


def _tell(given: "Settings", opening: Opening) -> None:
    """Print what to open, and the operator's password where it was made just now."""
    console = terminal.out()
    first = opening.first
    console.print(f"\n[bold]{first.market.name}[/] is open.\n")
    rows = [("API", f"{given.public_url}/api"), ("health", f"{given.public_url}/readyz")]
    if first.operator_password:
        rows += [("operator", first.operator_email or ""), ("password", first.operator_password)]
    for name, value in rows:
        console.print(f"  {name:<10} {value}", soft_wrap=True, markup=False)
    if first.operator_password:
        console.print("\n  The password is shown this once: keep it.")
    console.print("\n  Ctrl-C stops it.\n")
