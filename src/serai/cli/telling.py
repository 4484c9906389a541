"""How a trade is shown in a terminal: step by step, with what the ledger noted."""

from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from serai.cli import terminal
from serai.kernel import money
from serai.kernel.money import Money

if TYPE_CHECKING:
    from serai.cli.books import BalanceSheet
    from serai.cli.story import Step
    from serai.members import Market

_COLOURS = {"buyer": "cyan", "seller": "magenta", "courier": "yellow"}
_PHASES = {"pending": "yellow", "posted": "green", "settled": "green"}


def title(market: "Market", url: str | None) -> None:
    """Say where the trade takes place."""
    where = url or "opened for this trade"
    terminal.out().print(f"\n[bold]A trade at {escape(market.name)}[/], {escape(where)}\n")


def step(number: int, taken: "Step") -> None:
    """Show a step, and below it the rows of the ledger that it caused."""
    console = terminal.out()
    colour = _COLOURS[taken.actor]
    who = f"[{colour}]{taken.actor:<8}[/]"
    console.print(f"{number:>2}  {who} [bold]{taken.name:<16}[/] {escape(taken.says)}")
    if not taken.transfers:
        return
    rows = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "left"):
        rows.add_column(justify=justify, no_wrap=True)
    for row in taken.transfers:
        amount = money.plain(Money(row.amount, row.currency))
        phase = f"[{_PHASES.get(row.phase, 'red')}]{row.phase}[/]"
        rows.add_row(
            f"{'':>4}[dim]debit[/] {escape(row.debit)}",
            f"[dim]credit[/] {escape(row.credit)}",
            amount,
            phase,
        )
    console.print(rows)


def balance_sheet(sheet: "BalanceSheet") -> None:
    """Show where the money stands: what the market has, and what it owes to whom."""
    table = Table(
        title="\nBalance sheet: what the market has, and owes",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("account")
    for name in ("debits", "credits", "has", "owes", "held"):
        table.add_column(name, justify="right")

    def shown(minor: int) -> str:
        if not minor:
            return "–"
        return money.plain(Money(minor, sheet.currency)).removesuffix(f" {sheet.currency}")

    for one in sheet.accounts:
        stands = (max(0, one.posted), max(0, -one.posted), abs(one.pending))
        table.add_row(
            escape(one.account), *map(shown, (one.debits_posted, one.credits_posted, *stands))
        )
    table.add_section()
    columns = (
        sum(one.debits_posted for one in sheet.accounts),
        sum(one.credits_posted for one in sheet.accounts),
        sum(max(0, one.posted) for one in sheet.accounts),
        sum(max(0, -one.posted) for one in sheet.accounts),
        sheet.pending,
    )
    mark = "[green]✓[/]" if sheet.balances else "[red]✗[/]"
    table.add_row(f"[bold]together, in {sheet.currency}[/] {mark}", *map(shown, columns))
    terminal.out().print(table)
