"""Pricing: what a buyer chose, made into orders with totals, or a reason why not.

Nothing here reads or writes; the same rules serve the cart, which shows what a
checkout would cost, and the checkout itself.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from uuid import UUID

from msgspec import Struct

from serai import catalog, members
from serai.kernel.errors import Refused
from serai.kernel.money import AMOUNT_MAX
from serai.trade.model import LINES_MAX, QUANTITY_MAX, Code, Wanted


class Priced(Struct, frozen=True):
    """What would be bought of one shop, and what it costs in the shop's currency."""

    shop: members.Shop
    lines: tuple[tuple[catalog.Offer, int], ...]
    items_total: int
    shipping_total: int

    @property
    def total(self) -> int:
        """Give what the buyer pays."""
        return self.items_total + self.shipping_total

    @property
    def digital(self) -> bool:
        """Tell whether nothing of it needs to travel."""
        return all(offer.digital for offer, _ in self.lines)


def price(
    wanted: Iterable[Wanted],
    buyer_id: UUID,
    market_id: UUID,
    offers: Mapping[UUID, catalog.Offer],
    shops: Mapping[UUID, members.Shop],
) -> list[Priced] | Refused:
    """Price what is wanted, a group for each shop, in the order of the shops' ids.

    A variant named twice counts together. The first reason that speaks against
    it is the refusal, and names the variant.
    """
    quantities: dict[UUID, int] = {}
    for one in wanted:
        quantities[one.variant_id] = quantities.get(one.variant_id, 0) + one.quantity
        if one.quantity < 1 or quantities[one.variant_id] > QUANTITY_MAX:
            facts = {"variant_id": str(one.variant_id), "most": QUANTITY_MAX}
            return Refused(Code.QUANTITY_OUT_OF_RANGE, facts)
    if not quantities:
        return Refused(Code.NOTHING_CHOSEN)
    if len(quantities) > LINES_MAX:
        return Refused(Code.TOO_MANY_LINES, {"most": LINES_MAX})
    chosen: list[tuple[catalog.Offer, int]] = []
    for variant_id, quantity in quantities.items():
        offer = offers.get(variant_id)
        shop = shops.get(offer.shop_id) if offer else None
        if offer is None or shop is None or not _for_sale(offer, shop, market_id):
            return Refused(Code.NOT_ON_SALE, {"variant_id": str(variant_id)})
        if shop.owner_id == buyer_id:
            return Refused(Code.OWN_SHOP, {"shop_id": str(shop.id)})
        chosen.append((offer, quantity))
    chosen.sort(key=lambda pair: (pair[0].shop_id, pair[0].variant_id))
    priced = [
        _group(shops[shop_id], tuple(group))
        for shop_id, group in groupby(chosen, key=lambda pair: pair[0].shop_id)
    ]
    for one_shop in priced:
        if one_shop.total > AMOUNT_MAX:
            return Refused(Code.TOTAL_OUT_OF_RANGE, {"most": AMOUNT_MAX})
    return priced


def _for_sale(offer: catalog.Offer, shop: members.Shop, market_id: UUID) -> bool:
    is_here = offer.market_id == shop.market_id == market_id
    return offer.on_sale and is_here and shop.state is members.ShopState.OPEN


def _group(shop: members.Shop, lines: tuple[tuple[catalog.Offer, int], ...]) -> Priced:
    items_total = sum(offer.price * quantity for offer, quantity in lines)
    free = shop.ship_free_from is not None and items_total >= shop.ship_free_from
    nothing_travels = all(offer.digital for offer, _ in lines)
    return Priced(shop, lines, items_total, 0 if free or nothing_travels else shop.ship_fee)


def totals(priced: Iterable[Priced]) -> dict[str, int]:
    """Add up what is to be paid, by currency."""
    found: dict[str, int] = {}
    for one in priced:
        found[one.shop.currency] = found.get(one.shop.currency, 0) + one.total
    return found
