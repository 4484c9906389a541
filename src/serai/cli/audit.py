"""`serai audit`: check every promise of the market against every row of its database."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import rich_click as click

from serai.cli import place, terminal
from serai.cli.stops import Exit

if TYPE_CHECKING:
    from rich.table import Table

    from serai.kernel.tx import Database
    from serai.trade import Promise

_ROWS_SHOWN_MAX = 20


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON.")
@click.pass_context
def audit(context: click.Context, as_json: bool) -> None:
    """Check every promise of the market, and name the rows that break one.

    All checks see the same moment, and nothing is written. The market may be open meanwhile.

    Example: `serai audit --json | jq .holds`

    Exit codes: 0 every promise holds; 1 one is broken; 4 the database cannot be reached.
    """
    with terminal.waiting("Checking every promise"):
        promises, seconds = place.with_database(_timed, place.settings())
    if as_json:
        terminal.print_json(answer(promises))
    else:
        show(promises, seconds)
    if not all(promise.holds for promise in promises):
        context.exit(Exit.NOT_SO)


async def _timed(database: "Database") -> tuple[list["Promise"], float]:
    import time

    began = time.perf_counter()
    promises = await check(database)
    return promises, time.perf_counter() - began


async def check(database: "Database") -> list["Promise"]:
    """Check every promise in one snapshot, with the reactions that the worker runs."""
    from serai import trade, worker

    async with database.snapshot() as tx:
        return await trade.audit(tx, worker.reactions())


def answer(promises: Sequence["Promise"]) -> dict[str, Any]:
    """Put what was found into the object that programs read."""
    return {"holds": all(promise.holds for promise in promises), "promises": list(promises)}


def show(promises: Sequence["Promise"], seconds: float) -> None:
    """Print what was found: a line a promise, then the rows that break one."""
    from rich.markup import escape

    console = terminal.out()
    console.print(_table(promises))
    for promise in promises:
        for breach in promise.breaches[:_ROWS_SHOWN_MAX]:
            rows = "; ".join(breach.rows)
            said = escape(f"{breach.says}: {rows}" if rows else breach.says)
            console.print(f"[red]✗ {promise.number}[/] {said}", soft_wrap=True)
        more = len(promise.breaches) - _ROWS_SHOWN_MAX
        if more > 0:
            console.print(f"[red]✗ {promise.number}[/] and {more} more; --json names them all")
    broken = sum(not promise.holds for promise in promises)
    verdict = (
        "[red bold]Broken promises: {}.[/]" if broken else "[green bold]Every promise holds.[/]"
    )
    checked = sum(promise.checked for promise in promises)
    console.print(f"{verdict.format(broken)} {checked:,} things checked in {seconds:.2f} s.")


def _table(promises: Sequence["Promise"]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("promise")
    table.add_column("checked", justify="right")
    table.add_column("")
    for promise in promises:
        mark = "[green]✓[/]" if promise.holds else f"[red]✗ {len(promise.breaches)}[/]"
        table.add_row(str(promise.number), promise.name, f"{promise.checked:,}", mark)
    return table
