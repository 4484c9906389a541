"""The first market of a deployment and who runs it, founded once and by one process."""

import asyncio
import secrets
from typing import TYPE_CHECKING

from msgspec import Struct

from serai.cli.stops import refused

if TYPE_CHECKING:
    from serai.kernel.tx import Database
    from serai.members import Market

SLUG = "serai"
OPERATOR_EMAIL = "operator@example.com"

_PASSWORD_BYTES = 15
_PAUSE_S = 0.05


class First(Struct, frozen=True):
    """The market that a deployment opens with; the password where it was founded just now."""

    market: "Market"
    operator_email: str | None = None
    operator_password: str | None = None


async def first_market(database: "Database", email: str = OPERATOR_EMAIL) -> First:
    """Find the oldest market; where there is none, found it with an operator."""
    from serai import members
    from serai.kernel.lock import alone

    password = new_password()
    while True:
        async with database.tx() as tx:
            # Before looking: whoever was founding it when we came has committed then.
            first = await alone(tx, "found the first market")
            if there := await members.markets(tx):
                return First(there[0])
            if first:
                new = members.NewMarket(
                    slug=SLUG, name="Serai", currency="USD", country="US", locales=("en", "zh")
                )
                operator = members.Newcomer(name="Operator", email=email, password=password)
                founded = await members.found_market(tx, new, operator=operator)
                if isinstance(founded, members.Founded):
                    return First(founded.market, email, password)
                refused(founded, "founding the first market")
        await asyncio.sleep(_PAUSE_S)


def new_password() -> str:
    """Make a password that nobody guesses and that copies with a double click."""
    return secrets.token_urlsafe(_PASSWORD_BYTES).replace("-", "x").replace("_", "y")
