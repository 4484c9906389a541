"""What every command says of itself, and how it refuses to be misused."""

import re
from collections.abc import Iterator

import pytest
import rich_click as click
from click.testing import CliRunner

from serai.cli import serai as program
from serai.cli.stops import Exit


def _commands(group: click.Group, path: str = "serai") -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(_commands(program))


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_shows_an_example_of_itself_and_its_exit_codes(path: str) -> None:
    text = " ".join((COMMANDS[path].help or "").split())
    example = re.search(r"Example: `([^`]+)`", text)
    assert example, text
    assert path in example[1]
    codes = text.partition("Exit codes:")[2]
    assert {int(code) for code in re.findall(r"\b(\d+) ", codes)} <= set(Exit)
    assert "0 " in codes


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_says_what_it_is_for(path: str) -> None:
    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Option) and parameter.name != "limit":
            assert parameter.help, parameter.name


def test_an_unknown_command_is_wrong_usage() -> None:
    ran = CliRunner().invoke(program, ["frobnicate"])
    assert ran.exit_code == Exit.USAGE
    assert "No such command" in ran.output


def test_no_password_is_ever_an_argument() -> None:
    for path, command in COMMANDS.items():
        assert not [one.name for one in command.params if "password" in (one.name or "")], path
