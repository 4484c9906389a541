"""How a command ends, and how it says so when it could not do what was asked."""

import sys
from enum import IntEnum
from typing import IO, Any, NoReturn

import rich_click as click

from serai.kernel.errors import Refused


class Exit(IntEnum):
    """What the exit code of `serai` means."""

    DONE = 0
    NOT_SO = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    INTERRUPTED = 130


class Stopped(click.ClickException):
    """A command cannot go on. The message says what is wrong and what to do about it."""

    def __init__(self, says: str, code: Exit) -> None:
        super().__init__(says)
        self.__dict__["exit_code"] = int(code)

    def show(self, file: IO[Any] | None = None) -> None:
        """Write it to stderr, as one plain line or as many as it has."""
        click.echo(f"serai: {self.message}", file=file or sys.stderr)


def refused(refusal: Refused, doing: str) -> NoReturn:
    """End because a hall declined; its code and facts are all that there is to know."""
    facts = ", ".join(f"{name}={value}" for name, value in refusal.facts.items())
    said = f"{doing} was refused: {refusal.code}" + (f" ({facts})" if facts else "")
    raise Stopped(said, Exit.REFUSED)
