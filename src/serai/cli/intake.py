"""Intake: a product file taken into a shop, row by row, with progress and a report."""

import os
from typing import TYPE_CHECKING, BinaryIO

from serai.cli import terminal
from serai.cli.stops import refused
from serai.kernel.errors import Refused

if TYPE_CHECKING:
    from serai.kernel.tx import Database
    from serai.members import Shop
    from serai.trade import Intake


async def take_in(database: "Database", shop: "Shop", file: BinaryIO, pictures_at: str) -> "Intake":
    """Take a file's products into a shop, each in a transaction of its own."""
    from serai import catalog, trade

    with terminal.progress() as shown:
        task = shown.add_task("Bytes", total=_size(file))
        reading = catalog.read_products(catalog.file_lines(file), shop.currency)
        if isinstance(reading, Refused):
            refused(reading, file.name)
        intake = trade.Intake(ignored=reading.ignored)
        for one in reading.products:
            if isinstance(one, catalog.RowError):
                intake.misread(one)
            else:
                async with database.tx() as tx:
                    outcome = await trade.stock_product(
                        tx, shop, one, shop.owner_id, pictures_at=pictures_at
                    )
                intake.tell(one, outcome)
            if file.seekable():
                shown.update(task, completed=file.tell())
    return intake


def _size(file: BinaryIO) -> int | None:
    return os.fstat(file.fileno()).st_size if file.seekable() else None
