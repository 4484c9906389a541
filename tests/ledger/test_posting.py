"""Journals: what moves, what is refused, and that a refusal moves nothing."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from serai import ledger
from serai.kernel import ids
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.ledger import Journal, Kind, Leg, Move, Posted, Reverse, Settle, Void

pytestmark = pytest.mark.money

MARKET = UUID(int=1)
ANA, BEN = UUID(int=2), UUID(int=3)
BANK = ledger.cash(MARKET, "sandbox", "CNY")
HERS = ledger.wallet(MARKET, ANA, "CNY")
HIS = ledger.wallet(MARKET, BEN, "CNY")


Counters = tuple[int, int, int, int]


def journal(tx: Tx, *legs: Leg, id: UUID | None = None) -> Journal:
    made = id or ids.new(tx.now)
    return Journal(id=made, market_id=MARKET, actor_id=ANA, code="test", subject_id=made, legs=legs)


async def one(tx: Tx, *legs: Leg) -> Posted | Refused:
    [outcome] = await ledger.transfer(tx, [journal(tx, *legs)])
    return outcome


async def fund(tx: Tx, amount: int = 10_000) -> None:
    assert isinstance(await one(tx, Move(BANK, HERS, amount)), Posted)


async def counters(tx: Tx, name: ledger.Name) -> Counters:
    account = (await ledger.accounts(tx, [name.id]))[name.id]
    return (
        account.debits_pending,
        account.debits_posted,
        account.credits_pending,
        account.credits_posted,
    )


async def held(tx: Tx, amount: int = 6_000) -> UUID:
    outcome = await one(tx, Move(HERS, HIS, amount, pending=True))
    assert isinstance(outcome, Posted)
    return outcome.transfer_ids[0]


async def sound(tx: Tx) -> None:
    for check in (ledger.balanced, ledger.replayed, ledger.covered, ledger.ended_once):
        proof = await check(tx)
        assert proof.holds, proof


async def test_money_that_arrives_is_owed_to_its_owner(tx: Tx) -> None:
    await fund(tx)
    assert await counters(tx, BANK) == (0, 10_000, 0, 0)
    assert await counters(tx, HERS) == (0, 0, 0, 10_000)
    await sound(tx)


async def test_what_is_held_cannot_be_spent(tx: Tx) -> None:
    await fund(tx)
    await held(tx)
    outcome = await one(tx, Move(HERS, HIS, 5_000))
    assert outcome == Refused("insufficient_funds", {"missing": 1_000, "currency": "CNY"})
    assert await counters(tx, HERS) == (6_000, 0, 0, 10_000)
    assert await counters(tx, HIS) == (0, 0, 6_000, 0)
    await sound(tx)


@pytest.mark.parametrize(
    ("end", "hers", "his"),
    [
        (Settle, (0, 6_000, 0, 10_000), (0, 0, 0, 6_000)),
        (partial(Settle, amount=2_500), (0, 2_500, 0, 10_000), (0, 0, 0, 2_500)),
        (Void, (0, 0, 0, 10_000), (0, 0, 0, 0)),
        (partial(Void, expired=True), (0, 0, 0, 10_000), (0, 0, 0, 0)),
    ],
    ids=["settled", "settled in part", "voided", "expired"],
)
async def test_a_pending_transfer_ends_once(
    tx: Tx, end: Callable[[UUID], Leg], hers: Counters, his: Counters
) -> None:
    await fund(tx)
    id = await held(tx)
    assert isinstance(await one(tx, end(id)), Posted)
    for again in (Settle(id), Void(id), Void(id, expired=True), Settle(id, 1)):
        outcome = await one(tx, again)
        assert isinstance(outcome, Refused)
        assert outcome.code.startswith("already_")
    assert await counters(tx, HERS) == hers
    assert await counters(tx, HIS) == his
    await sound(tx)


async def test_more_than_is_pending_cannot_be_settled(tx: Tx) -> None:
    await fund(tx)
    id = await held(tx)
    outcome = await one(tx, Settle(id, 6_001))
    assert outcome == Refused("exceeds_pending", {"pending": 6_000, "wanted": 6_001})
    assert await counters(tx, HIS) == (0, 0, 6_000, 0)


async def test_linked_legs_stand_or_fall_together(tx: Tx) -> None:
    await fund(tx)
    before = await counters(tx, HERS), await counters(tx, BANK)
    fees = ledger.house(MARKET, Kind.FEES, "CNY")
    outcome = await one(tx, Move(HERS, HIS, 9_000), Move(HIS, fees, 9_001))
    assert outcome == Refused("insufficient_funds", {"missing": 1, "currency": "CNY"})
    assert (await counters(tx, HERS), await counters(tx, BANK)) == before
    assert await counters(tx, HIS) == (0, 0, 0, 0)
    await sound(tx)


async def test_a_hold_can_be_made_smaller_in_one_journal(tx: Tx) -> None:
    await fund(tx, 6_000)
    id = await held(tx)
    outcome = await one(tx, Void(id), Move(HERS, HIS, 4_000, pending=True))
    assert isinstance(outcome, Posted)
    assert await counters(tx, HERS) == (4_000, 0, 0, 6_000)
    await sound(tx)


async def test_a_transfer_is_reversed_once(tx: Tx) -> None:
    await fund(tx)
    posted = await one(tx, Move(HERS, HIS, 3_000))
    assert isinstance(posted, Posted)
    [id] = posted.transfer_ids
    assert isinstance(await one(tx, Reverse(id)), Posted)
    assert await one(tx, Reverse(id)) == Refused("already_reversed")
    assert await counters(tx, HERS) == (0, 3_000, 0, 13_000)
    assert await counters(tx, HIS) == (0, 3_000, 0, 3_000)
    await sound(tx)


async def test_a_pending_transfer_is_not_reversed(tx: Tx) -> None:
    await fund(tx)
    assert await one(tx, Reverse(await held(tx))) == Refused("not_posted")


@pytest.mark.parametrize(
    ("leg", "code"),
    [
        (Move(HERS, HIS, 0), "amount_out_of_range"),
        (Move(HERS, HIS, -5), "amount_out_of_range"),
        (Move(HERS, HIS, 10**15 + 1), "amount_out_of_range"),
        (Move(HERS, HERS, 5), "same_account"),
        (Move(HERS, ledger.wallet(MARKET, BEN, "USD"), 5), "currency_mismatch"),
        (Move(HERS, ledger.wallet(UUID(int=9), BEN, "CNY"), 5), "other_market"),
        (Settle(UUID(int=77)), "transfer_unknown"),
        (Reverse(UUID(int=77)), "transfer_unknown"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_changes_nothing(
    tx: Tx, leg: Leg, code: str
) -> None:
    await fund(tx)
    outcome = await one(tx, leg)
    assert isinstance(outcome, Refused)
    assert outcome.code == code
    assert await counters(tx, HERS) == (0, 0, 0, 10_000)
    await sound(tx)


async def test_the_same_id_gets_the_same_answer(tx: Tx) -> None:
    await fund(tx)
    asked = journal(tx, Move(HERS, HIS, 4_000))
    first = await ledger.transfer(tx, [asked, asked])
    again = await ledger.transfer(tx, [asked])
    assert first == [again[0], again[0]]
    assert await counters(tx, HIS) == (0, 0, 0, 4_000)


async def test_a_refusal_stays_a_refusal_when_money_has_come(tx: Tx) -> None:
    asked = journal(tx, Move(HERS, HIS, 4_000))
    [before] = await ledger.transfer(tx, [asked])
    await fund(tx)
    [after] = await ledger.transfer(tx, [asked])
    assert isinstance(before, Refused)
    assert after == before
    assert await counters(tx, HIS) == (0, 0, 0, 0)


async def test_a_known_id_with_another_body_is_refused(tx: Tx) -> None:
    await fund(tx)
    asked = journal(tx, Move(HERS, HIS, 4_000))
    other = journal(tx, Move(HERS, HIS, 4_001), id=asked.id)
    outcomes = await ledger.transfer(tx, [asked, other])
    assert isinstance(outcomes[0], Posted)
    assert outcomes[1] == Refused("id_reused")
    assert await counters(tx, HIS) == (0, 0, 0, 4_000)


async def test_one_refusal_in_a_batch_leaves_the_others_alone(tx: Tx) -> None:
    await fund(tx)
    batch = [journal(tx, Move(HERS, HIS, amount)) for amount in (6_000, 5_000, 4_000)]
    outcomes = await ledger.transfer(tx, batch)
    assert [type(outcome) for outcome in outcomes] == [Posted, Refused, Posted]
    assert await counters(tx, HERS) == (0, 10_000, 0, 10_000)
    await sound(tx)


async def test_a_balance_is_known_for_any_past_moment(tx: Tx, clock: ManualClock) -> None:
    await fund(tx)
    moments = [tx.clock.now()]
    id = await _later(tx, clock, Move(HERS, HIS, 6_000, pending=True))
    moments.append(clock.now())
    await _later(tx, clock, Settle(id, 2_000))
    moments.append(clock.now())
    seen = [await ledger.balance_at(tx, HERS.id, moment) for moment in moments]
    assert [(b.debits_pending, b.debits_posted) for b in seen] == [(0, 0), (6_000, 0), (0, 2_000)]
    before = await ledger.balance_at(tx, HERS.id, moments[0] - timedelta(seconds=1))
    assert before == ledger.Balance(0, 0, 0, 0)


async def _later(tx: Tx, clock: ManualClock, leg: Leg) -> UUID:
    clock.advance(timedelta(hours=1))
    outcome = await one(tx, leg)
    assert isinstance(outcome, Posted)
    return outcome.transfer_ids[0]


async def test_a_statement_shows_each_line_with_the_balance_after_it(
    tx: Tx, clock: ManualClock
) -> None:
    await fund(tx)
    id = await _later(tx, clock, Move(HERS, HIS, 6_000, pending=True))
    await _later(tx, clock, Settle(id, 2_000))
    lines = await ledger.statement(tx, HERS.id)
    shown = [(line.amount, line.held, line.posted, line.available) for line in lines]
    assert shown == [
        (-2_000, -6_000, 8_000, 8_000),
        (0, 6_000, 10_000, 4_000),
        (10_000, 0, 10_000, 10_000),
    ]
    [first] = await ledger.statement(tx, HERS.id, limit=1)
    rest = await ledger.statement(tx, HERS.id, before=(first.at, first.id))
    assert rest == lines[1:]
