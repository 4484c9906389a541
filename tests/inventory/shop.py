"""A shop for the tests of inventory: goods on its shelf, and members who want them."""

from uuid import UUID, uuid4

from serai import inventory
from serai.inventory import Line, Restock, Restocked, Take
from serai.kernel.tx import Tx

MARKET, SHOP, SELLER, BUYER = uuid4(), uuid4(), uuid4(), uuid4()


async def stock(tx: Tx, quantity: int, location_id: UUID | None = None) -> UUID:
    """Put a new variant on the shelf, so many of it."""
    variant_id = uuid4()
    await add(tx, variant_id, quantity, location_id)
    return variant_id


async def add(tx: Tx, variant_id: UUID, quantity: int, location_id: UUID | None = None) -> None:
    command = Restock(
        id=uuid4(),
        market_id=MARKET,
        actor_id=SELLER,
        variant_id=variant_id,
        shop_id=SHOP,
        quantity=quantity,
        location_id=location_id,
    )
    (outcome,) = await inventory.restock(tx, [command])
    assert isinstance(outcome, Restocked)


def take(*wanted: tuple[UUID, int], order_id: UUID | None = None) -> Take:
    """Want so many of each variant for one order."""
    order = order_id or uuid4()
    lines = tuple(Line(order, variant_id, quantity) for variant_id, quantity in wanted)
    return Take(id=uuid4(), market_id=MARKET, actor_id=BUYER, lines=lines)


async def counters(tx: Tx, variant_id: UUID) -> tuple[int, int]:
    """Give what is on hand and what is reserved, over all locations."""
    at = (await inventory.levels(tx, [variant_id]))[variant_id]
    return sum(level.on_hand for level in at), sum(level.reserved for level in at)


async def holds(tx: Tx) -> bool:
    """Tell whether every proof of inventory holds."""
    return all(proof.holds for proof in await inventory.audit(tx))
