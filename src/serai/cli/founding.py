"""The first market of a deployment and who runs it, made once and by one process."""

import asyncio
import secrets
from typing import TYPE_CHECKING

from serai.cli.stops import refused
from serai.kernel.errors import Refused

if TYPE_CHECKING:
    from serai.kernel.tx import Database
    from serai.members import Market

SLUG = "serai"
OPERATOR_EMAIL = "operator@example.com"

_PASSWORD_BYTES = 15
_PAUSE_S = 0.05


async def first_market(database: "Database") -> "Market":
    """Find the oldest market; where there is none, found it."""
    from serai import members
    from serai.kernel.lock import alone

    new = members.NewMarket(
        slug=SLUG, name="Serai", currency="USD", country="US", locales=("en", "zh")
    )
    while True:
        async with database.tx() as tx:
            # Before looking: whoever was founding it when we came has committed then.
            first = await alone(tx, "found the first market")
            if there := await members.markets(tx):
                return there[0]
            if first:
                founded = await members.found_market(tx, new)
                if isinstance(founded, members.Founded):
                    return founded.market
                refused(founded, "founding the first market")
        await asyncio.sleep(_PAUSE_S)


async def first_operator(database: "Database", market: "Market", email: str) -> str | None:
    """Give a market that nobody runs its operator, and tell the password; it is kept nowhere."""
    from serai import members
    from serai.kernel.lock import alone

    password = new_password()
    async with database.tx() as tx:
        first = await alone(tx, f"first operator of {market.id}")
        if not first or await members.has_operator(tx, market.id):
            return None
        newcomer = members.Newcomer(name="Operator", email=email, password=password)
        joined = await members.sign_up(tx, market.id, newcomer)
        if isinstance(joined, Refused):
            refused(joined, f"making {email} the operator")
        role = members.Role.OPERATOR
        granted = await members.grant_role(tx, joined.id, role, by=None, reason="the first one")
        if isinstance(granted, Refused):
            refused(granted, f"making {email} the operator")
    return password


def new_password() -> str:
    """Make a password that nobody guesses and that copies with a double click."""
    return secrets.token_urlsafe(_PASSWORD_BYTES).replace("-", "x").replace("_", "y")
