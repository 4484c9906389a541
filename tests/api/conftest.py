"""The API over a database, and people who call it.

One database serves a whole run: tests of the door need people who may call, not
an empty market. A test that needs its own asks for `database` and gives it to `start`.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import asyncpg
import httpx
import pytest
from litestar import Litestar
from msgspec import Struct

from serai import members
from serai.api.app import create_app
from serai.kernel.clock import ManualClock
from serai.kernel.settings import Settings
from serai.kernel.tx import Database
from serai.members import Founded, Market, Member, Newcomer, NewMarket, SignedIn
from tests.api import sample
from tests.api.bazaar import Bazaar, open_bazaar
from tests.conftest import START

PASSWORD = "correct horse battery staple"

Start = Callable[..., Awaitable[httpx.AsyncClient]]


class Person(Struct, frozen=True):
    """A member with a session."""

    member: Member
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Town(Struct, frozen=True):
    """A database with a market in it, and some of its people."""

    database: Database
    market: Market
    operator: Person
    buyer: Person
    other: Person
    tester: Person
    """Whose sessions may end at any moment."""


async def settle(database: Database) -> Town:
    """Found a market and let its people come in."""
    async with database.tx() as tx:
        founded = await members.found_market(
            tx,
            NewMarket(
                slug="lanterns", name="Lanterns", currency="CNY", country="CN", locales=("en", "zh")
            ),
            operator=Newcomer(name="Wei", password=PASSWORD, email="wei@example.org"),
        )
        assert isinstance(founded, Founded)
        for name in ("Lin", "Amir", "Zoe"):
            newcomer = Newcomer(name=name, password=PASSWORD, email=f"{name.lower()}@example.org")
            assert isinstance(await members.sign_up(tx, founded.market.id, newcomer), Member)
    wei, lin, amir, zoe = [
        await come_in(database, founded.market, f"{name}@example.org")
        for name in ("wei", "lin", "amir", "zoe")
    ]
    return Town(database, founded.market, wei, lin, amir, zoe)


async def come_in(database: Database, market: Market, login: str) -> Person:
    """Open a session of a member."""
    async with database.tx() as tx:
        signed_in = await members.sign_in(tx, market.id, login, PASSWORD)
    assert isinstance(signed_in, SignedIn), signed_in
    return Person(signed_in.member, signed_in.token)


async def again(town: Town, person: Person) -> Person:
    """Open another session of somebody, for a test that may end it."""
    async with town.database.tx() as tx:
        opened = await members.start_session(tx, person.member.id)
    assert isinstance(opened, SignedIn)
    return Person(opened.member, opened.token)


@contextlib.asynccontextmanager
async def open_database(server: str, template: str) -> AsyncIterator[Database]:
    """Open a database that lasts for a run."""
    name = f"serai_town_{uuid.uuid4().hex[:12]}"
    head, _, query = server.partition("?")
    address = f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    connection = await asyncpg.connect(server)
    await connection.execute(f"create database {name} template {template}")
    database = await Database.open(address, clock=ManualClock(START))
    yield database
    await database.close()
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


@pytest.fixture(scope="session")
async def town(server: str, template: str) -> AsyncIterator[Town]:
    async with open_database(server, template) as database:
        yield await settle(database)


@pytest.fixture(scope="session")
async def bazaar(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bazaar]:
    """Give the named world of tests of trade, committed."""
    async with open_database(server, template) as database:
        yield await open_bazaar(database, tmp_path_factory.mktemp("data"))


@pytest.fixture
def operator(town: Town) -> Person:
    return town.operator


@pytest.fixture
def buyer(town: Town) -> Person:
    return town.buyer


@pytest.fixture
def other(town: Town) -> Person:
    return town.other


async def live(app: Litestar, started: asyncio.Event, over: asyncio.Event) -> None:
    """Live an application's life in one task, as a server would."""
    async with app.lifespan():
        started.set()
        await over.wait()


@pytest.fixture
async def start(town: Town) -> AsyncIterator[Start]:
    """Start an API with settings and modules of the test's own; stopped when the test ends."""
    over = asyncio.Event()
    lives: list[asyncio.Task[None]] = []
    clients: list[httpx.AsyncClient] = []

    async def begin(
        settings: Settings | None = None,
        modules: Any = (sample,),  # noqa: ANN401
        address: str = "203.0.113.9",
        database: Database = town.database,
    ) -> httpx.AsyncClient:
        app = create_app(database, settings or Settings(), modules)
        started = asyncio.Event()
        lives.append(asyncio.create_task(live(app, started, over)))
        await started.wait()
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", app), client=(address, 5000)),
            base_url="http://market.test",
        )
        clients.append(client)
        return client

    yield begin
    over.set()
    for client in clients:
        await client.aclose()
    await asyncio.gather(*lives)


@pytest.fixture
async def api(start: Start) -> httpx.AsyncClient:
    """Give a client of an API that serves the sample resource."""
    return await start()


@contextlib.asynccontextmanager
async def serving(database: Database, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the whole API for a run: to put it together takes longer than most tests."""
    started, over = asyncio.Event(), asyncio.Event()
    app = create_app(database, settings)
    life = asyncio.create_task(live(app, started, over))
    await started.wait()
    transport = httpx.ASGITransport(app=cast("Any", app), client=("203.0.113.9", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://market.test") as client:
        yield client
    over.set()
    await life


@pytest.fixture(scope="session")
async def door(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the API as it is served to the world."""
    async with serving(town.database, Settings(requests_per_minute=1_000_000)) as client:
        yield client


@pytest.fixture(scope="session")
async def stall(bazaar: Bazaar) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the API as it is served to the world, over the bazaar."""
    settings = Settings(requests_per_minute=1_000_000, data=bazaar.pictures)
    async with serving(bazaar.database, settings) as client:
        yield client
