"""Health: does the process live, can it serve, what does it count."""

import asyncio
from typing import Any

import asyncpg
from litestar import MediaType, Request, Response, get
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from serai.api.house import House
from serai.kernel.migrate import folder
from serai.kernel.tx import Tx

_LAG_MAX_S = 300
_PATIENCE_S = 3


class Ready(Struct, frozen=True):
    """Whether the house can serve, check by check."""

    ready: bool
    checks: dict[str, str]
    """Each `ok`, or what is wrong with it."""


@get("/livez", include_in_schema=False, media_type=MediaType.TEXT)
async def livez() -> str:
    """Say that the process lives."""
    return "ok"


@get("/readyz", include_in_schema=False)
async def readyz(request: Request[Any, Any, Any]) -> Response[Ready]:
    """Say whether requests should come here: database, schema, and the pace of reactions."""
    house: House = request.app.state.house
    try:
        async with asyncio.timeout(_PATIENCE_S), house.database.tx() as tx:
            checks = {"database": "ok", "schema": await _schema(tx), "outbox": await _outbox(tx)}
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        checks = {"database": f"does not answer: {type(error).__name__}"}
    ready = set(checks.values()) == {"ok"}
    return Response(Ready(ready, checks), status_code=200 if ready else 503)


async def _schema(tx: Tx) -> str:
    applied = set(await tx.values("select migration_id from _pogo_migration"))
    missing = sorted({path.stem for path in folder().glob("[0-9]*.sql")} - applied)
    return f"not applied: {', '.join(missing)}" if missing else "ok"


# What waits behind a failure is noted as such; it must not take the whole market away.
_LAG = """
select extract(epoch from $1 - min(e.at))::float8 from kernel_event as e
where e.delivered_at is null
  and not exists (select from kernel_failure as f where f.subject = e.subject)
"""


async def _outbox(tx: Tx) -> str:
    lag_s = await tx.value(_LAG, tx.now) or 0
    return "ok" if lag_s <= _LAG_MAX_S else f"an event has waited for {lag_s:.0f} s"


@get("/metrics", include_in_schema=False, media_type=MediaType.TEXT)
async def metrics_page() -> Response[bytes]:
    """Give the counters in the Prometheus text format."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES = [livez, readyz, metrics_page]
