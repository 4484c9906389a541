"""The API put together: what it is made of is named here, and nothing else is.

A module of a resource exports `ROUTES`, its handlers, and `REFUSALS`, what it
says to the refusals of its hall; it is added to `MODULES` and is then served,
limited, described and tested like all others.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from serai import trade
from serai.api import (
    addresses,
    books,
    browse,
    callers,
    cart,
    categories,
    funding,
    health,
    idempotency,
    listings,
    markets,
    members,
    methods,
    offering,
    order_steps,
    orders,
    parcels,
    pictures,
    problems,
    product_files,
    shops,
    stock,
    wallets,
    webhooks,
)
from serai.api.asked import providers
from serai.api.bodies import BODY_MAX, Json
from serai.api.gate import Gate
from serai.api.house import House
from serai.api.openapi import operations
from serai.api.rates import Buckets
from serai.api.says import DOOR, gather
from serai.kernel.outbox import Reaction
from serai.kernel.settings import Settings
from serai.kernel.tx import Database

PREFIX = "/api/v1"

MODULES: tuple[ModuleType, ...] = (
    members,
    addresses,
    categories,
    listings,
    cart,
    orders,
    order_steps,
    wallets,
    funding,
    parcels,
    shops,
    offering,
    pictures,
    stock,
    product_files,
    markets,
    books,
    webhooks,
)
"""The resources that are served, in the order of a newcomer's journey."""


def create_app(
    database: Database,
    settings: Settings,
    modules: Sequence[ModuleType] = MODULES,
    reactions: Sequence[Reaction] = trade.reactions,
) -> Litestar:
    """Put the API together over an open database, which stays the caller's to close.

    Closing the application waits for every command that it took in. `reactions`
    are those that the deployment's workers run: an audit asks after them.
    """
    says = gather([DOOR, *(module.REFUSALS for module in modules)])
    house = House(database, settings, says, reactions)
    api = router([handler for module in modules for handler in module.ROUTES])
    app = Litestar(
        route_handlers=[api, *pictures.PAGES, *browse.ROUTES, *health.ROUTES],
        guards=[callers.admit],
        exception_handlers={Exception: problems.handle},
        request_max_body_size=BODY_MAX,
        cors_config=_cors(settings),
        openapi_config=None,
        logging_config=None,
        lifespan=[_living(house)],
        state=State(
            {
                "house": house,
                "buckets": Buckets(settings.requests_per_minute),
                "description": browse.Description(api, settings.public_url),
            }
        ),
    )
    callers.check_said(
        {
            f"{method} {path}": handler
            for path, method, handler in operations(app)
            if path.startswith(PREFIX) and path != browse.DOCUMENT
        }
    )
    https = settings.public_url.startswith("https:")
    origins = settings.cors_origins
    app.asgi_handler = Gate(
        app.asgi_handler, database.clock, house.door, https=https, origins=origins
    )
    return app


def router(handlers: Sequence[HTTPRouteHandler]) -> Router:
    """Gather handlers under `/api/v1`, with all that a handler may ask for by name."""
    return Router(
        PREFIX,
        route_handlers=[*methods.tellers(handlers), *handlers],
        dto=Json,
        return_dto=None,
        dependencies=providers(),
    )


def _cors(settings: Settings) -> CORSConfig | None:
    if not settings.cors_origins:
        return None
    return CORSConfig(
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Accept-Language",
            idempotency.HEADER,
            callers.MARKET,
        ],
        expose_headers=["Link", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"],
        max_age=3600,
    )


def _living(house: House) -> Any:  # noqa: ANN401  what the framework calls a lifespan
    @contextlib.asynccontextmanager
    async def living(_: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await house.close()

    return living


def says_of(app: Litestar) -> Mapping[str, Any]:
    """Give all that is said to refusals, by code; for the test that none is left out."""
    house: House = app.state.house
    return house.says
