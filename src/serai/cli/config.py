"""`serai config`: every setting, its value, and where that came from."""

import ast
import inspect
import os
from typing import Any

import msgspec
import rich_click as click
from msgspec import Struct

from serai.cli import place, terminal
from serai.kernel import settings as kernel_settings
from serai.kernel.settings import Settings


class Shown(Struct, frozen=True):
    """A setting as a person reads it."""

    variable: str
    value: Any
    default: Any
    source: str
    """`environment` or `default`."""
    help: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the settings as JSON.")
def config(as_json: bool) -> None:
    """Show every setting, its value, whether the environment set it, and what it is for.

    Passwords in SERAI_DATABASE_URL are left out.

    Example: `SERAI_PORT=9000 serai config`

    Exit codes: 0 done; 2 a variable of the environment cannot be read.
    """
    found = described(place.settings())
    if as_json:
        terminal.print_json(found)
        return
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("setting", no_wrap=True)
    for name in ("value", "from", "what it is"):
        table.add_column(name)
    for one in found:
        value = "" if one.value is None else escape(str(one.value))
        table.add_row(one.variable, value, one.source, escape(one.help))
    terminal.out().print(table)


def described(given: Settings) -> list[Shown]:
    """Describe every setting, in the order in which they are declared."""
    texts = helps()
    found = []
    for field in msgspec.structs.fields(Settings):
        variable = f"SERAI_{field.name.upper()}"
        source = "environment" if variable in os.environ else "default"
        value = plain(getattr(given, field.name))
        if field.name == "database_url" and isinstance(value, str):
            value = place.shown(value)
        found.append(Shown(variable, value, plain(field.default), source, texts[field.name]))
    return found


def plain(value: object) -> object:
    """Write a value as it would be written in the environment, numbers and nothing as such."""
    if isinstance(value, tuple):
        return ",".join(value)
    return value if isinstance(value, int | str | None) else str(value)


def helps() -> dict[str, str]:
    """Read what the source says below each setting; a setting without it is a mistake."""
    [declared] = ast.parse(inspect.getsource(kernel_settings.Settings)).body
    assert isinstance(declared, ast.ClassDef)
    texts: dict[str, str] = {}
    name = ""
    for statement in declared.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                texts[name] = " ".join(text.split())
            case _:
                pass
    missing = set(Settings.__struct_fields__) - texts.keys()
    if missing:
        raise LookupError(f"settings that say nothing of themselves: {', '.join(sorted(missing))}")
    return texts
