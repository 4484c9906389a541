"""`serai seed --demo`: fill an empty database with a market that looks like one."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from serai.cli import place, terminal
from serai.cli.backup import PICTURES
from serai.cli.stops import Exit, Stopped

if TYPE_CHECKING:
    from serai.cli.rehearsal import Progress, Seeded
    from serai.kernel.errors import Refused
    from serai.kernel.settings import Settings

_ORDERS_MAX = 100_000


@click.command()
@click.option("--demo", is_flag=True, help="Make the demo market; there is no other yet.")
@click.option(
    "--orders",
    type=click.IntRange(10, _ORDERS_MAX),
    default=3_000,
    show_default=True,
    help="How many past orders it has.",
)
@click.option("--fresh", is_flag=True, help="Throw an earlier demo market away first.")
@click.option("--yes", is_flag=True, help="Do not ask before throwing it away.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
@click.pass_context
def seed(
    context: click.Context, demo: bool, orders: int, fresh: bool, yes: bool, as_json: bool
) -> None:
    """Make the demo market: shops, goods, people, and four months of orders.

    All of it is invented and marked as sample data; the orders went through the real engine, at a
    clock of their own. A second run changes nothing. The passwords of four accounts are printed,
    once. `--fresh` only ever throws away a demo market, never another one.

    Example: `serai seed --demo --json | jq .counts`

    Exit codes: 0 it is there and the audit holds; 1 a promise is broken; 2 wrong usage; 3 there is
    another market, or a half-made one; 4 the database cannot be reached.
    """
    if not demo:
        raise Stopped("say what to make: `serai seed --demo`", Exit.USAGE)
    if fresh and not yes:
        click.confirm("Throw away the demo market and all in it?", abort=True, err=True)
    outcome = _seed(place.settings(), orders=orders, fresh=fresh)
    if as_json:
        terminal.print_json(_answer(outcome))
    else:
        _show(outcome)
    if not outcome.holds:
        context.exit(Exit.NOT_SO)


def _seed(given: "Settings", *, orders: int, fresh: bool) -> "Seeded":
    import uvloop

    from serai.cli import rehearsal
    from serai.kernel import logs

    logs.configure(given.log_format, "error")

    async def act(dsn: str, progress: "Progress") -> "Seeded | Refused":
        await place.migrated(dsn)
        with place.reaching(dsn):
            return await rehearsal.seed_demo(
                dsn, _pictures(given), progress, orders=orders, fresh=fresh
            )

    with place.server(given, make=True) as dsn, terminal.progress() as shown:
        tasks = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(f"Demo {what}", total=of)
            shown.update(tasks[what], completed=done, total=of)

        outcome = uvloop.run(act(dsn, progress))
    if isinstance(outcome, rehearsal.Seeded):
        return outcome
    market = outcome.facts.get("market")
    said = {
        rehearsal.BUSY: "another process is making the demo market at this moment",
        rehearsal.OCCUPIED: f"there is the market {market} already, and the demo needs a database"
        " of its own: set SERAI_DATA to an empty folder",
        rehearsal.UNFINISHED: f"{market} was left half made: make it anew with"
        " `serai seed --demo --fresh`",
    }
    raise Stopped(said[outcome.code], Exit.REFUSED)


def _pictures(given: "Settings") -> Path:
    return given.data / PICTURES


def _answer(seeded: "Seeded") -> dict[str, object]:
    return {
        "new": seeded.new,
        "market": {"id": seeded.market.id, "slug": seeded.market.slug, "name": seeded.market.name},
        "counts": seeded.counts,
        "logins": seeded.logins,
        "holds": seeded.holds,
        "broken": [promise for promise in seeded.promises if not promise.holds],
        "seconds": seeded.seconds,
        "seconds_of": seeded.seconds_of,
    }


def _show(seeded: "Seeded") -> None:
    console = terminal.out()
    counts = seeded.counts
    states = ", ".join(f"{number:,} {state}" for state, number in counts.orders_by_state.items())
    if seeded.new:
        console.print(f"[bold]{seeded.market.name}[/] was made in {seeded.seconds:.0f} s.\n")
    else:
        console.print(f"[bold]{seeded.market.name}[/] is there already; nothing was changed.\n")
    console.print(f"  shops      {counts.shops:,}")
    console.print(f"  listings   {counts.listings:,}, {counts.pictures:,} of them with a picture")
    console.print(f"  members    {counts.members:,}")
    console.print(f"  orders     {counts.orders:,}: {states}", soft_wrap=True)
    if seeded.logins:
        console.print("\n  Who can come in; the passwords are shown this once:")
    for login in seeded.logins:
        line = f"  {login.role:<10} {login.email:<28} {login.password}"
        console.print(line, soft_wrap=True, markup=False)
    for promise in seeded.promises:
        for breach in promise.breaches:
            rows = "; ".join(breach.rows)
            console.print(f"[red]✗ {promise.number}[/] {breach.says}: {rows}", soft_wrap=True)
    if seeded.new:
        console.print(f"\n  {'Every promise holds.' if seeded.holds else 'A promise is broken.'}")
