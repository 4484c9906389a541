"""`serai trade`: strangers trade, and every cent and cup is accounted for."""

import json
from pathlib import Path
from typing import Any

import pytest

from serai.kernel.postgres import serve
from tests.cli.conftest import Told
from tests.cli.running import serai, up
from tests.kernel.servers import answers, ask

pytestmark = pytest.mark.money

STEPS = [
    ("sign up", "buyer"),
    ("sign up", "seller"),
    ("sign up", "courier"),
    ("open a shop", "seller"),
    ("list", "seller"),
    ("top up", "buyer"),
    ("order", "buyer"),
    ("ship", "seller"),
    ("scan", "courier"),
    ("scan", "courier"),
    ("confirm receipt", "buyer"),
    ("pay out", "seller"),
]


def _moved(trade: dict[str, Any], name: str) -> list[tuple[str, str, int, str]]:
    [step] = [step for step in trade["steps"] if step["name"] == name]
    return [(row["debit"], row["credit"], row["amount"], row["phase"]) for row in step["transfers"]]


def test_it_tells_who_did_what_and_what_the_ledger_noted(told: Told) -> None:
    trade = told.trade
    assert [(step["name"], step["actor"]) for step in trade["steps"]] == STEPS
    assert set(trade) == {"steps", "balance_sheet", "audit"}
    assert {"name", "actor", "at", "ids", "transfers"} <= set(trade["steps"][0])
    buyer, seller, cash = "buyer's wallet", "seller's wallet", "cash at sandbox"
    assert _moved(trade, "top up") == [(cash, buyer, 5000, "posted")]
    assert _moved(trade, "order") == [(buyer, seller, 4300, "pending")]
    assert _moved(trade, "ship") == []
    assert _moved(trade, "confirm receipt") == [(buyer, seller, 4300, "settled")]
    assert _moved(trade, "pay out") == [
        (seller, "in transit", 4300, "posted"),
        ("in transit", cash, 4300, "posted"),
    ]


def test_its_balance_sheet_comes_to_nothing(told: Told) -> None:
    sheet = told.trade["balance_sheet"]
    assert sheet["balances"] is True
    assert (sheet["posted"], sheet["pending"]) == (0, 0)
    balances = {
        one["account"]: one["debits_posted"] - one["credits_posted"] for one in sheet["accounts"]
    }
    assert balances == {
        "buyer's wallet": -700,
        "seller's wallet": 0,
        "cash at sandbox": 700,
        "in transit": 0,
    }
    assert all(one["debits_pending"] == 0 for one in sheet["accounts"])


def test_the_audit_holds_and_has_looked_at_something(told: Told) -> None:
    audit = told.trade["audit"]
    assert audit["holds"] is True
    assert [promise["number"] for promise in audit["promises"]] == list(range(1, 12))
    assert all(promise["breaches"] == [] for promise in audit["promises"])
    # No case was opened, so there is nothing to look at for the fifth.
    assert {one["number"] for one in audit["promises"] if not one["checked"]} <= {5}


def test_it_leaves_no_server_behind(traded: Path) -> None:
    with serve(traded) as dsn:
        assert ask(dsn, "select state from trade_order") == "completed"
    assert not answers(dsn)


def test_again_on_the_same_market_it_has_new_people_and_old_ones_stand_apart(
    told: Told, traded: Path
) -> None:
    ran = serai("trade", "--json", data=traded)
    assert ran.returncode == 0, ran.stderr
    again = json.loads(ran.stdout)
    for before, after in zip(told.trade["steps"], again["steps"], strict=True):
        assert not set(before["ids"].values()) & set(after["ids"].values())
    accounts = {one["account"] for one in again["balance_sheet"]["accounts"]}
    assert "2 other wallets" in accounts
    assert again["balance_sheet"]["balances"] is True


def test_people_read_steps_rows_a_balance_sheet_and_the_audit(traded: Path) -> None:
    ran = serai("trade", data=traded)
    assert ran.returncode == 0, ran.stderr
    for said in ("Mila Jansen joins", "43.00 USD  pending", "43.00 USD  settled", "together"):
        assert said in ran.stdout
    assert "Every promise holds." in ran.stdout
    assert ran.stderr == ""


def test_it_comes_to_a_market_that_is_open(traded: Path) -> None:
    with up(traded) as market:
        ran = serai("trade", "--json", "--url", market.url, data=traded)
        assert ran.returncode == 0, ran.stderr
        trade = json.loads(ran.stdout)
        assert trade["audit"]["holds"] is True
        assert _moved(trade, "confirm receipt") != []
        assert "/api/v1/orders" in market.said


def test_a_market_that_is_elsewhere_or_nowhere_is_not_traded_at(traded: Path) -> None:
    nowhere = serai("trade", "--url", "http://127.0.0.1:1", data=traded)
    assert nowhere.returncode == 4
    assert "does not answer" in nowhere.stderr
    assert "Traceback" not in nowhere.stderr


def test_where_the_books_are_broken_it_says_so_and_fails(traded: Path) -> None:
    with serve(traded) as dsn:
        ask(
            dsn, "update ledger_account set credits_posted = credits_posted + 1 where kind = 'cash'"
        )
        ran = serai("trade", "--json", data=traded)
    assert ran.returncode == 1, ran.stderr
    trade = json.loads(ran.stdout)
    assert trade["audit"]["holds"] is False
    assert trade["balance_sheet"]["balances"] is False
