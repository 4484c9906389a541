"""Stock at the machine's door: what lies on a seller's shelves, and how it came there."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from serai import trade
from serai.api import owned, refusals
from serai.api.asked import CommandId, Part, TheCaller, TheHouse
from serai.api.bodies import Body
from serai.api.callers import requires
from serai.api.pages import Page, paged
from serai.api.says import accepted
from serai.inventory import ON_HAND_MAX, QUANTITY_MAX, Adjusted, Movement, Restocked
from serai.kernel.tx import Tx
from serai.members import Scope
from serai.trade import ShelfRow

Words = Annotated[str, Meta(max_length=500)]


class NewRestock(Body):
    """Goods that arrived; without a location they go to the shop's first."""

    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
    location_id: UUID | None = None
    reason: Words = ""


class NewCount(Body):
    """What somebody counted on the shelf, goods of live orders included."""

    counted: Annotated[int, Meta(ge=0, le=ON_HAND_MAX)]
    location_id: UUID | None = None
    reason: Words = ""


@get("/shops/{shop_id:uuid}/stock", tags=["stock"], opt=requires(Scope.READ))
async def list_stock(
    request: Request[Any, Any, Any],
    house: TheHouse,
    caller: TheCaller,
    shop_id: FromPath[UUID],
    part: Part,
    low: Annotated[
        int | None,
        QueryParameter(ge=0, le=ON_HAND_MAX, description="Only where so many or fewer are left."),
    ] = None,
) -> Response[Page[ShelfRow]]:
    """List what lies in your shop, by variant and location."""

    async def read(tx: Tx) -> list[ShelfRow]:
        await owned.shop(tx, caller, shop_id)
        after = part.after(tuple[UUID, UUID])
        return await trade.shelf(tx, shop_id, at_most=low, after=after, limit=part.fetch)

    def key(row: ShelfRow) -> tuple[UUID, UUID]:
        return row.level.variant_id, row.level.location_id

    return paged(request, await house.ask(read), part, key=key, show=lambda row: row)


@post("/variants/{variant_id:uuid}/restocks", tags=["stock"], opt=requires(Scope.CATALOG_WRITE))
async def restock(
    house: TheHouse,
    caller: TheCaller,
    command_id: CommandId,
    variant_id: FromPath[UUID],
    data: JSONBody[NewRestock],
) -> Restocked:
    """Put goods on the shelf."""
    command = trade.Restock(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        variant_id=variant_id,
        location_id=data.location_id,
        quantity=data.quantity,
        reason=data.reason,
    )
    return accepted(await house.submit(trade.restock, command))


@post("/variants/{variant_id:uuid}/counts", tags=["stock"], opt=requires(Scope.CATALOG_WRITE))
async def recount(
    house: TheHouse,
    caller: TheCaller,
    command_id: CommandId,
    variant_id: FromPath[UUID],
    data: JSONBody[NewCount],
) -> Adjusted:
    """Say what was counted; the shelf then has that many."""
    command = trade.Recount(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        variant_id=variant_id,
        location_id=data.location_id,
        counted=data.counted,
        reason=data.reason,
    )
    return accepted(await house.submit(trade.recount, command))


@get("/variants/{variant_id:uuid}/movements", tags=["stock"], opt=requires(Scope.READ))
async def list_movements(
    request: Request[Any, Any, Any],
    house: TheHouse,
    caller: TheCaller,
    variant_id: FromPath[UUID],
    part: Part,
) -> Response[Page[Movement]]:
    """List what moved on the shelves of your variant, the newest first."""
    rows = accepted(
        await house.ask(
            trade.movements,
            caller.member_id,
            variant_id,
            after=part.after(UUID),
            limit=part.fetch,
        )
    )
    return paged(request, rows, part, key=lambda row: row.id, show=lambda row: row)


ROUTES = [list_stock, restock, recount, list_movements]
REFUSALS = refusals.INVENTORY
