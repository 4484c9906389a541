"""Twenty kills under load, drawn from a printed seed: nothing acknowledged is lost or done twice.

`python -m benchmarks.crash --cycles 200` is the same for longer.
"""

import os
import secrets

import pytest

from benchmarks.crash.loop import Plan, run
from benchmarks.crash.market import Kill

_CYCLES = 5


@pytest.mark.parametrize("part", range(4))
def test_a_market_that_is_killed_loses_nothing_and_does_nothing_twice(part: int) -> None:
    given = os.environ.get("CRASH_SEED")
    seed = int(given) if given else secrets.randbelow(2**32)
    print(f"CRASH_SEED={seed} repeats this")  # noqa: T201  pytest shows it where the test fails
    report = run(Plan(_CYCLES, seed, audit_every=_CYCLES), print)
    assert report.breaches == []
    assert report.cycles == _CYCLES
    assert sum(report.kills[kind] for kind in Kill) == _CYCLES
    assert report.audits == 1
    assert report.acknowledged == report.asked_again + report.replayed > 0
