"""Bank statements: each line has its place, once, and every difference has a person to ask."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from serai import payments
from serai.kernel import ids
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.tx import Database, Tx
from serai.ledger import Kind
from serai.payments import Heard, Matched, Suspended, Word
from tests.payments.books import Books, opened
from tests.payments.street import Street, found

pytestmark = pytest.mark.money


@pytest.fixture
async def books(tx: Tx) -> Books:
    return await opened(tx)


# ── Top-ups ──────────────────────────────────────────────────────────────────


async def test_a_line_after_the_answer_is_matched(books: Books) -> None:
    topup_id = await books.asked()
    await books.say(topup_id, Word.PAID)

    outcome = await books.booked(1_000, topup_id)

    assert isinstance(outcome, Matched)
    assert outcome.subject_id == topup_id
    assert await books.suspended() == []
    assert await books.cash() == books.bank_has == await books.hers() == 1_000


async def test_a_line_before_the_answer_is_the_banks_word(books: Books) -> None:
    topup_id = await books.asked()

    assert isinstance(await books.booked(1_000, f" {str(topup_id).upper()} "), Matched)

    assert await books.hers() == 1_000
    assert await books.say(topup_id, Word.PAID) == Heard(topup_id, "paid", changed=False)
    assert await books.cash() == books.bank_has == await books.hers() == 1_000


async def test_a_line_read_twice_is_read_once(books: Books) -> None:
    topup_id = await books.asked()
    line, stray = books.line(1_000, topup_id), books.line(7, "a stray")
    first = await books.read(line, stray)
    books.bank_has -= 1_007

    again = await books.read(line, line, stray)

    assert [*first[:1], *first] == again
    assert await books.hers() == 1_000
    assert await books.suspended() == [7]
    books.bank_has -= 2_007
    assert await books.read(replace(line, amount=1_001)) == [Refused("id_reused")]
    assert await books.hers() == 1_000


async def test_the_same_line_twice_at_once_is_one(books: Books) -> None:
    line = books.line(1_000, await books.asked())
    first, second = await books.read(line, line)
    assert isinstance(first, Matched)
    assert first == second
    assert await books.cash() == 1_000


async def test_more_than_was_asked_is_credited_as_asked(books: Books) -> None:
    topup_id = await books.asked()
    outcome = await books.booked(1_250, topup_id)
    assert isinstance(outcome, Suspended)
    assert (outcome.subject_id, outcome.amount) == (topup_id, 250)
    assert await books.state(topup_id) == "paid"
    assert await books.hers() == 1_000
    assert await books.cash() == books.bank_has == 1_250


async def test_a_cent_with_the_right_reference_is_not_the_whole(books: Books) -> None:
    topup_id = await books.asked()

    outcome = await books.booked(1, topup_id)

    assert isinstance(outcome, Suspended)
    assert outcome.amount == 1
    assert await books.state(topup_id) == "failed"
    refused = await books.say(topup_id, Word.PAID)
    assert isinstance(refused, Refused)
    assert refused.code == "already_failed"
    assert isinstance(await books.booked(999, topup_id), Suspended)
    assert await books.hers() == 0
    assert await books.suspended() == [1, 999]
    assert await books.cash() == books.bank_has == 1_000


@pytest.mark.parametrize(("amount", "difference"), [(900, -100), (1_100, 100)])
async def test_what_the_statement_says_against_the_answer_is_in_suspense(
    books: Books, amount: int, difference: int
) -> None:
    topup_id = await books.asked()
    await books.say(topup_id, Word.PAID)

    assert isinstance(await books.booked(amount, topup_id), Suspended)

    assert await books.suspended() == [difference]
    assert await books.hers() == 1_000
    assert await books.cash() == books.bank_has == amount


async def test_money_that_comes_after_a_failure_or_twice_is_in_suspense(books: Books) -> None:
    failed, paid = await books.asked(), await books.asked(50)
    await books.say(failed, Word.FAILED)
    outcomes = await books.read(
        books.line(1_000, failed), books.line(50, paid), books.line(50, paid)
    )
    assert [type(one) for one in outcomes] == [Suspended, Matched, Suspended]
    assert await books.suspended() == [1_000, 50]
    assert await books.hers() == 50
    assert await books.cash() == books.bank_has


async def test_a_line_the_other_way_is_not_a_top_up(books: Books) -> None:
    topup_id = await books.asked()
    assert isinstance(await books.booked(-1_000, topup_id), Suspended)
    assert await books.state(topup_id) == "requested"
    assert isinstance(await books.booked(1_000, topup_id), Matched)
    assert await books.suspended() == [-1_000]
    assert await books.cash() == books.bank_has == 0


# ── Payouts ──────────────────────────────────────────────────────────────────


async def test_a_payouts_line_confirms_it_and_its_return(books: Books) -> None:
    payout_id = await books.sent()
    assert isinstance(await books.booked(-1_000, payout_id), Matched)
    assert await books.state(payout_id) == "paid"
    assert await books.hers() == 0

    assert isinstance(await books.booked(1_000, payout_id), Matched)

    assert await books.state(payout_id) == "returned"
    assert await books.hers() == 1_000
    assert await books.say(payout_id, Word.RETURNED) == Heard(payout_id, "returned", changed=False)
    assert await books.cash() == books.bank_has == 1_000
    assert await books.suspended() == []


async def test_a_returned_payout_whose_lines_come_late_leaves_nothing_over(books: Books) -> None:
    payout_id = await books.sent()
    await books.say(payout_id, Word.RETURNED)

    outcomes = await books.read(books.line(-1_000, payout_id), books.line(1_000, payout_id))

    assert [type(one) for one in outcomes] == [Matched, Matched]
    assert await books.cash() == books.bank_has == 1_000


async def test_a_return_on_the_statement_before_its_payout(books: Books) -> None:
    payout_id = await books.in_transit()
    outcomes = await books.read(books.line(1_000, payout_id), books.line(-1_000, payout_id))
    assert [type(one) for one in outcomes] == [Matched, Matched]
    assert await books.state(payout_id) == "returned"
    assert await books.hers() == 1_000
    assert await books.cash() == books.bank_has == 1_000


async def test_what_was_not_sent_cannot_come_back(books: Books) -> None:
    payout_id = await books.sent()
    assert isinstance(await books.booked(1_000, payout_id), Suspended)
    assert await books.state(payout_id) == "pending"
    assert await books.hers() == 0
    assert await books.cash() == books.bank_has == 2_000


@pytest.mark.parametrize(("amount", "difference"), [(-600, 400), (-1_001, -1)])
@pytest.mark.parametrize("answer", [Word.PAID, None])
async def test_a_payout_that_the_bank_booked_otherwise(
    books: Books, amount: int, difference: int, answer: Word | None
) -> None:
    payout_id = await books.sent()
    if answer:
        await books.say(payout_id, answer)

    outcome = await books.booked(amount, payout_id)

    assert isinstance(outcome, Suspended)
    assert outcome.amount == difference
    assert await books.state(payout_id) == "paid"
    assert await books.hers() == 0
    assert await books.cash() == books.bank_has == 1_000 + amount


async def test_a_return_of_a_part_gives_the_wallet_nothing(books: Books) -> None:
    payout_id = await books.sent()
    await books.say(payout_id, Word.PAID)
    await books.booked(-1_000, payout_id)

    assert isinstance(await books.booked(999, payout_id), Suspended)

    assert await books.state(payout_id) == "paid"
    assert await books.hers() == 0
    assert await books.suspended() == [999]


async def test_a_payout_that_failed_and_left_all_the_same(books: Books) -> None:
    payout_id = await books.sent()
    await books.say(payout_id, Word.FAILED)
    assert isinstance(await books.booked(-1_000, payout_id), Suspended)
    assert await books.suspended() == [-1_000]
    assert await books.hers() == 1_000
    assert await books.cash() == books.bank_has == 0


# ── Lines of nobody ──────────────────────────────────────────────────────────


async def test_lines_that_match_nothing_are_whole_in_suspense(books: Books) -> None:
    topup_id = await books.asked()
    elsewhere = await found(books.tx, "elsewhere")
    lines = [
        books.line(5, "thank you\x00"),
        books.line(-6, ""),
        books.line(7, ids.new(books.tx.now)),
        books.line(1_000, topup_id, currency="EUR"),
        replace(books.line(1_000, topup_id), market_id=elsewhere),
        replace(books.line(1_000, topup_id), provider="another-bank"),
        books.line(9, "x" * 5_000),
    ]

    outcomes = await books.read(*lines)

    assert outcomes == [Suspended(line.id, None, line.amount) for line in lines]
    assert await books.read(*lines) == outcomes
    assert await books.state(topup_id) == "requested"
    assert await books.hers() == 0
    assert len(await payments.suspense(books.tx, elsewhere)) == 1


@pytest.mark.parametrize("amount", [0, AMOUNT_MAX + 1, -AMOUNT_MAX - 1])
async def test_an_amount_that_no_account_can_bear_is_refused(books: Books, amount: int) -> None:
    bad, fine = books.line(amount, "too much"), books.line(3, "fine")
    outcomes = await books.read(bad, fine)
    assert outcomes == [
        Refused("amount_out_of_range", {"most": AMOUNT_MAX}),
        Suspended(fine.id, None, 3),
    ]


async def test_what_is_in_suspense_has_an_age(books: Books, clock: ManualClock) -> None:
    for amount in (1, 2, 3):
        await books.stray(amount)
        clock.advance(timedelta(hours=1))
        books.tx.now = clock.now()

    page = await payments.suspense(books.tx, books.market, limit=2)
    assert [(one.amount, one.age_s) for one in page] == [(1, 3 * 3600), (2, 2 * 3600)]
    last = page[-1]
    rest = await payments.suspense(books.tx, books.market, after=(last.booked_at, last.line_id))
    assert [(one.amount, one.age_s) for one in rest] == [(3, 3600)]


# ── Through the worker ──────────────────────────────────────────────────────────


async def test_a_stray_line_at_the_bank_reaches_suspense(
    database: Database, clock: ManualClock
) -> None:
    street = await Street(database, clock).open()
    topup_id = await street.funded(1_000)
    await street.bank.stray(street.market, 35, "CNY", "for Ana?")
    await street.bank.stray(street.market, 1_000, "CNY", str(topup_id))
    await street.work(timedelta(hours=1))

    assert [(one.amount, one.subject_id) for one in await street.suspense()] == [
        (35, None),
        (1_000, topup_id),
    ]
    assert await street.listen() == 0
    assert await street.hers() == 1_000
    assert await street.house(Kind.CASH) == 2_035


async def test_a_line_that_cannot_be_read_stays_with_the_bank(
    database: Database, clock: ManualClock
) -> None:
    street = await Street(database, clock).open()
    await street.bank.stray(street.market, AMOUNT_MAX + 1, "CNY", "all the money there is")
    await street.bank.stray(street.market, 35, "CNY", "for Ana?")

    assert await street.listen() == 1

    assert [line.amount for line in await street.bank.lines(10)] == [AMOUNT_MAX + 1]
    assert [one.amount for one in await street.suspense()] == [35]
    assert await street.listen() == 0
    await street.sound()
