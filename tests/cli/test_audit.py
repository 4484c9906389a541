"""`serai audit`: every promise by name, and the rows that break one."""

import json
from pathlib import Path

import pytest

from serai.kernel.postgres import serve
from tests.cli.running import serai
from tests.kernel.servers import ask

pytestmark = pytest.mark.money


def test_a_sound_market_holds_every_promise(traded: Path) -> None:
    ran = serai("audit", "--json", data=traded)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert set(found) == {"holds", "promises"}
    assert found["holds"] is True
    for promise in found["promises"]:
        assert set(promise) == {"number", "name", "checked", "holds", "breaches"}


def test_a_broken_promise_is_named_with_its_rows(traded: Path) -> None:
    with serve(traded) as dsn:
        order_id = str(ask(dsn, "select id from trade_order"))
        ask(dsn, "update trade_order set total = total + 1, shipping_total = shipping_total + 1")
        as_json = serai("audit", "--json", data=traded)
        ran = serai("audit", data=traded)
    assert as_json.returncode == ran.returncode == 1
    found = json.loads(as_json.stdout)
    broken = [promise for promise in found["promises"] if not promise["holds"]]
    assert found["holds"] is False
    assert [promise["number"] for promise in broken] == [7]
    assert order_id in json.dumps(broken[0]["breaches"])
    assert f"trade_order {order_id}" in ran.stdout
    assert "Broken promises: 1" in ran.stdout


def test_without_a_market_nothing_is_made(data: Path) -> None:
    ran = serai("audit", data=data)
    assert ran.returncode == 4
    assert "start one with `serai up`" in ran.stderr
    assert not data.exists()


def test_a_database_that_is_not_there_is_said_plainly_and_without_its_password(data: Path) -> None:
    dsn = f"postgresql://me:secret@/market?host={data}"
    ran = serai("audit", data=data, dsn=dsn)
    assert ran.returncode == 4
    assert "cannot be used" in ran.stderr
    assert "secret" not in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_older_schema_is_not_judged(server: str, data: Path) -> None:
    ran = serai("audit", data=data, dsn=server)
    assert ran.returncode == 4
    assert "run `serai migrate`" in ran.stderr
