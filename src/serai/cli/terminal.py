"""What people and programs read: tables and lines on stdout, trouble and progress on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)


def out() -> Console:
    """Open what a command answers with."""
    return Console(file=sys.stdout, highlight=False)


def err() -> Console:
    """Open what a command says besides its answer."""
    return Console(file=sys.stderr, highlight=False)


def print_json(answer: object) -> None:
    """Print one object for a program to read."""
    text = msgspec.json.format(msgspec.json.encode(answer), indent=2)
    sys.stdout.write(text.decode() + "\n")
    sys.stdout.flush()


@contextmanager
def progress() -> Iterator[Progress]:
    """Show how far something is, on a terminal; elsewhere nothing is shown."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err(),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as shown:
        yield shown


@contextmanager
def waiting(for_what: str) -> Iterator[None]:
    """Show that something without a measure is under way, on a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    with err().status(for_what):
        yield
