"""The market that is asked: a database of its own, full of things, and those who ask.

Every answer is committed, and the database is thrown away in the end. Before an
operation is asked, fresh things are made for it, so that no order of operations
leaves nothing to ask about.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from litestar import Litestar
from litestar.types import Receive, Scope, Send

from serai import payments, trade
from serai.api import pages
from serai.api.app import create_app
from serai.kernel import ids
from serai.kernel.clock import ManualClock
from serai.kernel.settings import Settings
from serai.kernel.tx import Database, Tx
from tests import world as worlds
from tests.api import tries
from tests.api.bazaar import Bazaar, Who, open_bazaar
from tests.conftest import START
from tests.world import World, good

PEOPLE = (Who.BUYER, Who.SELLER, Who.COURIER, Who.OPERATOR)
CALLERS = (*PEOPLE, Who.NOBODY, Who.FORGED)
"""Who asks; the last two have no token, and one that nobody gave them."""

Things = Mapping[str, tuple[str | int, ...]]
"""What really exists, by the names that parameters and fields have for it."""


class Opened:
    """The whole API, which opens its database in the loop that serves it."""

    def __init__(self, address: str, pictures: Path) -> None:
        self._address = address
        self._settings = Settings(requests_per_minute=100_000_000, data=pictures)
        self._app: Litestar | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is not None:
            await self._app(scope, receive, send)
            return
        database = await Database.open(self._address, clock=ManualClock(START))
        self._app = create_app(database, self._settings)
        try:
            await self._app(scope, receive, send)
        finally:
            await database.close()


class Street:
    """The market behind the API: it makes things, and lets people in."""

    def __init__(self, runner: asyncio.Runner, bazaar: Bazaar) -> None:
        self._runner = runner
        self._bazaar = bazaar
        self._sessions: dict[Who, dict[str, str]] = {}

    @classmethod
    def open(cls, runner: asyncio.Runner, address: str, pictures: Path) -> "Street":
        """Build the world in an empty database."""

        async def build() -> Bazaar:
            database = await Database.open(address, size=2, clock=ManualClock(START))
            return await open_bazaar(database, pictures)

        return cls(runner, runner.run(build()))

    def close(self) -> None:
        self._runner.run(self._bazaar.database.close())

    def headers(self, who: Who) -> dict[str, str]:
        """Give the headers of somebody's requests."""
        if who is Who.NOBODY:
            return {}
        if who is Who.FORGED:
            return {"Authorization": "Bearer serai_" + "0" * 43}
        if who not in self._sessions:
            self._sessions[who] = self._runner.run(self._bazaar.session(who))
        return self._sessions[who]

    def forget(self, who: Who) -> None:
        """Let somebody come in anew before the next request, whose session may have ended."""
        self._sessions.pop(who, None)

    def furnish(self) -> Things:
        """Put right what was worn out, and make something of every kind."""
        self._sessions.clear()
        return self._runner.run(self._furnish())

    async def _furnish(self) -> Things:
        async with self._bazaar.database.tx() as tx:
            await _mend(tx, self._bazaar.world)
            return await _make(tx, self._bazaar)

    def broken(self) -> list[trade.Promise]:
        """Name the promises that do not hold."""

        async def audit() -> list[trade.Promise]:
            async with self._bazaar.database.snapshot() as tx:
                return [one for one in await trade.audit(tx, []) if not one.holds]

        return self._runner.run(audit())


async def _mend(tx: Tx, world: World) -> None:
    """Take away what people may have only so many of; give back what a trade needs."""
    for statement in _WORN:
        await tx.execute(statement)
    await tx.execute(_DOORS, [world.anas_door, world.bens_door])


_WORN = (
    "delete from members_token",
    "delete from members_session",
    "delete from members_deactivation",
    "delete from members_default_address",
    "delete from members_attempt",
    "update members_shop set ship_fee = 1000, ship_free_from = 100000",
    "update members_shop set state = 'open' where slug in ('lins-tea', 'omars-rugs')",
    "update members_shop set state = 'closed' where slug not in ('lins-tea', 'omars-rugs')",
)
_DOORS = "delete from members_address where id <> all($1)"


async def _make(tx: Tx, bazaar: Bazaar) -> Things:
    """Make something of every kind, and name it as parameters and fields do."""
    found: dict[str, list[str | int]] = {name: list(known) for name, known in _KNOWN.items()}
    for make in _MAKERS:
        for thing, id in (await make(tx, bazaar)).items():
            if thing in _NAMES:
                found.setdefault(_NAMES[thing], []).append(str(id))
    for name, id in (await _money(tx, bazaar.world)).items():
        found[name] = [str(id)]
    goods = UUID(str(found["variant_id"][-1]))
    await worlds.stock(
        tx, bazaar.world.market_id, bazaar.world.tea_shop, bazaar.world.lin, goods, STOCK
    )
    order = UUID(str(found["order_id"][0]))
    found["cursor"] = [pages.encode(order), pages.encode((tx.now, order))]
    for name, other in _ALSO.items():
        found[name] = found[other]
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}


STOCK = 1_000

_MAKERS = (
    tries.unpaid, tries.paid, tries.frozen, tries.scanned, tries.suspended, tries.draft,
    tries.archived, tries.category, tries.new_shop, tries.token, tries.address, tries.webhook,
    tries.newcomer, tries.courier, tries.kept_out, tries.published,
)  # fmt: skip

_NAMES = {
    "order": "order_id", "number": "number", "parcel": "number", "scan": "scan_id",
    "freeze": "freeze_id", "line": "line_id", "listing": "listing_id", "variant": "variant_id",
    "category": "category_id", "shop": "shop_id", "tea_shop": "shop_id", "token": "token_id",
    "address": "address_id", "hook": "webhook_id", "message": "message_id",
    "member": "member_id",
}  # fmt: skip

_ALSO = {"to_id": "member_id", "shop": "shop_id", "category": "category_id", "parent_id":
         "category_id", "subject": "member_id"}  # fmt: skip

_KNOWN: dict[str, tuple[str | int, ...]] = {
    "currency": ("CNY", "EUR", "JPY", "XXX"),
    "place_id": (1796236, 1808926),
    "slug": ("lins-tea", "serai"),
    "Serai-Market": ("serai", "elsewhere"),
}


async def _money(tx: Tx, world: World) -> dict[str, UUID]:
    """Ask a bank for money, and to pay some."""
    await worlds.fund(tx, world, world.ana, 1_000)
    top_up = payments.TopUp(
        id=ids.new(tx.now), market_id=world.market_id, actor_id=world.ana, amount=10,
        currency="CNY", account="SANDBOX-OK", provider="sandbox",
    )  # fmt: skip
    payout = payments.Withdraw(
        id=ids.new(tx.now), market_id=world.market_id, actor_id=world.ana, amount=10,
        currency="CNY", account="A-1", holder="Ana", provider="sandbox",
    )  # fmt: skip
    [coming] = await payments.top_up(tx, [top_up])
    [going] = await payments.withdraw(tx, [payout])
    return {"topup_id": good(coming).id, "payout_id": good(going).id}
