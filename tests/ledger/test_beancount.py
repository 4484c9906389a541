"""The journal as Beancount text, judged by a program that is not ours."""

import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from serai import ledger
from serai.kernel import ids
from serai.kernel.tx import Tx
from serai.ledger import Journal, Kind, Leg, Move, Reverse, Settle, Void, pending_id

pytestmark = pytest.mark.money

MARKET = UUID(int=1)


async def post(tx: Tx, *legs: Leg) -> UUID:
    id = ids.new(tx.now)
    made = Journal(id=id, market_id=MARKET, actor_id=MARKET, code="test", subject_id=id, legs=legs)
    assert isinstance((await ledger.transfer(tx, [made]))[0], ledger.Posted)
    return id


async def a_busy_day(tx: Tx, currency: str) -> None:
    """Move money in every way there is."""
    bank = ledger.cash(MARKET, "sandbox", currency)
    hers = ledger.wallet(MARKET, UUID(int=2), currency)
    his = ledger.wallet(MARKET, UUID(int=3), currency)
    fees = ledger.house(MARKET, Kind.FEES, currency)
    await post(tx, Move(bank, hers, 1_000_001))
    whole = await post(tx, Move(hers, his, 5_003, pending=True))
    await post(tx, Settle(pending_id(whole)), Move(his, fees, 3))
    part = await post(tx, Move(hers, his, 700, pending=True))
    await post(tx, Settle(pending_id(part), 299))
    gone = await post(tx, Move(hers, his, 800, pending=True))
    await post(tx, Void(pending_id(gone)))
    await post(tx, Move(hers, his, 90, pending=True))
    sent = await post(tx, Move(his, ledger.house(MARKET, Kind.IN_TRANSIT, currency), 1_000))
    await post(tx, Reverse(pending_id(sent)))
    await post(tx, Move(bank, ledger.house(MARKET, Kind.SUSPENSE, currency), 77))


def check(text: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "journal.beancount"
    file.write_text(text)
    command = [str(Path(sys.executable).parent / "bean-check"), str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def written(tx: Tx) -> str:
    return "".join([piece async for piece in ledger.beancount(tx, MARKET)])


async def test_bean_check_finds_nothing_wrong_with_our_books(tx: Tx, tmp_path: Path) -> None:
    for currency in ("CNY", "JPY", "KWD"):
        await a_busy_day(tx, currency)
    text = await written(tx)
    assert text.count(" balance ") == 36
    done = check(text, tmp_path)
    assert done.returncode == 0, done.stderr


async def test_bean_check_finds_a_counter_that_is_off_by_one(tx: Tx, tmp_path: Path) -> None:
    await a_busy_day(tx, "CNY")
    await tx.execute(
        "update ledger_account set credits_posted = credits_posted + 1 where kind = 'fees'"
    )
    done = check(await written(tx), tmp_path)
    assert done.returncode != 0
    assert "Balance failed" in done.stderr
