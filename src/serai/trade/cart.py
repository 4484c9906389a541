"""The cart: what a member means to buy, over several shops. It reserves nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from serai import catalog, inventory, members
from serai.kernel.errors import Refused
from serai.kernel.tx import Row, Tx, columns
from serai.trade.model import LINES_MAX, QUANTITY_MAX, Code, Wanted
from serai.trade.pricing import Priced, price


class CartLine(Row, frozen=True):
    """So many of a variant in a member's cart."""

    table: ClassVar[str] = "trade_cart_line"
    key: ClassVar[tuple[str, ...]] = ("member_id", "variant_id")

    member_id: UUID
    variant_id: UUID
    market_id: UUID
    quantity: int
    added_at: datetime


class ShownLine(Struct, frozen=True):
    """A line of a cart with its price now, and what speaks against buying it, if anything."""

    variant_id: UUID
    quantity: int
    offer: catalog.Offer | None
    available: int
    refused: Refused | None


class Cart(Struct, frozen=True):
    """A cart as its owner sees it: lines, and totals of those that can be bought."""

    lines: list[ShownLine]
    shops: list[Priced]


_PUT = """
insert into trade_cart_line (member_id, variant_id, market_id, quantity, added_at)
values ($1, $2, $3, $4, $5)
on conflict (member_id, variant_id) do update set quantity = excluded.quantity
"""


async def put_in_cart(
    tx: Tx, market_id: UUID, member_id: UUID, variant_id: UUID, quantity: int
) -> CartLine | Refused | None:
    """Set how many of a variant the cart holds; none takes the line out."""
    if not 0 <= quantity <= QUANTITY_MAX:
        return Refused(Code.QUANTITY_OUT_OF_RANGE, {"most": QUANTITY_MAX})
    if quantity == 0:
        await forget(tx, [(member_id, variant_id)])
        return None
    offer = (await catalog.offers(tx, [variant_id])).get(variant_id)
    if offer is None or not offer.on_sale or offer.market_id != market_id:
        return Refused(Code.NOT_ON_SALE, {"variant_id": str(variant_id)})
    others = await tx.value(
        "select count(*) from trade_cart_line where member_id = $1 and variant_id <> $2",
        member_id,
        variant_id,
    )
    if others >= LINES_MAX:
        return Refused(Code.TOO_MANY_LINES, {"most": LINES_MAX})
    await tx.execute(_PUT, member_id, variant_id, market_id, quantity, tx.now)
    return CartLine(member_id, variant_id, market_id, quantity, tx.now)


_LINES = f"""
select {columns(CartLine)} from trade_cart_line where member_id = $1 order by added_at, variant_id
"""  # noqa: S608


async def cart(tx: Tx, market_id: UUID, member_id: UUID) -> Cart:
    """Show a member's cart at the prices and stock of now.

    A line that cannot be bought says why and counts in no total.
    """
    lines = await tx.fetch(CartLine, _LINES, member_id)
    variant_ids = [line.variant_id for line in lines]
    offers = await catalog.offers(tx, variant_ids)
    shops = await members.shops(tx, list({offer.shop_id for offer in offers.values()}))
    available = await inventory.available(tx, variant_ids)
    shown: list[ShownLine] = []
    good: list[Wanted] = []
    for line in lines:
        wanted = Wanted(line.variant_id, line.quantity)
        priced = price([wanted], member_id, market_id, offers, shops)
        refused = priced if isinstance(priced, Refused) else None
        left = available.get(line.variant_id, 0)
        if refused is None and left < line.quantity:
            facts = {"variant_id": str(line.variant_id), "available": left}
            refused = Refused(inventory.Code.OUT_OF_STOCK, facts)
        if refused is None:
            good.append(wanted)
        offer = offers.get(line.variant_id)
        shown.append(ShownLine(line.variant_id, line.quantity, offer, left, refused))
    together = price(good, member_id, market_id, offers, shops) if good else []
    return Cart(shown, [] if isinstance(together, Refused) else together)


async def forget(tx: Tx, pairs: Sequence[tuple[UUID, UUID]]) -> None:
    """Take lines out of carts, each named by member and variant."""
    if pairs:
        await tx.execute(
            "delete from trade_cart_line as c using unnest($1::uuid[], $2::uuid[])"
            " as gone(member_id, variant_id)"
            " where c.member_id = gone.member_id and c.variant_id = gone.variant_id",
            [member_id for member_id, _ in pairs],
            [variant_id for _, variant_id in pairs],
        )
