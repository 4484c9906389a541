"""The play is performed for several seeds; every seed can be performed again exactly.

`SERAI_SEEDS=1-200 pytest tests/simulation` performs more of them; a finding
names its seed.
"""

import os

import pytest

from tests.conftest import address, run
from tests.simulation.play import perform

pytestmark = pytest.mark.money


def seeds() -> list[int]:
    first, _, last = os.environ.get("SERAI_SEEDS", "1-4").partition("-")
    return list(range(int(first), int(last or first) + 1))


@pytest.mark.parametrize("seed", seeds())
async def test_the_promises_hold_after_every_commit(dsn: str, seed: int) -> None:
    report = await perform(dsn, seed, steps=120)
    assert report.commits > 100
    assert report.acknowledged > 40
    assert report.cuts > 0


async def test_a_seed_is_performed_again_exactly(server: str, template: str) -> None:
    reports = []
    for name in (f"{template}_once", f"{template}_again"):
        await run(server, f"create database {name} template {template}")
        reports.append(await perform(address(server, name), 7, steps=40))
        await run(server, f"drop database {name} with (force)")
    assert reports[0] == reports[1]
