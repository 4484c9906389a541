"""A named world that tests of a trade stand in: a market, its people, a tea shop.

Ana and Ben buy, Lin sells tea, Omar sells rugs, Kai carries parcels, Ines runs
the market. Amounts are fen (CNY). People are written as rows, because hashing
their passwords would cost more than the tests.
"""

from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct

from serai import catalog, inventory, ledger, logistics, members, trade
from serai.kernel import ids
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx

TEA_PRICE = 6_400
SHIP_FEE = 1_000
TEA_STOCK = 10
GIFT_LIMIT = 2


class World(Struct, frozen=True):
    """Who and what there is."""

    market_id: UUID
    ana: UUID
    ben: UUID
    lin: UUID
    omar: UUID
    kai: UUID
    ines: UUID
    tea_shop: UUID
    rug_shop: UUID
    tea: UUID
    gift: UUID
    rug: UUID
    song: UUID
    anas_door: UUID
    bens_door: UUID


T = TypeVar("T")
C = TypeVar("C", bound=trade.OrderCommand)


def good(outcome: T | Refused | None) -> T:
    """Insist that something was not refused."""
    assert outcome is not None
    assert not isinstance(outcome, Refused), outcome
    return outcome


async def build(tx: Tx, slug: str = "serai") -> World:
    """Found the market and fill it."""
    founded = good(
        await members.found_market(
            tx, members.NewMarket(slug=slug, name="Serai", currency="CNY", country="CN")
        )
    )
    market_id = founded.market.id
    people = [await _join(tx, market_id, n) for n in ("Ana", "Ben", "Lin", "Omar", "Kai", "Ines")]
    ana, ben, lin, omar, kai, ines = people
    tea_shop = await _open(tx, lin, "lins-tea", "Lin's Tea")
    rug_shop = await _open(tx, omar, "omars-rugs", "Omar's Rugs")
    tea = await _list(tx, tea_shop, lin, "green-tea", TEA_PRICE)
    gift = await _list(tx, tea_shop, lin, "gift-tin", 3_000, limit=GIFT_LIMIT)
    song = await _list(tx, tea_shop, lin, "tea-song", 500, kind=catalog.Kind.DIGITAL)
    rug = await _list(tx, rug_shop, omar, "red-rug", 80_000)
    for variant, shop, owner in (
        (tea, tea_shop, lin),
        (gift, tea_shop, lin),
        (song, tea_shop, lin),
        (rug, rug_shop, omar),
    ):
        await stock(tx, market_id, shop, owner, variant, TEA_STOCK)
    doors = [await _door(tx, member) for member in (ana, ben)]
    return World(
        market_id,
        ana,
        ben,
        lin,
        omar,
        kai,
        ines,
        tea_shop,
        rug_shop,
        tea,
        gift,
        rug,
        song,
        doors[0],
        doors[1],
    )


async def _join(tx: Tx, market_id: UUID, name: str) -> UUID:
    id = ids.new(tx.clock.now())
    email = f"{name.lower()}@example.com"
    await tx.insert([members.Member(id, market_id, name, email, None, "en", tx.now)])
    return id


async def _open(tx: Tx, owner: UUID, slug: str, name: str) -> UUID:
    new = members.NewShop(
        slug=slug,
        name=name,
        kind=members.ShopKind.INDIVIDUAL,
        currency="CNY",
        place_id=1808926,
        ship_fee=SHIP_FEE,
        ship_free_from=100_000,
    )
    return good(await members.open_shop(tx, owner, new)).id


async def _list(
    tx: Tx,
    shop_id: UUID,
    owner: UUID,
    handle: str,
    price: int,
    *,
    limit: int | None = None,
    kind: catalog.Kind = catalog.Kind.PHYSICAL,
) -> UUID:
    shop = (await members.shops(tx, [shop_id]))[shop_id]
    draft = catalog.Draft(
        handle=handle,
        title=handle.replace("-", " ").title(),
        kind=kind,
        variants=(catalog.VariantDraft(price=price, weight_g=250, limit_per_buyer=limit),),
    )
    listing = good(await catalog.draft_listing(tx, shop, draft, actor_id=owner))
    good(await catalog.publish(tx, listing.id, actor_id=owner))
    return listing.variants[0].id


async def _door(tx: Tx, member_id: UUID) -> UUID:
    new = members.NewAddress(
        recipient="At home", phone="+8613800138000", lines=["1 Lake Road"], place_id=1796236
    )
    return good(await members.add_address(tx, member_id, new)).id


async def stock(
    tx: Tx, market_id: UUID, shop_id: UUID, owner: UUID, variant_id: UUID, quantity: int
) -> None:
    """Put goods on a shelf."""
    wanted = inventory.Restock(
        id=ids.new(tx.clock.now()),
        market_id=market_id,
        actor_id=owner,
        variant_id=variant_id,
        shop_id=shop_id,
        quantity=quantity,
    )
    good((await inventory.restock(tx, [wanted]))[0])


