"""`serai trade`: watch one trade from sign-up to payout, and the proof that nothing went astray."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import rich_click as click
from msgspec import Struct

from serai.cli import place, terminal
from serai.cli.audit import answer, check, show
from serai.cli.stops import Exit, Stopped

if TYPE_CHECKING:
    from serai.cli.books import BalanceSheet, Books
    from serai.cli.doorway import Door
    from serai.cli.story import Step
    from serai.kernel.settings import Settings
    from serai.kernel.tx import Database
    from serai.members import Market
    from serai.trade import Promise

_PAUSE_S = 0.1
_REQUESTS_PER_MINUTE = 60_000


class Traded(Struct, frozen=True):
    """A trade that is over: what happened, where the money stands, what the audit found."""

    steps: list["Step"]
    balance_sheet: "BalanceSheet"
    promises: list["Promise"]
    seconds: float

    @property
    def holds(self) -> bool:
        """Tell whether the books balance and every promise holds."""
        return self.balance_sheet.balances and all(one.holds for one in self.promises)


@click.command()
@click.option(
    "--url", metavar="URL", help="A market that is running, such as the one of `serai up`."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole trade as one JSON object.")
@click.pass_context
def trade(context: click.Context, url: str | None, as_json: bool) -> None:
    """Watch strangers trade: sign up, list, top up, order, ship, scan, confirm, pay out.

    Without --url the market is opened for this alone, on SERAI_DATA or SERAI_DATABASE_URL; with
    it, buyer, seller and courier come to the market that runs there, and the ledger is read from
    its database, so that the same settings must lead there. All of them go through the HTTP API.
    Each run has new people.

    Example: `serai trade --url http://127.0.0.1:8000`

    Exit codes: 0 the audit holds after the trade; 1 it does not; 3 the market refused a step;
    4 the market or its database cannot be reached.
    """
    import msgspec

    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    given = place.settings()
    # One caller makes all requests here, at the pace of three.
    given = msgspec.structs.replace(given, requests_per_minute=_REQUESTS_PER_MINUTE)

    place.preload("serai.worker", "serai.api.app", "serai.cli.story")

    async def act(database: "Database") -> Traded:
        return await run(database, given, url, tell=not as_json)

    traded = place.with_database(act, given, make=url is None)
    if as_json:
        terminal.print_json(
            {
                "steps": traded.steps,
                "balance_sheet": traded.balance_sheet,
                "audit": answer(traded.promises),
            }
        )
    if not traded.holds:
        context.exit(Exit.NOT_SO)


async def run(database: "Database", given: "Settings", url: str | None, *, tell: bool) -> Traded:
    """Let a trade happen, and check everything after it."""
    import time

    from serai.cli import telling
    from serai.cli.story import Story

    steps = []
    async with _market(database, given, url) as (door, books, market, wait):
        story = Story(door, books, database, market, wait)
        if tell:
            telling.title(market, url)
        async for step in story.tell():
            steps.append(step)
            if tell:
                telling.step(len(steps), step)
        await wait()
        sheet = await books.balance_sheet()
        began = time.perf_counter()
        promises = await check(database)
    traded = Traded(steps, sheet, promises, time.perf_counter() - began)
    if tell:
        telling.balance_sheet(sheet)
        show(promises, traded.seconds)
    return traded


Opened = tuple["Door", "Books", "Market", Callable[[], Awaitable[object]]]


@asynccontextmanager
async def _market(
    database: "Database", given: "Settings", url: str | None
) -> AsyncIterator[Opened]:
    """Open a market of our own, or come to the one that is running."""
    import httpx

    from serai import worker
    from serai.api.app import create_app
    from serai.cli.doorway import Door, client
    from serai.cli.founding import first_market

    if url is not None:
        async with client(url) as outside:
            door = Door(outside)
            market = await _same(database, door, url)
            yield door, _books(database, market), market, _pause
        return
    market = await first_market(database)
    app = create_app(database, given, reactions=worker.reactions())

    async def work() -> int:
        return await worker.settle(database, given)

    # The lifespan would wrap what ends a trade into a group; it has to hear of nothing.
    stopped: Stopped | None = None
    transport = httpx.ASGITransport(cast("Any", app))
    async with app.lifespan(), client("http://market", transport) as inside:
        try:
            yield Door(inside), _books(database, market), market, work
        except Stopped as stop:
            stopped = stop
    if stopped is not None:
        raise stopped


def _books(database: "Database", market: "Market") -> "Books":
    from serai import worker
    from serai.cli.books import Books

    [bank] = worker.banks(database)
    return Books(database, market, bank)


async def _pause() -> None:
    await asyncio.sleep(_PAUSE_S)


async def _same(database: "Database", door: "Door", url: str) -> "Market":
    """Find the market at an address in our database; its ledger is read there."""
    from uuid import UUID

    from serai import members

    shown = await door.read("/market")
    async with database.tx() as tx:
        found = await members.market(tx, UUID(shown["id"]))
    if found is None:
        said = f"the market at {url} is not in this database"
        way_out = "set SERAI_DATA or SERAI_DATABASE_URL as for its `serai up`"
        raise Stopped(f"{said}: {way_out}", Exit.UNREACHABLE)
    return found
