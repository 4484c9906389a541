"""Answers: whatever a bank says, how often and in which order, each thing ends once."""

from itertools import product

import pytest

from serai import payments
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.ledger import Kind
from serai.payments import Answer, Heard, Word
from tests.payments.street import (
    PAYOUT_LIVES,
    available,
    found,
    fund,
    good,
    house,
    join,
    say,
    sound,
    told,
    topping_up,
    withdrawal,
)

pytestmark = pytest.mark.money

WORDS = [list(words) for n in (1, 2, 3) for words in product(Word, repeat=n)]


def payout_after(words: list[Word]) -> str:
    """Say what became of a payout, in words of this test: the first word decides."""
    first = words[0]
    if first is Word.FAILED:
        return "failed"
    return "returned" if Word.RETURNED in words else "paid"


async def test_whatever_the_order_of_answers_a_payout_ends_once(tx: Tx) -> None:
    market = await found(tx)
    for words in WORDS:
        ana = await join(tx, market, "Ana")
        await fund(tx, market, ana, 1_000)
        cash = await house(tx, market, Kind.CASH)
        [out] = await payments.withdraw(tx, [withdrawal(tx, market, ana, 300)])
        payout_id = good(out).id

        outcomes = [await say(tx, market, payout_id, word) for word in words]

        life = await payments.payout(tx, payout_id)
        assert life is not None
        end = payout_after(words)
        assert life.payout.state == end, words
        assert [step.state for step in life.steps] == PAYOUT_LIVES[end], words
        assert await available(tx, ana) == (700 if end == "paid" else 1_000), words
        assert await house(tx, market, Kind.CASH) - cash == (-300 if end == "paid" else 0), words
        assert await told(tx, payout_id) == [f"payout.{s}" for s in PAYOUT_LIVES[end][1:]], words
        refused = [outcome.code for outcome in outcomes if isinstance(outcome, Refused)]
        assert set(refused) <= {f"already_{word}" for word in Word}, words
    assert await house(tx, market, Kind.IN_TRANSIT) == 0
    await sound(tx)


async def test_whatever_the_order_of_answers_a_top_up_ends_once(tx: Tx) -> None:
    market = await found(tx)
    for words in WORDS:
        ana = await join(tx, market, "Ana")
        [asked] = await payments.top_up(tx, [topping_up(tx, market, ana, 300)])
        topup_id = good(asked).id

        outcomes = [await say(tx, market, topup_id, word) for word in words]

        told_words = [word for word in words if word is not Word.RETURNED]
        end = str(told_words[0]) if told_words else "requested"
        life = await payments.topup(tx, topup_id)
        assert life is not None
        assert life.deposit.state == end, words
        assert await available(tx, ana) == (300 if end == "paid" else 0), words
        assert await told(tx, topup_id) == ([f"topup.{end}"] if told_words else []), words
        refused = [one.code for one in outcomes if isinstance(one, Refused)]
        assert refused.count("answer_unfit") == words.count(Word.RETURNED)
    await sound(tx)


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (Word.PAID, Word.FAILED, "already_paid"),
        (Word.FAILED, Word.PAID, "already_failed"),
        (Word.FAILED, Word.RETURNED, "already_failed"),
        (Word.RETURNED, Word.FAILED, "already_returned"),
    ],
)
async def test_what_is_settled_is_not_unsettled(
    tx: Tx, first: Word, second: Word, code: str
) -> None:
    market = await found(tx)
    ana = await join(tx, market, "Ana")
    await fund(tx, market, ana, 1_000)
    [out] = await payments.withdraw(tx, [withdrawal(tx, market, ana, 300)])
    payout_id = good(out).id
    await say(tx, market, payout_id, first)
    before = await tx.value("select count(*) from ledger_transfer")
    late = ids.new(tx.now)

    outcomes = [await say(tx, market, payout_id, second, id=late) for _ in range(2)]

    refused = Refused(code, {"state": str(first), "word": str(second)})
    assert outcomes == [refused, refused]
    assert await tx.value("select count(*) from ledger_transfer") == before
    kept = await tx.value("select count(*) from kernel_command where outcome->>'code' = $1", code)
    assert kept == 1


async def test_nobody_else_may_speak_of_an_ask(tx: Tx) -> None:
    market, elsewhere = await found(tx), await found(tx, "elsewhere")
    ana = await join(tx, market, "Ana")
    [asked] = await payments.top_up(tx, [topping_up(tx, market, ana, 300)])
    topup_id = good(asked).id
    other_bank = Answer(ids.new(tx.now), market, topup_id, Word.PAID, None, tx.now)

    outcomes = [
        await say(tx, market, ids.new(tx.now), Word.PAID),
        await say(tx, elsewhere, topup_id, Word.PAID),
        *await payments.hear(tx, [payments.hearing("another-bank", other_bank)]),
    ]

    assert [one.code for one in outcomes if isinstance(one, Refused)] == ["ask_unknown"] * 3
    assert await available(tx, ana) == 0
    assert await tx.value("select count(*) from ledger_transfer") == 0


async def test_an_answers_id_says_one_thing(tx: Tx) -> None:
    market = await found(tx)
    ana = await join(tx, market, "Ana")
    [asked] = await payments.top_up(tx, [topping_up(tx, market, ana, 300)])
    topup_id, answer_id = good(asked).id, ids.new(tx.now)

    first = await say(tx, market, topup_id, Word.PAID, id=answer_id)
    again = await say(tx, market, topup_id, Word.PAID, id=answer_id)
    other = await say(tx, market, topup_id, Word.FAILED, id=answer_id)

    assert first == again == Heard(topup_id, "paid", changed=True)
    assert other == Refused("id_reused")
    assert await available(tx, ana) == 300


async def test_a_reason_from_outside_is_made_readable(tx: Tx) -> None:
    market = await found(tx)
    ana = await join(tx, market, "Ana")
    [asked] = await payments.top_up(tx, [topping_up(tx, market, ana, 300)])
    wild = Answer(
        ids.new(tx.now), market, good(asked).id, Word.FAILED, "no\x00 \u202ewhy" + "!" * 900, tx.now
    )

    [outcome] = await payments.hear(tx, [payments.hearing("sandbox", wild)])

    assert isinstance(outcome, Heard)
    life = await payments.topup(tx, good(asked).id)
    assert life is not None
    assert life.deposit.reason is not None
    assert life.deposit.reason.startswith("no   why!")
    assert len(life.deposit.reason) == 500
