"""Data directories that PostgreSQL's user may enter, empty or with a database of ours."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from serai.kernel.postgres import serve
from tests.kernel.servers import folder


@pytest.fixture
def data() -> Iterator[Path]:
    """Name a data directory that does not exist yet."""
    with folder() as path:
        yield path / "data"


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """Give a data directory with a database of ours, stopped; it is copied, never served."""
    with folder() as path:
        with serve(path / "data"):
            pass
        yield path / "data"


@pytest.fixture
def ours(made: Path, data: Path) -> Path:
    """Give a data directory of ours, to be served or spoilt."""
    subprocess.run(["cp", "-a", made, data], check=True)
    return data