async def fund(tx: Tx, world: World, member_id: UUID, amount: int, currency: str = "CNY") -> None:
    """Put money into a wallet, as the bank's word would."""
    id = ids.new(tx.clock.now())
    leg = ledger.Move(
        ledger.cash(world.market_id, "sandbox", currency),
        ledger.wallet(world.market_id, member_id, currency),
        amount,
    )
    journal = ledger.Journal(
        id=id,
        market_id=world.market_id,
        actor_id=member_id,
        code="topup.paid",
        subject_id=id,
        legs=(leg,),
    )
    good((await ledger.transfer(tx, [journal]))[0])


def checkout(
    tx: Tx,
    world: World,
    *wanted: tuple[UUID, int],
    buyer: UUID | None = None,
    id: UUID | None = None,
    pay: bool = True,
    expected: dict[str, int] | None = None,
) -> trade.Checkout:
    """Make the command with which somebody (Ana, if nobody else) buys."""
    by = buyer or world.ana
    return trade.Checkout(
        id=id or ids.new(tx.clock.now()),
        market_id=world.market_id,
        actor_id=by,
        wanted=tuple(trade.Wanted(*one) for one in wanted),
        address_id=world.anas_door if by == world.ana else world.bens_door,
        expected=expected,
        pay=pay,
    )


async def bought(tx: Tx, world: World, *wanted: tuple[UUID, int], pay: bool = True) -> UUID:
    """Have Ana buy (a tin of tea, if nothing else) from one shop, and pay; gives the order."""
    chosen = wanted or ((world.tea, 1),)
    await fund(tx, world, world.ana, 1_000_000)
    [outcome] = await trade.place_orders(tx, [checkout(tx, world, *chosen, pay=pay)])
    return good(outcome).orders[0].id


def ask(  # each kind of command has facts of its own
    tx: Tx,
    world: World,
    kind: type[C],
    actor: UUID,
    order_id: UUID,
    **facts: Any,  # noqa: ANN401
) -> C:
    """Make a command about an order."""
    return kind(
        id=ids.new(tx.clock.now()),
        market_id=world.market_id,
        actor_id=actor,
        order_id=order_id,
        **facts,
    )


async def shipped(tx: Tx, world: World, *wanted: tuple[UUID, int]) -> UUID:
    """Have Ana buy and Lin ship."""
    order_id = await bought(tx, world, *wanted)
    good((await trade.ship_orders(tx, [ask(tx, world, trade.Ship, world.lin, order_id)]))[0])
    return order_id


async def delivered(tx: Tx, world: World, *wanted: tuple[UUID, int]) -> UUID:
    """Have Ana buy, Lin ship, and Kai hand the parcel over."""
    order_id = await shipped(tx, world, *wanted)
    [parcel] = (await logistics.parcels_of(tx, [order_id]))[order_id]
    good((await logistics.scan(tx, [scan(tx, world, parcel.id, logistics.Step.DELIVER)]))[0])
    good((await trade.deliver_orders(tx, [arrived(tx, world, order_id)]))[0])
    return order_id


def scan(tx: Tx, world: World, parcel_id: UUID, step: logistics.Step) -> logistics.Scan:
    """Make the command with which Kai scans a parcel."""
    return logistics.Scan(
        id=ids.new(tx.clock.now()),
        market_id=world.market_id,
        actor_id=world.kai,
        parcel_id=parcel_id,
        step=step,
        event_time=tx.clock.now(),
        zone_offset_minutes=480,
    )


def arrived(tx: Tx, world: World, order_id: UUID) -> trade.Deliver:
    """Make the command that follows a delivery scan."""
    return ask(tx, world, trade.Deliver, world.market_id, order_id, at=tx.clock.now())


async def confirmed(tx: Tx, world: World, *wanted: tuple[UUID, int]) -> UUID:
    """Have Ana buy, get and confirm: the seller is paid."""
    order_id = await delivered(tx, world, *wanted)
    good((await trade.confirm_orders(tx, [ask(tx, world, trade.Confirm, world.ana, order_id)]))[0])
    return order_id


async def wallet(tx: Tx, world: World, member_id: UUID) -> tuple[int, int]:
    """Read a wallet: what can be spent, and what is held."""
    id = ledger.wallet(world.market_id, member_id, "CNY").id
    account = (await ledger.accounts(tx, [id])).get(id)
    return (account.available, account.debits_pending) if account else (0, 0)


async def shelf(tx: Tx, variant_id: UUID) -> tuple[int, int]:
    """Read a shelf: what lies there, and what of it is set aside."""
    levels = (await inventory.levels(tx, [variant_id])).get(variant_id, [])
    return sum(one.on_hand for one in levels), sum(one.reserved for one in levels)


async def sound(tx: Tx) -> None:
    """Insist that every promise holds."""
    broken = [p for p in await trade.audit(tx, []) if not p.holds]
    assert not broken, broken


def later(tx: Tx, **by: float) -> Tx:
    """Let time pass, and open the eyes of the transaction to it."""
    assert isinstance(tx.clock, ManualClock)
    tx.clock.advance(timedelta(**by))
    tx.now = tx.clock.now()
    return tx


async def refund_some(tx: Tx, world: World, order_id: UUID, amount: int) -> None:
    """Have Lin give back a part."""
    command = ask(tx, world, trade.Refund, world.lin, order_id, amount=amount, reason="a dent")
    good((await trade.refund_orders(tx, [command]))[0])
