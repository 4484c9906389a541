"""What surrounds every answer: ids, headers, health, metrics, and who may read from a browser."""

from datetime import timedelta

import httpx
import pytest

from serai.kernel import ids, outbox
from serai.kernel.clock import ManualClock
from serai.kernel.settings import Settings
from serai.kernel.tx import Database
from tests.api.conftest import Start, Town
from tests.conftest import START

ORIGIN = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}


@pytest.mark.parametrize("path", ["/api/v1/things", "/api/v1/nothing", "/livez", "/nowhere"])
async def test_every_answer_bears_the_headers_of_caution(api: httpx.AsyncClient, path: str) -> None:
    headers = (await api.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-request-id"]
    assert "strict-transport-security" not in headers
    assert "set-cookie" not in headers
    assert "access-control-allow-origin" not in headers


async def test_https_is_insisted_on_where_it_is_spoken(start: Start) -> None:
    api = await start(Settings(public_url="https://market.example"))
    answer = await api.get("/livez")
    assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_a_request_keeps_the_id_that_a_proxy_gave_it(api: httpx.AsyncClient) -> None:
    for given, kept in (("abcdefgh-1", True), ("a b", False), ("x" * 65, False)):
        answer = await api.get("/livez", headers={"X-Request-Id": given})
        assert (answer.headers["x-request-id"] == given) is kept


async def test_scripts_of_other_origins_are_let_in_only_when_told(start: Start) -> None:
    closed = await start()
    opened = await start(Settings(cors_origins=("https://shop.example",), requests_per_minute=10))
    refused = await closed.options("/api/v1/things", headers=ORIGIN)
    assert "access-control-allow-origin" not in refused.headers
    allowed = await opened.options("/api/v1/things", headers=ORIGIN)
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    stranger = ORIGIN | {"Origin": "https://evil.example"}
    assert (
        "access-control-allow-origin"
        not in (await opened.options("/api/v1/things", headers=stranger)).headers
    )
    # An error must be readable too, or a script could not tell why it failed.
    await opened.get("/api/v1/things")
    limited = await opened.get("/api/v1/things", headers={"Origin": "https://shop.example"})
    assert limited.status_code == 429
    assert limited.headers["access-control-allow-origin"] == "https://shop.example"


async def test_requests_are_counted_by_route_and_not_by_address(api: httpx.AsyncClient) -> None:
    await api.get(f"/api/v1/things/{ids.new(START)}")
    await api.get("/api/v1/guess/me")
    page = (await api.get("/metrics")).text
    assert 'route="/api/v1/things/{thing_id}"' in page
    assert 'route="unmatched",status="404"' in page
    assert "guess" not in page


async def test_the_house_is_ready_when_it_can_serve(api: httpx.AsyncClient) -> None:
    assert (await api.get("/livez")).text == "ok"
    ready = await api.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True), ready.text
    assert ready.json()["checks"] == {"database": "ok", "schema": "ok", "outbox": "ok"}


async def test_the_house_is_not_ready_without_its_schema_or_its_worker(
    start: Start, database: Database, town: Town, clock: ManualClock
) -> None:
    api = await start(database=database)
    async with database.tx() as tx:
        event = outbox.event(
            tx, market_id=town.market.id, subject=town.market.id, kind="market.opened", body={}
        )
        await outbox.emit(tx, [event])
        await tx.execute("delete from _pogo_migration where migration_id like '0009%'")
    clock.advance(timedelta(minutes=6))
    answer = await api.get("/readyz")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert checks["schema"] == "not applied: 0009_webhooks"
    assert checks["outbox"] == "an event has waited for 360 s"
    await database.close()
    assert (await api.get("/readyz")).status_code == 503
    assert (await api.get("/livez")).status_code == 200
