"""Who asks, and whether they may: tokens, roles, scopes, markets and the pace of requests.

Every operation says whom it is for: `opt=public()` or `opt=requires(…)`; one
that says nothing keeps the API from starting. Whether a thing is the caller's
to see is for its hall to say, and the answer is that it is not there (404).
"""

import ipaddress
import time
from collections.abc import Mapping
from typing import Annotated, Any, cast

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter
from msgspec import Struct

from serai import members
from serai.api import parameters
from serai.api.house import House
from serai.api.says import WrongFieldsError, decline
from serai.kernel import i18n
from serai.members import Caller, Market, Role, Scope

MARKET = "Serai-Market"
"""The header that names the market, where no token does."""

_FORGED = {"WWW-Authenticate": 'Bearer realm="serai", error="invalid_token"'}
_TOKEN_MAX = 512


class Needs(Struct, frozen=True):
    """Whom an operation is for."""

    public: bool = False
    """Anyone, also without a token."""
    scope: Scope | None = None
    """What an API token must be good for; None: sessions only."""
    role: Role | None = None
    """What the member must be."""
    json: bool = True
    """Whether it answers in JSON, as all operations do; pages for people do not."""
    cost: int = 1
    """How many ordinary requests it weighs in the caller's pace."""


def public(*, cost: int = 1) -> dict[str, Needs]:
    """Say that an operation is for anyone; for `opt=` of a handler."""
    return {"needs": Needs(public=True, cost=cost)}


def requires(
    scope: Scope | None = None, *, role: Role | None = None, cost: int = 1
) -> dict[str, Needs]:
    """Say that an operation is for members; for `opt=` of a handler.

    A session may do all that its member may, an API token what its scopes
    name. Without a scope only a session will do: tokens make no tokens.
    """
    return {"needs": Needs(scope=scope, role=role, cost=cost)}


def needs_of(handler: BaseRouteHandler) -> Needs | None:
    """Tell whom an operation is for; None for what is no operation of the API."""
    return cast("Needs | None", handler.opt.get("needs"))


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request pass: the guard of every route.

    Recognises the caller, keeps the pace, then asks whether the operation is
    for this caller; so trying tokens is as slow as asking anything else.
    """
    needs = needs_of(handler)
    if needs is None:
        return
    if needs.json and not _may_read(connection.headers.get("accept")):
        raise decline("not_acceptable")
    house: House = connection.app.state.house
    token = _token(connection.headers.get("authorization"))
    caller = None
    if token is not None:
        caller = await house.submit(members.authenticate_all, token)
        if caller is not None:
            house.door.learn(connection.headers["authorization"], caller.market_id)
    connection.scope["auth"] = caller
    _keep_pace(connection, caller, needs)
    if token is not None and caller is None:
        raise decline("token_invalid", _FORGED)
    if not needs.public:
        _check(caller, needs)
    if b"=null" in connection.scope["query_string"].lower():
        _refuse_null(connection)


def _refuse_null(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuse the word `null` where it is no text: the framework takes it for a value not given.

    A list that was to be of one shop must not be of all, because a program wrote its null.
    """
    errors = parameters.check(cast("Request[Any, Any, Any]", connection))
    if errors:
        raise WrongFieldsError(errors)


_READ = frozenset({"*/*", "application/*", "application/json", "application/problem+json"})


def _may_read(accept: str | None) -> bool:
    """Tell whether a client that sent this `Accept` header can use JSON."""
    if not accept:
        return True
    return any(part.partition(";")[0].strip().lower() in _READ for part in accept.split(","))


def _token(header: str | None) -> str | None:
    """Take the token out of an `Authorization` header; another scheme is as no token."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return token.strip()[:_TOKEN_MAX]


def _check(caller: Caller | None, needs: Needs) -> None:
    if caller is None:
        raise decline("unauthenticated")
    if caller.scopes is not None and (needs.scope is None or not caller.may(needs.scope)):
        raise decline("scope_missing", scope=str(needs.scope or "session"))
    if needs.role is not None and needs.role not in caller.roles:
        raise decline("role_missing", role=str(needs.role))


def _keep_pace(
    connection: ASGIConnection[Any, Any, Any, Any], caller: Caller | None, needs: Needs
) -> None:
    state = connection.app.state
    who = f"member {caller.member_id}" if caller else f"address {address_of(connection)}"
    pace = state.buckets.take(who, time.monotonic(), needs.cost)
    headers = {"RateLimit": pace.header(), "RateLimit-Policy": pace.policy()}
    connection.scope["state"]["pace"] = headers
    if not pace.allowed:
        wait = {"Retry-After": str(pace.wait_s)}
        raise decline("too_many_requests", wait, seconds=pace.wait_s)


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Tell the client's network address, believing only our own proxies.

    Of `X-Forwarded-For` the last entries are those our proxies wrote; what
    stands before them anyone may have written. IPv6 clients own a whole /64.
    """
    trusted: int = connection.app.state.house.settings.trusted_proxies
    address = connection.client.host if connection.client else "unknown"
    if trusted:
        told = [part.strip() for part in connection.headers.get("x-forwarded-for", "").split(",")]
        if told[-trusted:] and len(told) >= trusted and told[-trusted]:
            address = told[-trusted]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


# ── Dependencies: a handler names them among its parameters ──────────────────────────────


async def give_caller(request: Request[Any, Any, Any]) -> Caller:
    """Give the member who asks."""
    caller: Caller | None = request.scope["auth"]
    if caller is None:
        raise decline("unauthenticated")
    return caller


async def give_visitor(request: Request[Any, Any, Any]) -> Caller | None:
    """Give the member who asks, if it is one; for operations that are public."""
    return cast("Caller | None", request.scope["auth"])


async def give_house(request: Request[Any, Any, Any]) -> House:
    """Give the house."""
    return cast("House", request.app.state.house)


async def give_locale(request: Request[Any, Any, Any]) -> str:
    """Give the language that the reader wants."""
    return i18n.negotiate(request.headers.get("accept-language"))


async def give_market(
    request: Request[Any, Any, Any],
    house: NamedDependency[House],
    serai_market: Annotated[
        str | None,
        HeaderParameter(
            name=MARKET,
            description="The slug of the market, for requests without a token where a"
            " deployment has several. A token belongs to one market already.",
        ),
    ] = None,
) -> Market:
    """Give the market that the request is about: the caller's, the named, or the first."""
    caller: Caller | None = request.scope["auth"]
    async with house.database.tx() as tx:
        if caller is not None:
            market = await members.market(tx, caller.market_id)
        elif serai_market is not None:
            market = await members.market_by_slug(tx, serai_market)
        else:
            market = next(iter(await members.markets(tx)), None)
    if market is None:
        raise decline("market_unknown")
    return market


def check_said(handlers: Mapping[str, BaseRouteHandler]) -> None:
    """Refuse to start with an operation that does not say whom it is for."""
    silent = [path for path, handler in handlers.items() if needs_of(handler) is None]
    if silent:
        raise ValueError(f"these operations do not say whom they are for: {silent}")
