"""Wallets, banks and the market's books over HTTP."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from serai import payments
from serai.kernel import ids
from serai.kernel.clock import ManualClock
from tests import world as worlds
from tests.api.bazaar import Bazaar, Who, send

pytestmark = pytest.mark.money


async def say(bazaar: Bazaar, ask_id: str, word: payments.Word) -> None:
    """Let the bank say what became of an ask."""
    async with bazaar.database.tx() as tx:
        answer = payments.Answer(
            ids.new(tx.clock.now()), bazaar.world.market_id, UUID(ask_id), word, None, tx.now
        )
        worlds.good((await payments.hear(tx, [payments.hearing("sandbox", answer)]))[0])


async def test_money_comes_from_the_bank_goes_to_a_friend_and_to_the_bank_again(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    ben, kai = await bazaar.session(Who.OTHER_BUYER), await bazaar.session(Who.COURIER)
    clock = bazaar.database.clock
    assert isinstance(clock, ManualClock)
    before = clock.now()
    body = {"amount": 9_000, "currency": "USD", "account": "SANDBOX-OK"}
    asked = await send(stall, "POST", "/top-ups", ben, body)
    assert asked.status_code == 202, asked.text
    path = f"/api/v1/top-ups/{asked.json()['id']}"
    life = (await stall.get(path, headers=ben)).json()
    assert [one["state"] for one in life["steps"]] == ["requested"]
    clock.advance(timedelta(seconds=1))
    await say(bazaar, asked.json()["id"], payments.Word.PAID)
    life = (await stall.get(path, headers=ben)).json()
    assert [one["state"] for one in life["steps"]] == ["requested", "asked", "paid"]
    assert (await stall.get(path, headers=kai)).status_code == 404
    body = {"to_id": str(bazaar.world.kai), "amount": 2_500, "currency": "USD", "note": "lunch"}
    clock.advance(timedelta(seconds=1))
    assert (await send(stall, "POST", "/transfers", ben, body)).status_code == 201
    body = {"amount": 500, "currency": "USD", "account": "A-1", "holder": "Ben"}
    clock.advance(timedelta(seconds=1))
    sent = await send(stall, "POST", "/payouts", ben, body)
    assert sent.status_code == 202, sent.text
    wallets = (await stall.get("/api/v1/wallets", headers=ben)).json()
    assert {one["currency"]: one["available"] for one in wallets}["USD"] == 6_000
    page = await stall.get("/api/v1/wallets/USD/statement?limit=2", headers=ben)
    rest = await stall.get(page.links["next"]["url"], headers=ben)
    lines = page.json()["items"] + rest.json()["items"]
    assert [(one["code"], one["amount"], one["posted"]) for one in lines] == [
        ("payout.requested", -500, 6_000),
        ("wallet.transfer", -2_500, 6_500),
        ("topup.paid", 9_000, 9_000),
    ]
    past = await stall.get(
        "/api/v1/wallets/USD", params={"at": (before + timedelta(seconds=1)).isoformat()},
        headers=ben,
    )  # fmt: skip
    assert past.json()["posted"] == 9_000
    life = await stall.get(f"/api/v1/payouts/{sent.json()['id']}", headers=ben)
    assert life.json()["payout"]["state"] == "pending"
    assert (await stall.get(f"/api/v1/payouts/{sent.json()['id']}", headers=kai)).status_code == 404
    mine = (await stall.get("/api/v1/payouts", headers=kai)).json()
    assert mine["items"] == []


async def test_too_little_money_says_how_much_is_missing(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    body = {"to_id": str(bazaar.world.ana), "amount": 100, "currency": "JPY"}
    answer = await send(stall, "POST", "/transfers", await bazaar.session(Who.COURIER), body)
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_funds")
    assert answer.json()["facts"] == {"missing": 100, "currency": "JPY"}
    assert "100" in answer.json()["detail"]


async def test_an_operator_assigns_what_is_in_suspense_once(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    async with bazaar.database.tx() as tx:
        line = payments.BankLine(
            ids.new(tx.clock.now()), bazaar.world.market_id, "sandbox", "who?", "GBP", 700, tx.now
        )
        await payments.reconcile(tx, [line])
    operator = await bazaar.session(Who.OPERATOR)
    waiting = (await stall.get("/api/v1/suspense?limit=100", headers=operator)).json()["items"]
    assert {one["line_id"]: one["amount"] for one in waiting}[str(line.id)] == 700
    path = f"/suspense/{line.id}/resolution"
    body = {
        "assignment": {"to": "wallet", "member_id": str(bazaar.world.omar)},
        "reason": "he showed the slip",
    }
    done = await send(stall, "POST", path, operator, body)
    assert (done.status_code, done.json()["resolved_as"]) == (201, "wallet")
    again = await send(stall, "POST", path, operator, body)
    assert (again.status_code, again.json()["code"]) == (409, "already_resolved")
    headers = await bazaar.session(Who.OTHER_SELLER)
    wallets = (await stall.get("/api/v1/wallets", headers=headers)).json()
    assert {one["currency"]: one["available"] for one in wallets}["GBP"] == 700
    wrong = {"assignment": {"to": "nowhere"}, "reason": "no"}
    answer = await send(stall, "POST", path, operator, wrong)
    assert [one["field"] for one in answer.json()["errors"]] == ["/assignment/to"]


async def test_the_books_are_open_to_operators_alone(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    operator, buyer = await bazaar.session(Who.OPERATOR), await bazaar.session(Who.BUYER)
    for path in ("/accounts", "/audit", "/suspense", "/journal.beancount"):
        refused = await stall.get(f"/api/v1{path}", headers=buyer)
        assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")
        assert (await stall.get(f"/api/v1{path}", headers=operator)).status_code == 200
    audit = (await stall.get("/api/v1/audit", headers=operator)).json()
    assert [one["number"] for one in audit["promises"]] == list(range(1, 12))
    assert audit["holds"], [one for one in audit["promises"] if not one["holds"]]
    journal = await stall.get(
        "/api/v1/journal.beancount", headers=operator | {"Accept": "text/plain"}
    )
    assert journal.headers["content-type"].startswith("text/plain")
    assert journal.text.startswith('option "title"')
    accounts = (await stall.get("/api/v1/accounts", headers=operator)).json()
    assert "cash" in {one["kind"] for one in accounts}
