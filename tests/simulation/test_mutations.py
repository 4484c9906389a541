"""A play must find bugs: each of these, planted into a copy of the code, is found.

A patch that no longer fits the code fails here too, and is drawn anew.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MUTATIONS = sorted((Path(__file__).parent / "mutations").glob("*.patch"))
SEEDS = "1-4"


def perform(source: Path, server: str) -> subprocess.CompletedProcess[str]:
    """Perform the play with the code of another folder."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SERAI_")
    }
    environment |= {
        "PYTHONPATH": os.pathsep.join([str(source / "src"), str(ROOT)]),
        "PYTHONHASHSEED": "0",
        "SERAI_DATABASE_URL": server,
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seeds", SEEDS],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[path.stem for path in MUTATIONS])
def test_a_planted_bug_is_found(mutation: Path, tmp_path: Path, server: str) -> None:
    for folder in ("src", "migrations", "demo"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    subprocess.run(["git", "apply", "--whitespace=nowarn", mutation], cwd=tmp_path, check=True)
    done = perform(tmp_path, server)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "seed " in done.stderr


def test_there_are_bugs_enough() -> None:
    assert len(MUTATIONS) >= 5
