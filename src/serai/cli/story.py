"""One trade from sign-up to payout: who does what, and in which order.

Everything that buyer, seller and courier do goes through the market's door like
anybody's requests. Only what no member does happens behind it: an operator makes
the courier one, and the books are read.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from serai import members
from serai.cli.books import Books, Moved
from serai.cli.doorway import Actor, Door
from serai.cli.founding import new_password
from serai.cli.stops import Exit, Stopped, refused
from serai.kernel import money
from serai.kernel.errors import Refused
from serai.kernel.money import Money
from serai.kernel.tx import Database
from serai.members import Market

AMSTERDAM, HANGZHOU = 2759794, 1808926
BANK_ACCOUNT = "SANDBOX-OK"

_PRICE, _SHIPPING, _QUANTITY, _STOCK = 18_50, 6_00, 2, 5
_TOP_UP = 50_00
_WAIT_MAX = timedelta(seconds=30)


class Step(Struct, frozen=True):
    """Something that somebody did, and the rows of the ledger that it caused."""

    name: str
    actor: str
    at: datetime
    ids: dict[str, str]
    transfers: list[Moved]
    says: str


class Story:
    """The trade while it is told: its people, its things, and what to watch in the ledger."""

    def __init__(
        self,
        door: Door,
        books: Books,
        database: Database,
        market: Market,
        wait: Callable[[], Awaitable[object]],
    ) -> None:
        self._door = door
        self._books = books
        self._database = database
        self._market = market
        self._wait = wait
        self._tag = secrets.token_hex(4)
        self._things: dict[str, str] = {}
        self._watched: list[str] = []

    async def tell(self) -> AsyncIterator[Step]:
        """Let the trade happen; gives each step when it has."""
        buyer = await self._join("buyer", "Mila Jansen")
        yield await self._step("sign up", buyer, f"{buyer.name} joins as a buyer", member=buyer.id)
        seller = await self._join("seller", "Lin Yue")
        yield await self._step("sign up", seller, f"{seller.name} joins", member=seller.id)
        courier = await self._join("courier", "Sam Okoro")
        await self._make_courier(courier)
        yield await self._step("sign up", courier, f"{courier.name} is made a courier",
                               member=courier.id)  # fmt: skip
        yield await self._open_shop(seller)
        yield await self._list(seller)
        yield await self._top_up(buyer)
        yield await self._order(buyer)
        yield await self._ship(seller)
        yield await self._collect(courier)
        yield await self._deliver(courier)
        yield await self._confirm(buyer)
        yield await self._pay_out(seller)

    async def _step(self, name: str, actor: Actor, says: str, **things: str) -> Step:
        """Note that a step was taken, with what it moved; the things of a trade are watched."""
        self._things.update(things)
        self._watched += [id for id in things.values() if id not in self._watched]
        moved = await self._books.moved(self._watched)
        return Step(name, actor.part, self._database.clock.now(), things, moved, says)

    async def _until(self, path: str, actor: Actor, there: Callable[[Any], bool], what: str) -> Any:  # noqa: ANN401
        """Wait for what the bank, or the worker, does in its own time."""
        deadline = self._database.clock.now() + _WAIT_MAX
        while not there(found := await self._door.read(path, actor)):
            if self._database.clock.now() > deadline:
                said = f"after {_WAIT_MAX.seconds} s {what}"
                raise Stopped(f"{said}: see that the market's worker runs", Exit.UNREACHABLE)
            await self._wait()
        return found

    # ── Who takes part ───────────────────────────────────────────────────────────────────

    async def _join(self, part: str, name: str) -> Actor:
        email, password = f"{part}-{self._tag}@example.com", new_password()
        joined = await self._door.write("/members", None, name=name, email=email, password=password)
        entered = await self._door.write("/sessions", None, login=email, password=password)
        self._books.know(joined["id"], part)
        return Actor(part, name, joined["id"], entered["token"])

    async def _make_courier(self, courier: Actor) -> None:
        async with self._database.tx() as tx:
            granted = await members.grant_role(
                tx, UUID(courier.id), members.Role.COURIER, by=None, reason="serai trade"
            )
        if isinstance(granted, Refused):
            refused(granted, "making a courier")

    # ── What is sold ─────────────────────────────────────────────────────────────────────

    async def _open_shop(self, seller: Actor) -> Step:
        shop = await self._door.write(
            "/shops",
            seller,
            slug=f"yue-kiln-{self._tag}",
            name="Yue Kiln",
            kind="individual",
            currency=self._market.currency,
            place_id=HANGZHOU,
            ship_fee=_SHIPPING,
        )
        return await self._step("open a shop", seller, "Yue Kiln, in Hangzhou", shop=shop["id"])

    async def _list(self, seller: Actor) -> Step:
        listing = await self._door.write(
            f"/shops/{self._things['shop']}/listings",
            seller,
            handle="celadon-cup",
            title="Celadon cup",
            body_html="<p>Thrown by hand, fired twice.</p>",
            variants=[{"price": _PRICE, "sku": "CUP-1", "weight_g": 240}],
        )
        await self._door.write(f"/listings/{listing['id']}/publication", seller)
        variant = listing["variants"][0]["id"]
        await self._door.write(
            f"/variants/{variant}/restocks", seller, quantity=_STOCK, reason="from the kiln"
        )
        says = f"{_STOCK} celadon cups at {self._amount(_PRICE)}"
        return await self._step("list", seller, says, listing=listing["id"], variant=variant)

    # ── The money comes in, and is held ──────────────────────────────────────────────────

    async def _top_up(self, buyer: Actor) -> Step:
        asked = await self._door.write(
            "/top-ups", buyer, amount=_TOP_UP, currency=self._market.currency, account=BANK_ACCOUNT
        )
        path = f"/top-ups/{asked['id']}"
        what = "the bank has not answered the top-up"
        await self._until(path, buyer, lambda it: it["top_up"]["state"] == "paid", what)
        says = f"{self._amount(_TOP_UP)} from the sandbox bank"
        return await self._step("top up", buyer, says, top_up=asked["id"])

    async def _order(self, buyer: Actor) -> Step:
        address = await self._door.write(
            "/addresses",
            buyer,
            recipient=buyer.name,
            phone="+31 20 624 1111",
            lines=["Prinsengracht 263"],
            place_id=AMSTERDAM,
            postcode="1016 GV",
        )
        total = _PRICE * _QUANTITY + _SHIPPING
        placed = await self._door.write(
            "/orders",
            buyer,
            lines=[{"variant_id": self._things["variant"], "quantity": _QUANTITY}],
            address_id=address["id"],
            expected={self._market.currency: total},
        )
        [order] = placed["orders"]
        says = f"{_QUANTITY} cups to Amsterdam; {self._amount(total)} are held"
        return await self._step("order", buyer, says, order=order["id"])

    # ── The parcel travels ───────────────────────────────────────────────────────────────

    async def _ship(self, seller: Actor) -> Step:
        path = f"/orders/{self._things['order']}"
        await self._door.write(f"{path}/shipment", seller, note="Packed in straw.")
        record = await self._door.read(path, seller)
        parcel = record["parcels"][0]["parcel"]
        says = f"parcel {parcel['number']} is handed over"
        return await self._step("ship", seller, says, parcel=parcel["id"])

    async def _collect(self, courier: Actor) -> Step:
        scan = await self._scan(courier, "accept", HANGZHOU)
        return await self._step("scan", courier, "accepted in Hangzhou", scan=scan)

    async def _deliver(self, courier: Actor) -> Step:
        await self._scan(courier, "out_for_delivery", AMSTERDAM)
        scan = await self._scan(courier, "deliver", AMSTERDAM)
        return await self._step("scan", courier, "delivered in Amsterdam", scan=scan)

    async def _scan(self, courier: Actor, step: str, place_id: int) -> str:
        place = members.place(place_id)
        assert place is not None, "both are cities of GeoNames"
        now = self._database.clock.now()
        there = now.astimezone(ZoneInfo(place.timezone)).utcoffset() or timedelta(0)
        scanned = await self._door.write(
            f"/parcels/{self._things['parcel']}/scans",
            courier,
            step=step,
            event_time=now.isoformat(),
            zone_offset_minutes=there // timedelta(minutes=1),
            place_id=place_id,
        )
        return str(scanned["scan_id"])

    # ── The money is the seller's ────────────────────────────────────────────────────────

    async def _confirm(self, buyer: Actor) -> Step:
        path = f"/orders/{self._things['order']}"
        what = "the order does not say that it was delivered"
        await self._until(path, buyer, lambda it: it["order"]["state"] == "delivered", what)
        await self._door.write(f"{path}/confirmation", buyer)
        says = "the cups are there; the seller is paid"
        return await self._step("confirm receipt", buyer, says)

    async def _pay_out(self, seller: Actor) -> Step:
        currency = self._market.currency
        wallets = await self._door.read("/wallets", seller)
        [wallet] = [one for one in wallets if one["currency"] == currency]
        asked = await self._door.write(
            "/payouts",
            seller,
            amount=wallet["available"],
            currency=currency,
            account=BANK_ACCOUNT,
            holder=seller.name,
        )
        path = f"/payouts/{asked['id']}"
        what = "the bank has not answered the payout"
        await self._until(path, seller, lambda it: it["payout"]["state"] == "paid", what)
        says = f"{self._amount(wallet['available'])} to her bank"
        return await self._step("pay out", seller, says, payout=asked["id"])

    def _amount(self, minor: int) -> str:
        return money.plain(Money(minor, self._market.currency))
