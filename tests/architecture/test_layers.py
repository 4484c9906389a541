"""The picture of the house holds, and a planted import against it is refused."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the program that may be spoiled."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(copy: Path, path: str, text: str) -> None:
    """Add a file; a room that is not built yet is built first."""
    target = copy / "src" / "serai" / path
    target.parent.mkdir(exist_ok=True)
    (target.parent / "__init__.py").touch()
    target.write_text(text, encoding="utf-8")


def lint_imports(copy: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_house_stands_as_drawn(copy: Path) -> None:
    done = lint_imports(copy)

    assert done.returncode == 0, done.stdout
    assert "The floors of the house KEPT" in done.stdout
    assert "No circles inside a room either KEPT" in done.stdout


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("ledger", "trade"),
        ("kernel", "ledger"),
        ("trade", "api"),
        ("payments", "inventory"),
        ("ledger", "members"),
        ("api", "worker"),
        ("worker", "cli"),
    ],
    ids=[
        "up, from money to trade",
        "up, from the ground",
        "up, to a door",
        "sideways, between halls",
        "sideways, between money and people",
        "sideways, between doors",
        "up, to the terminal",
    ],
)
def test_an_import_up_or_sideways_is_refused(copy: Path, importer: str, imported: str) -> None:
    plant(copy, f"{imported}/_planted_target.py", "")
    plant(copy, f"{importer}/_planted.py", f"import serai.{imported}._planted_target\n")

    done = lint_imports(copy)

    assert done.returncode == 1, done.stdout
    assert "The floors of the house BROKEN" in done.stdout
    assert f"serai.{importer}._planted -> serai.{imported}._planted_target" in done.stdout


def test_a_chain_through_a_file_of_the_ground_is_refused_too(copy: Path) -> None:
    plant(copy, "trade/_planted_target.py", "")
    plant(copy, "kernel/_planted.py", "def later():\n    import serai.trade._planted_target\n")

    done = lint_imports(copy)

    assert done.returncode == 1, done.stdout
    assert "serai.kernel._planted -> serai.trade._planted_target" in done.stdout


def test_a_circle_inside_a_room_is_refused(copy: Path) -> None:
    plant(copy, "kernel/_planted_hen.py", "import serai.kernel._planted_egg\n")
    plant(copy, "kernel/_planted_egg.py", "import serai.kernel._planted_hen\n")

    done = lint_imports(copy)

    assert done.returncode == 1, done.stdout
    assert "No circles inside a room either BROKEN" in done.stdout


def test_a_room_that_is_not_in_the_picture_is_refused(copy: Path) -> None:
    plant(copy, "astrology/stars.py", "")

    done = lint_imports(copy)

    assert done.returncode == 1, done.stdout
    assert "astrology" in done.stdout
