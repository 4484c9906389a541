"""`serai member`: the people of a market, as its operator's terminal sees them."""

import sys
from typing import TYPE_CHECKING

import rich_click as click
from msgspec import Struct

from serai.cli import place, terminal
from serai.cli.founding import new_password
from serai.cli.market import chosen
from serai.cli.stops import Exit, Stopped, refused

if TYPE_CHECKING:
    from serai.kernel.tx import Database, Tx
    from serai.members import Market, Member, MemberEntry

_REASON = "on the command line"
_SHOWN_MAX = 50

_in_market = click.option(
    "--market", "slug", metavar="SLUG", help="Which market; needed where there are several."
)


class Added(Struct, frozen=True):
    """A member who has just joined; the password where it was made here."""

    id: str
    name: str
    login: str
    roles: list[str]
    password: str | None


@click.group()
def member() -> None:
    """Add members, grant them roles, list them."""


@member.command()
@click.argument("login", metavar="EMAIL_OR_PHONE")
@click.option("--name", required=True, help="What the member is called.")
@click.option("--operator", is_flag=True, help="Make the member run the market.")
@click.option("--courier", is_flag=True, help="Make the member a courier.")
@click.option("--generate", is_flag=True, help="Make a password and print it, once.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from stdin.")
@click.option("--json", "as_json", is_flag=True, help="Print the member as JSON.")
@_in_market
def add(
    login: str,
    name: str,
    operator: bool,
    courier: bool,
    generate: bool,
    from_stdin: bool,
    as_json: bool,
    slug: str | None,
) -> None:
    """Sign up a member who comes in with EMAIL_OR_PHONE and a password.

    The password is asked for, read from stdin or made here; it is never an argument, which
    others on this machine could see.

    Example: `serai member add ann@example.com --name Ann --operator --generate`

    Exit codes: 0 added; 2 no password; 3 refused, as when the address is taken; 4 the database
    cannot be reached.
    """
    password = _password(generate=generate, from_stdin=from_stdin)
    roles = [role for role, wanted in (("operator", operator), ("courier", courier)) if wanted]

    async def act(database: "Database") -> Added:
        market = await chosen(database, slug)
        async with database.tx() as tx:
            joined = await _join(tx, market, login, name, password)
            for role in roles:
                await _grant(tx, joined, role)
        shown = password if generate else None
        return Added(str(joined.id), joined.name, login, ["buyer", *roles], shown)

    added = place.with_database(act, place.settings())
    if as_json:
        terminal.print_json(added)
        return
    console = terminal.out()
    said = f"{added.name} is a member: {', '.join(added.roles)}."
    console.print(said, markup=False)
    if added.password:
        console.print(f"Password, shown this once: {added.password}", markup=False)


def _password(*, generate: bool, from_stdin: bool) -> str:
    if generate:
        return new_password()
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        said = "there is no terminal to ask for a password"
        raise Stopped(f"{said}: use --stdin or --generate", Exit.USAGE)
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


async def _join(tx: "Tx", market: "Market", login: str, name: str, password: str) -> "Member":
    from serai import members

    contact = {"email": login} if "@" in login else {"phone": login}
    newcomer = members.Newcomer(name=name, password=password, **contact)
    joined = await members.sign_up(tx, market.id, newcomer)
    return joined if isinstance(joined, members.Member) else refused(joined, f"adding {login}")


async def _grant(tx: "Tx", to: "Member", role: str) -> None:
    from serai import members

    granted = await members.grant_role(tx, to.id, members.Role(role), by=None, reason=_REASON)
    if not isinstance(granted, members.RoleGrant):
        refused(granted, f"granting {role}")


@member.command()
@click.argument("login", metavar="EMAIL_OR_PHONE")
@click.argument("role", type=click.Choice(["operator", "courier"]))
@_in_market
def grant(login: str, role: str, slug: str | None) -> None:
    """Give a member the role of operator or courier; the others come by themselves.

    Example: `serai member grant ann@example.com courier`

    Exit codes: 0 the member has the role; 3 there is no such member; 4 the database cannot be
    reached.
    """
    from serai import members

    async def act(database: "Database") -> str:
        market = await chosen(database, slug)
        async with database.tx() as tx:
            found = await members.member_by_login(tx, market, login)
            if found is None:
                raise Stopped(f"{market.slug} has no member {login}", Exit.REFUSED)
            await _grant(tx, found, role)
        return found.name

    name = place.with_database(act, place.settings())
    terminal.out().print(f"{name} is {role} now.", markup=False)


@member.command(name="list")
@click.argument("containing", required=False)
@click.option("--limit", type=click.IntRange(1, 200), default=_SHOWN_MAX, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the members as JSON.")
@_in_market
def list_members(containing: str | None, limit: int, as_json: bool, slug: str | None) -> None:
    """List members, the newest first; CONTAINING looks into names, addresses and numbers.

    Example: `serai member list ann --json`

    Exit codes: 0 done; 4 the database cannot be reached.
    """
    from serai import members

    async def act(database: "Database") -> list["MemberEntry"]:
        market = await chosen(database, slug)
        async with database.tx() as tx:
            return await members.members_page(tx, market.id, containing=containing, limit=limit)

    found = place.with_database(act, place.settings())
    if as_json:
        terminal.print_json(found)
        return
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table("name", "comes in with", "roles", "since", box=box.SIMPLE_HEAD)
    for one in found:
        logins = " ".join(login for login in (one.email, one.phone) if login)
        since = f"{one.joined_at:%Y-%m-%d}"
        table.add_row(escape(one.name), escape(logins), " ".join(one.roles), since)
    terminal.out().print(table)
