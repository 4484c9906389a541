"""Product files at the machine's door: the CSV that shops exchange, taken in and given out."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, cast
from uuid import UUID

from litestar import Request, get, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import Struct

from serai import catalog, inventory, trade
from serai.api import owned
from serai.api.asked import TheCaller, TheHouse
from serai.api.callers import Needs, requires
from serai.api.house import House
from serai.api.pictures import served_at
from serai.api.says import Says, accepted, decline
from serai.kernel.tx import Tx
from serai.members import Scope, Shop
from serai.trade import Intake, Trouble

FILE_MAX = 10 * 1024 * 1024
_IN_MEMORY_MAX = 1024 * 1024
_TROUBLES_MAX = 1_000
_COST = 20
_EXPORT = Needs(scope=Scope.READ, json=False, cost=_COST)


@dataclass
class TakesProducts(Operation):
    """An operation whose body is a product file."""

    def __post_init__(self) -> None:
        """Describe the body."""
        schema = Schema(type=OpenAPIType.STRING, content_media_type="text/csv", min_length=1)
        content = {"text/csv": OpenAPIMediaType(schema=schema)}
        self.request_body = RequestBody(content=content, required=True)


class ProductImport(Struct, frozen=True):
    """What became of a product file, row by row where something was wrong."""

    created: int
    updated: int
    unchanged: int
    counted: int
    """Variants whose stock was set."""
    refused: int
    """How many rows and cells were refused; `errors` names the first thousand."""
    errors: list[Trouble]
    notes: list[Trouble]
    """What went in, but for something the market does not have or a product lacks."""
    ignored: tuple[str, ...]
    """Columns that mean nothing here."""


@post(
    "/shops/{shop_id:uuid}/product-imports",
    tags=["stock"],
    opt=requires(Scope.CATALOG_WRITE, cost=_COST),
    request_max_body_size=FILE_MAX,
    operation_class=TakesProducts,
)
async def import_products(
    request: Request[Any, Any, Any], house: TheHouse, caller: TheCaller, shop_id: FromPath[UUID]
) -> ProductImport:
    """Take a product file into your shop: CSV as Shopify stores exchange it.

    The body is the file, ten megabytes at most. A row that is wrong is reported
    by line, column and reason while the rest goes in; twice changes nothing.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != "text/csv":
        raise decline("media_type_csv")
    shop = await house.ask(owned.shop, caller, shop_id)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_MAX) as file:
        async for piece in request.stream():
            file.write(piece)
        file.seek(0)
        intake = await _take_in(house, shop, cast("BinaryIO", file))
    return ProductImport(
        intake.created,
        intake.updated,
        intake.unchanged,
        intake.counted,
        len(intake.errors),
        intake.errors[:_TROUBLES_MAX],
        intake.notes[:_TROUBLES_MAX],
        intake.ignored,
    )


async def _take_in(house: House, shop: Shop, file: BinaryIO) -> Intake:
    """Take the products in, each in a transaction of its own."""
    reading = accepted(catalog.read_products(catalog.file_lines(file), shop.currency))
    intake = Intake(ignored=reading.ignored)
    for one in reading.products:
        if isinstance(one, catalog.RowError):
            intake.misread(one)
        else:
            outcome = await house.ask(
                trade.stock_product, shop, one, shop.owner_id, pictures_at=served_at(house)
            )
            intake.tell(one, outcome)
    return intake


@get(
    "/shops/{shop_id:uuid}/products.csv",
    tags=["stock"],
    opt={"needs": _EXPORT},
    media_type="text/csv; charset=utf-8",
)
async def export_products(house: TheHouse, caller: TheCaller, shop_id: FromPath[UUID]) -> Stream:
    """Give all that your shop lists as a product CSV, which other shops' programs read."""
    shop = await house.ask(owned.shop, caller, shop_id)
    headers = {"Content-Disposition": f'attachment; filename="{shop.slug}.csv"'}
    return Stream(_pieces(house, shop), headers=headers)


async def _pieces(house: House, shop: Shop) -> AsyncIterator[str]:
    async with house.database.snapshot() as tx:

        async def stock_of(variant_ids: list[UUID]) -> Mapping[UUID, int]:
            return await _on_hand(tx, variant_ids)

        yield catalog.csv_header()
        products = catalog.products_of_shop(tx, shop, stock_of, pictures_at=served_at(house))
        async for product in products:
            yield catalog.csv_rows(product)


async def _on_hand(tx: Tx, variant_ids: list[UUID]) -> Mapping[UUID, int]:
    levels = await inventory.levels(tx, variant_ids)
    return {id: sum(level.on_hand for level in at) for id, at in levels.items() if at}


ROUTES = [import_products, export_products]
REFUSALS: dict[str, Says] = {
    "media_type_csv": Says(
        415, "This form is not read here", "Send the file itself with Content-Type: text/csv."
    ),
}
