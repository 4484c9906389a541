"""The street, opened once for a run and thrown away after it; at its end the promises hold."""

import asyncio
import uuid
from collections.abc import Iterator

import asyncpg
import pytest
import schemathesis
from schemathesis.python import asgi
from schemathesis.schemas import BaseSchema

from tests.fuzz.asking import CONFIG
from tests.fuzz.street import Opened, Street


async def _run(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def address(server: str, template: str) -> Iterator[str]:
    """Give the address of a database in which what the fuzz does is committed."""
    name = f"serai_fuzz_{uuid.uuid4().hex[:12]}"
    head, _, query = server.partition("?")
    asyncio.run(_run(server, f"create database {name} template {template}"))
    yield f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    asyncio.run(_run(server, f"drop database {name} with (force)"))


@pytest.fixture(scope="session")
def street(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Give the market behind the API."""
    with asyncio.Runner() as runner:
        opened = Street.open(runner, address, tmp_path_factory.mktemp("pictures"))
        yield opened
        assert opened.broken() == []
        opened.close()


@pytest.fixture(scope="session")
def asked(
    street: Street, address: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BaseSchema]:
    """Give the API's own description, tied to the API; loaded from its door."""
    app = Opened(address, tmp_path_factory.mktemp("pictures"))
    yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=CONFIG)
    asgi.shutdown_lifespans()
