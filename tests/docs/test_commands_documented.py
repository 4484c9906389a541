"""Every `serai` command that a document writes is there, and every one there is told of."""

import re
from collections.abc import Iterator

import click
import pytest

from serai.cli import serai
from tests.docs import reading

_CALL = re.compile(r"(?:^|[\s/(;])serai((?: +(?:[^\s|&;<>)\"]+|\"[^\"]*\"))+)")
_LINES = re.compile(r"^ *(?:\$ |.*\.venv/bin/serai |serai |[A-Z_]+=\S+ serai )")


def calls(document: str) -> Iterator[str]:
    """What follows `serai` in backticks and in blocks of commands."""
    _, fenced = reading.split(document)
    for code in [*reading.spans(document), *(line for line in fenced if _LINES.match(line))]:
        for found in _CALL.findall(code):
            yield found.strip()


def wrong(call: str) -> str | None:
    """What is wrong with a call: a command, or an option of it, that is not there."""
    at: click.Command = serai
    for word in call.split():
        if word.startswith("--"):
            name = word.partition("=")[0]
            known = {o for p in at.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
            if name not in known:
                return f"`serai {call}`: no option {name}"
        elif isinstance(at, click.Group):
            if word not in at.commands:
                return f"`serai {call}`: no command {word}"
            at = at.commands[word]
    return None


def commands(at: click.Group, *path: str) -> Iterator[str]:
    """Every command that does something, spelled out."""
    for name, command in at.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield " ".join(["serai", *path, name])


def test_every_command_in_the_documents_is_there() -> None:
    found = [call for path in reading.documents() for call in calls(path.read_text("utf-8"))]

    assert [said for call in found if (said := wrong(call))] == []
    assert len(found) > 20


@pytest.mark.parametrize("call", ["dance", "audit --loudly", "member remove", "seed --demoo"])
def test_a_command_that_is_not_there_is_noticed(call: str) -> None:
    [found] = calls(f"Run `serai {call}` now.")

    assert wrong(found) is not None


def test_a_command_in_a_block_is_read_too() -> None:
    block = "```\nSERAI_DATA=/srv/x .venv/bin/serai dance | less\n```\n"

    assert [wrong(call) is None for call in calls(block)] == [False]


def test_every_command_is_told_of_in_operations() -> None:
    rows = reading.table(reading.text("docs/operations.md"), "command")

    told = [re.sub(r" --\S+", "", row[0].strip("`")) for row in rows]

    assert sorted(told) == sorted(commands(serai))


def test_every_exit_code_is_told_of_in_operations() -> None:
    rows = reading.table(reading.text("docs/operations.md"), "exit code")
    epilog = " ".join((serai.epilog or "").split())

    codes = re.findall(r"(\d+) [a-z]", epilog.partition("Exit codes:")[2])

    assert [row[0] for row in rows] == codes
