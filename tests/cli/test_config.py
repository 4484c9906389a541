"""`serai config`: every setting, told from the source itself."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from serai.cli import serai as program
from serai.cli.config import described, helps
from serai.kernel.settings import Settings

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Give a command line whose only settings are those of the test."""
    for field in msgspec.structs.fields(Settings):
        monkeypatch.delenv(f"SERAI_{field.name.upper()}", raising=False)
    return CliRunner()


def test_every_setting_is_shown_with_where_it_came_from(runner: CliRunner) -> None:
    ran = runner.invoke(program, ["config", "--json"], env={"SERAI_PORT": "9000"})
    assert ran.exit_code == 0, ran.output
    found = {one["variable"]: one for one in json.loads(ran.output)}
    assert list(found) == [f"SERAI_{name.upper()}" for name in Settings.__struct_fields__]
    assert (found["SERAI_PORT"]["value"], found["SERAI_PORT"]["source"]) == (9000, "environment")
    assert (found["SERAI_HOST"]["value"], found["SERAI_HOST"]["source"]) == ("127.0.0.1", "default")
    assert all(one["help"] for one in found.values())


def test_a_password_is_never_shown(runner: CliRunner) -> None:
    url = "postgresql://me:secret@db.example.com/market"
    for arguments in (["config"], ["config", "--json"]):
        ran = runner.invoke(program, arguments, env={"SERAI_DATABASE_URL": url})
        assert ran.exit_code == 0
        assert "secret" not in ran.output


def test_a_setting_that_is_none_or_cannot_be_read_is_named(runner: CliRunner) -> None:
    for name, value in (("SERAI_PROT", "80"), ("SERAI_PORT", "many")):
        ran = runner.invoke(program, ["config"], env={name: value})
        assert ran.exit_code == 2
        assert "SERAI_" in ran.output
        assert "Traceback" not in ran.output


def test_every_setting_says_what_it_is() -> None:
    assert set(helps()) == set(Settings.__struct_fields__)
    assert [one.default for one in described(Settings())][2:4] == ["127.0.0.1", 8000]


def test_the_operations_guide_has_every_setting_and_its_default() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(SERAI_\w+)` \| *`?([^`|]*?)`? *\| \S", text, re.MULTILINE))
    defaults = {one.variable: one.default for one in described(Settings())}
    written = {
        name: "" if default is None else str(default).lower() for name, default in defaults.items()
    }
    assert {name: default.lower() for name, default in told.items()} == written
