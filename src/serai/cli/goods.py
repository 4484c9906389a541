"""`serai import` and `serai export`: goods as product files, the ledger as a journal."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO
from uuid import UUID

import rich_click as click

from serai.cli import place, terminal
from serai.cli.intake import take_in
from serai.cli.market import chosen
from serai.cli.stops import Exit, Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serai.kernel.tx import Database, Tx
    from serai.members import Shop
    from serai.trade import Intake

PICTURES_PATH = "/media/"
_ERRORS_SHOWN_MAX = 50

_in_market = click.option(
    "--market", "slug", metavar="SLUG", help="Which market; needed where there are several."
)


@click.group(name="import")
def imports() -> None:
    """Bring goods in from a file."""


@click.group(name="export")
def exports() -> None:
    """Write goods, or the ledger's journal, into a file."""


@imports.command(name="products")
@click.argument("shop")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print what became of the rows as JSON.")
@_in_market
@click.pass_context
def import_products(
    context: click.Context, shop: str, file: BinaryIO, as_json: bool, slug: str | None
) -> None:
    """Bring the products of FILE, a CSV as Shopify stores exchange it, into SHOP (its slug).

    FILE may be `-` for stdin. A row that is wrong is reported by line, column and reason while
    the rest goes in; doing it twice changes nothing.

    Example: `serai import products blue-kiln products.csv`

    Exit codes: 0 all went in; 3 the file, or some of its rows, were refused; 4 the database
    cannot be reached.
    """
    given = place.settings()

    async def act(database: "Database") -> "Intake":
        keeper = await _shop(database, shop, slug)
        return await take_in(database, keeper, file, given.public_url.rstrip("/") + PICTURES_PATH)

    intake = place.with_database(act, given)
    if as_json:
        terminal.print_json(intake)
    else:
        _report(file.name, intake)
    if intake.errors:
        context.exit(Exit.REFUSED)


def _report(name: str, intake: "Intake") -> None:
    err = terminal.err()
    for error in intake.errors[:_ERRORS_SHOWN_MAX]:
        column = f"{error.column}: " if error.column else ""
        value = f" ({error.value!r})" if error.value else ""
        said = f"{name}:{error.line}: {column}{error.reason}{value}"
        err.print(said, markup=False, soft_wrap=True)
    more = len(intake.errors) - _ERRORS_SHOWN_MAX
    if more > 0:
        err.print(f"and {more} more; --json names them all", markup=False)
    for note in intake.notes[:_ERRORS_SHOWN_MAX]:
        said = f"{name}:{note.line}: note: {note.column}: {note.reason}"
        err.print(said, markup=False, soft_wrap=True)
    if intake.ignored:
        said = f"Columns that mean nothing here: {', '.join(intake.ignored)}"
        err.print(said, markup=False, soft_wrap=True)
    counts = f"{intake.created} new, {intake.updated} changed, {intake.unchanged} as they were"
    said = f"{counts}; stock of {intake.counted} variants set; {len(intake.errors)} refused."
    terminal.out().print(said, markup=False)


@exports.command(name="products")
@click.argument("shop")
@click.argument("file", metavar="FILE|-")
@_in_market
def export_products(shop: str, file: str, slug: str | None) -> None:
    """Write all that SHOP lists into FILE, as a product CSV that other shops' programs read.

    `-` is stdout. `serai import` reads it back the same.

    Example: `serai export products blue-kiln - | head`

    Exit codes: 0 written; 3 there is no such shop; 4 the database cannot be reached.
    """
    from serai import catalog

    given = place.settings()

    async def act(database: "Database") -> None:
        keeper = await _shop(database, shop, slug)
        async with database.snapshot() as tx:

            async def stock_of(variant_ids: list[UUID]) -> Mapping[UUID, int]:
                return await _on_hand(tx, variant_ids)

            async def pieces() -> AsyncIterator[str]:
                yield catalog.csv_header()
                at = given.public_url.rstrip("/") + PICTURES_PATH
                async for product in catalog.products_of_shop(tx, keeper, stock_of, pictures_at=at):
                    yield catalog.csv_rows(product)

            await _write(file, pieces(), "Products")

    place.with_database(act, given)


@exports.command(name="journal")
@click.option(
    "--beancount", "file", metavar="FILE|-", required=True, help="Write Beancount text there."
)
@_in_market
def export_journal(file: str, slug: str | None) -> None:
    """Write the whole journal of the ledger, for a program that is not ours to check it.

    `-` is stdout.

    Example: `serai export journal --beancount market.beancount && bean-check market.beancount`

    Exit codes: 0 written; 4 the database cannot be reached.
    """
    from serai import ledger

    async def act(database: "Database") -> None:
        market = await chosen(database, slug)
        async with database.snapshot() as tx:
            await _write(file, ledger.beancount(tx, market.id), "Entries")

    place.with_database(act, place.settings())


async def _shop(database: "Database", shop: str, slug: str | None) -> "Shop":
    from serai import members

    market = await chosen(database, slug)
    async with database.tx() as tx:
        found = await members.shop_by_slug(tx, market.id, shop)
    if found is None:
        raise Stopped(f"the market {market.slug} has no shop {shop}", Exit.REFUSED)
    return found


async def _on_hand(tx: "Tx", variant_ids: list[UUID]) -> Mapping[UUID, int]:
    from serai import inventory

    levels = await inventory.levels(tx, variant_ids)
    return {id: sum(level.on_hand for level in at) for id, at in levels.items() if at}


async def _write(name: str, pieces: AsyncIterator[str], what: str) -> None:
    """Write pieces of text where they are wanted, and show how many it were."""
    with _target(name) as file, terminal.progress() as shown:
        task = shown.add_task(what, total=None)
        async for piece in pieces:
            file.write(piece.encode())
            shown.advance(task)


@contextmanager
def _target(name: str) -> "Iterator[IO[Any]]":
    """Open stdout, or a file that appears when it is complete."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    path = Path(name)
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("wb") as file:
            yield file
        fresh.replace(path)
    except OSError as error:
        raise Stopped(f"{path} cannot be written ({error.strerror})", Exit.REFUSED) from error
    finally:
        fresh.unlink(missing_ok=True)
