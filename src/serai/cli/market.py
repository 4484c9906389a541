"""`serai market`: the markets of this deployment, and founding another."""

from typing import TYPE_CHECKING

import rich_click as click

from serai.cli import place, terminal
from serai.cli.stops import Exit, Stopped, refused

if TYPE_CHECKING:
    from serai.kernel.tx import Database
    from serai.members import Market


@click.group()
def market() -> None:
    """List the markets of this deployment, or found another."""


@market.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print the markets as JSON.")
def list_markets(as_json: bool) -> None:
    """List the markets, the oldest first.

    Example: `serai market list --json | jq -r .[].slug`

    Exit codes: 0 done; 4 the database cannot be reached.
    """
    found = place.with_database(all_markets, place.settings())
    if as_json:
        terminal.print_json(found)
        return
    from rich import box
    from rich.table import Table

    table = Table("market", "name", "currency", "country", "languages", box=box.SIMPLE_HEAD)
    for one in found:
        table.add_row(one.slug, one.name, one.currency, one.country, ", ".join(one.locales))
    terminal.out().print(table)


async def all_markets(database: "Database") -> list["Market"]:
    """List every market, the oldest first."""
    from serai import members

    async with database.tx() as tx:
        return await members.markets(tx)


@market.command(name="add")
@click.argument("slug")
@click.option("--name", required=True, help="What people call it.")
@click.option("--currency", default="USD", show_default=True, help="ISO 4217 code.")
@click.option("--country", default="US", show_default=True, help="ISO 3166-1 alpha-2 code.")
@click.option(
    "--locale",
    "locales",
    multiple=True,
    default=("en",),
    show_default=True,
    help="A language it speaks; the first is its own. May be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the market as JSON.")
def add_market(
    slug: str, name: str, currency: str, country: str, locales: tuple[str, ...], as_json: bool
) -> None:
    """Found a market called SLUG; its operator comes with `serai member add --operator`.

    Example: `serai market add books --name "Book market" --currency EUR --country DE --locale de`

    Exit codes: 0 founded; 3 refused, as when the slug is taken; 4 the database cannot be reached.
    """
    from serai import members

    new = members.NewMarket(
        slug=slug, name=name, currency=currency, country=country, locales=locales
    )

    async def act(database: "Database") -> "Market":
        async with database.tx() as tx:
            founded = await members.found_market(tx, new)
        return founded.market if isinstance(founded, members.Founded) else refused(founded, slug)

    made = place.with_database(act, place.settings())
    if as_json:
        terminal.print_json(made)
    else:
        terminal.out().print(f"The market {made.name} ({made.slug}) is founded.")


async def chosen(database: "Database", slug: str | None) -> "Market":
    """Find the market that is meant: the named one, or the only one there is."""
    found = await all_markets(database)
    if slug is None and len(found) == 1:
        return found[0]
    for one in found:
        if one.slug == slug:
            return one
    if not found:
        raise Stopped("there is no market yet: start with `serai up`", Exit.REFUSED)
    known = ", ".join(one.slug for one in found)
    if slug is None:
        raise Stopped(f"name the market with --market; there are {known}", Exit.USAGE)
    raise Stopped(f"there is no market {slug}; there are {known}", Exit.REFUSED)
