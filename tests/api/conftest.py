"""The API over a database of the test's own, and people who call it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar
from msgspec import Struct
from serai import members
from serai.api.app import create_app
from serai.kernel.settings import Settings
from serai.kernel.tx import Database
from serai.members import Founded, Member, NewMarket, Newcomer, SignedIn

from tests.api import sample

PASSWORD = "correct horse battery staple"

Start = Callable[..., Awaitable[httpx.AsyncClient]]


class Person(Struct, frozen=True):
    """A member with a session."""

    member: Member
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture
async def market(database: Database) -> members.Market:
    async with database.tx() as tx:
        founded = await members.found_market(
            tx,
            NewMarket(
                slug="lanterns", name="Lanterns", currency="CNY", country="CN", locales=("en", "zh")
            ),
            operator=Newcomer(name="Wei", password=PASSWORD, email="wei@example.org"),
        )
    assert isinstance(founded, Founded)
    return founded.market


async def come_in(database: Database, home: members.Market, login: str) -> Person:
    async with database.tx() as tx:
        signed_in = await members.sign_in(tx, home.id, login, PASSWORD)
    assert isinstance(signed_in, SignedIn), signed_in
    return Person(signed_in.member, signed_in.token)


@pytest.fixture
async def operator(database: Database, market: members.Market) -> Person:
    return await come_in(database, market, "wei@example.org")


@pytest.fixture
async def buyer(database: Database, market: members.Market) -> Person:
    async with database.tx() as tx:
        joined = await members.sign_up(
            tx, market.id, Newcomer(name="Lin", password=PASSWORD, email="lin@example.org")
        )
    assert isinstance(joined, Member)
    return await come_in(database, market, "lin@example.org")


@pytest.fixture
async def other(database: Database, market: members.Market) -> Person:
    async with database.tx() as tx:
        joined = await members.sign_up(
            tx, market.id, Newcomer(name="Amir", password=PASSWORD, email="amir@example.org")
        )
    assert isinstance(joined, Member)
    return await come_in(database, market, "amir@example.org")


async def live(app: Litestar, started: asyncio.Event, over: asyncio.Event) -> None:
    """Live an application's life in one task, as a server would."""
    async with app.lifespan():
        started.set()
        await over.wait()


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    """Start an API with settings and modules of the test's own; stopped when the test ends."""
    over = asyncio.Event()
    lives: list[asyncio.Task[None]] = []
    clients: list[httpx.AsyncClient] = []

    async def begin(
        settings: Settings = Settings(),  # noqa: B008  it is frozen
        modules: Any = (sample,),  # noqa: ANN401
        address: str = "203.0.113.9",
    ) -> httpx.AsyncClient:
        app = create_app(database, settings, modules)
        started = asyncio.Event()
        lives.append(asyncio.create_task(live(app, started, over)))
        await started.wait()
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, client=(address, 5000)),
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
async def api(start: Start, market: members.Market) -> httpx.AsyncClient:
    """Give a client of an API that serves the sample resource."""
    return await start()

