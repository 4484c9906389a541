"""PostgreSQL's own programs, run on the market's database: dump, restore, psql."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from serai.cli.stops import Exit, Stopped
from serai.kernel.cluster_account import PostgresRefused, chosen


def command(program: str, dsn: str, *arguments: str) -> list[str]:
    """Spell a program's command line; the password stays out of it, others could see it."""
    return [str(_folder() / program), "--no-password", f"--dbname={_open(dsn)}", *arguments]


def alone(program: str, *arguments: str) -> list[str]:
    """Spell the command line of a program that needs no database."""
    return [str(_folder() / program), *arguments]


def environment(dsn: str) -> dict[str, str]:
    """Give what a program needs to come in: the password, where there is one."""
    parts = urlsplit(dsn)
    password = parts.password or dict(parse_qsl(parts.query)).get("password")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    # Passwords in an address are quoted as all else in it.
    return {**ours, "PGPASSWORD": _unquoted(password)} if password else ours


def run(command_line: Sequence[str], dsn: str, *, into: IO[bytes]) -> None:
    """Run a program to its end; what it writes goes into a file, its trouble into an error."""
    ran = subprocess.run(  # noqa: S603  our own lists, never a shell's line
        command_line, env=environment(dsn), stdout=into, stderr=subprocess.PIPE, check=False
    )
    if ran.returncode:
        fail(command_line[0], ran.stderr)


def fail(program: str, said: bytes) -> None:
    """End because a program failed, with its own words."""
    words = said.decode(errors="replace").strip()
    raise Stopped(f"{Path(program).name} failed:\n{words}", Exit.UNREACHABLE)


def _folder() -> Path:
    try:
        return chosen().bin
    except PostgresRefused as error:
        raise Stopped(str(error), Exit.UNREACHABLE) from error


def _open(dsn: str) -> str:
    """Write the address without its password."""
    parts = urlsplit(dsn)
    user, at, host = parts.netloc.rpartition("@")
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != "password"])
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}", query=query))


def _unquoted(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text)
