"""A data directory with a market in which one trade has taken place."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cli.running import serai
from tests.kernel.servers import folder


class Told(NamedTuple):
    """A trade as `serai trade --json` told it, and where its market is kept."""

    data: Path
    trade: dict[str, Any]


@pytest.fixture(scope="session")
def told() -> Iterator[Told]:
    """Let a trade happen on an empty data directory; it is copied, never changed."""
    with folder() as path:
        ran = serai("trade", "--json", data=path / "data")
        assert ran.returncode == 0, ran.stderr
        yield Told(path / "data", json.loads(ran.stdout))


@pytest.fixture
def data() -> Iterator[Path]:
    """Name a data directory that does not exist yet."""
    with folder() as path:
        yield path / "data"


@pytest.fixture
def traded(told: Told, data: Path) -> Path:
    """Give a copy of the data directory in which a trade has taken place."""
    subprocess.run(["cp", "-a", told.data, data], check=True)
    return data
