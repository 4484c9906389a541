"""`serai migrate`: bring the database to the newest schema."""

import asyncio

import rich_click as click

from serai.cli import place, terminal


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was applied as JSON.")
def migrate(as_json: bool) -> None:
    """Bring the database to the newest schema; doing it twice is no matter.

    `serai up` does this by itself. Where several machines share a database, run it
    once before the first of them is started anew.

    Example: `SERAI_DATABASE_URL=postgresql://… serai migrate`

    Exit codes: 0 the schema is the newest; 4 the database cannot be reached.
    """
    given = place.settings()
    with place.server(given, make=True) as dsn, terminal.waiting("Migrating"):
        applied = asyncio.run(place.migrated(dsn))
    if as_json:
        terminal.print_json({"applied": applied})
        return
    for name in applied:
        terminal.out().print(f"applied {name}")
    if not applied:
        terminal.out().print("The schema is the newest already.")
