"""Intake: a product file taken into a shop, row by row, with a report of what was refused."""

import os
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from serai.cli import terminal
from serai.cli.stops import refused
from serai.kernel.errors import Refused

if TYPE_CHECKING:
    from serai.catalog import Product, RowError
    from serai.kernel.tx import Database
    from serai.members import Shop


class Trouble(Struct, frozen=True):
    """Something of a file that is not as it says; `column` is empty where it is a whole row."""

    line: int
    column: str
    value: str
    reason: str


class Intake(Struct):
    """What became of a file's products."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    counted: int = 0
    """Variants whose stock was set."""
    errors: list[Trouble] = []
    """What was refused."""
    notes: list[Trouble] = []
    """What went in, but for something the market does not have or a product lacks."""
    ignored: tuple[str, ...] = ()
    """Columns that mean nothing here."""


async def take_in(database: "Database", shop: "Shop", file: BinaryIO, pictures_at: str) -> Intake:
    """Take a file's products into a shop, each in a transaction of its own."""
    from serai import catalog

    with terminal.progress() as shown:
        task = shown.add_task("Bytes", total=_size(file))
        reading = catalog.read_products(catalog.file_lines(file), shop.currency)
        if isinstance(reading, Refused):
            refused(reading, file.name)
        intake = Intake(ignored=reading.ignored)
        for one in reading.products:
            if isinstance(one, catalog.RowError):
                intake.errors.append(_trouble(one))
            else:
                await _apply(database, shop, one, pictures_at, intake)
            if file.seekable():
                shown.update(task, completed=file.tell())
    return intake


def _size(file: BinaryIO) -> int | None:
    return os.fstat(file.fileno()).st_size if file.seekable() else None


def _trouble(error: "RowError") -> Trouble:
    return Trouble(error.line, error.column, error.value, error.reason)


async def _apply(
    database: "Database", shop: "Shop", product: "Product", pictures_at: str, intake: Intake
) -> None:
    from serai import catalog, trade

    async with database.tx() as tx:
        outcome = await trade.stock_product(
            tx, shop, product, shop.owner_id, pictures_at=pictures_at
        )
    if isinstance(outcome, Refused):
        intake.errors += _troubles(product, outcome)
        return
    match outcome.result:
        case catalog.Result.CREATED:
            intake.created += 1
        case catalog.Result.UPDATED:
            intake.updated += 1
        case catalog.Result.UNCHANGED:
            intake.unchanged += 1
    intake.counted += outcome.counted
    intake.notes += [
        Trouble(product.line, what, product.handle, why) for what, why in outcome.left.items()
    ]
    intake.errors += [
        Trouble(product.line, "Variant Inventory Qty", str(short.wanted), _why_short(short.refused))
        for short in outcome.short
    ]


def _troubles(product: "Product", refusal: Refused) -> list[Trouble]:
    """Spell a refusal of a whole product: a line a field where it names fields."""
    fields = refusal.facts.get("fields")
    if isinstance(fields, dict):
        return [Trouble(product.line, name, "", str(why)) for name, why in fields.items()]
    return [Trouble(product.line, "", product.handle, refusal.code)]


def _why_short(refusal: Refused) -> str:
    reserved = refusal.facts.get("reserved")
    return refusal.code if reserved is None else f"live orders hold {reserved} of it"
