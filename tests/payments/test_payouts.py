"""Payouts and top-ups: their whole lives, told by a bank that is slow, silent or says it twice."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from serai import payments
from serai.kernel.clock import ManualClock
from serai.kernel.tx import Database, Tx
from serai.ledger import Kind
from serai.payments import Answer, Ask, BankLine
from tests.payments.street import PAYOUT_LIVES, Street, found, fund, good, join, withdrawal

pytestmark = pytest.mark.money

DAY = timedelta(days=1)


@pytest.fixture
async def street(database: Database, clock: ManualClock) -> Street:
    return await Street(database, clock).open()


class KilledError(Exception):
    """The worker's process ends here."""


class Line:
    """A line to the bank that breaks at one call, after the bank has carried it out."""

    name = "sandbox"

    def __init__(self, street: Street, breaks: str) -> None:
        self._bank = street.bank
        self._breaks = breaks

    def _cut(self, call: str) -> None:
        if call == self._breaks:
            raise KilledError(call)

    async def ask_deposit(self, ask: Ask) -> None:
        await self._bank.ask_deposit(ask)
        self._cut("ask_deposit")

    async def send_payout(self, ask: Ask) -> None:
        await self._bank.send_payout(ask)
        self._cut("send_payout")

    async def answers(self, limit: int) -> list[Answer]:
        return await self._bank.answers(limit)

    async def acknowledge(self, answers: Sequence[Answer]) -> None:
        self._cut("acknowledge")
        await self._bank.acknowledge(answers)

    async def look_up(self, ask_id: UUID) -> Answer | None:
        self._cut("look_up")
        return await self._bank.look_up(ask_id)

    async def lines(self, limit: int) -> list[BankLine]:
        return await self._bank.lines(limit)

    async def acknowledge_lines(self, lines: Sequence[BankLine]) -> None:
        self._cut("acknowledge_lines")
        await self._bank.acknowledge_lines(lines)


async def test_money_comes_in_and_goes_out(street: Street) -> None:
    topup_id = await street.funded()
    assert await street.steps(topup_id) == ["requested", "asked", "paid"]
    assert await street.told(topup_id) == ["topup.paid"]

    payout_id = await street.withdraw(4_000)
    await street.work()

    assert await street.steps(payout_id) == PAYOUT_LIVES["paid"]
    assert await street.told(payout_id) == ["payout.in_transit", "payout.paid"]
    assert await street.hers() == 6_000
    assert await street.house(Kind.CASH) == 6_000
    assert await street.house(Kind.IN_TRANSIT) == 0
    assert await street.suspense() == []
    assert await street.count("kernel_timer") == 0


async def test_what_is_sent_is_in_transit_until_the_bank_speaks(street: Street) -> None:
    await street.funded()
    payout_id = await street.withdraw(4_000)

    assert await street.fire() == 1

    assert await street.state(payout_id) == "in_transit"
    assert await street.house(Kind.IN_TRANSIT) == 4_000
    assert await street.house(Kind.CASH) == 10_000
    await street.sound()


async def test_a_top_up_that_fails_gives_nothing(street: Street) -> None:
    topup_id = await street.top_up(account="SANDBOX-FAIL")
    await street.work()

    async with street.database.tx() as tx:
        life = await payments.topup(tx, topup_id)
    assert life is not None
    assert life.deposit.reason == "the account refuses this payment (sandbox)"
    assert [step.state for step in life.steps] == ["requested", "asked", "failed"]
    assert await street.told(topup_id) == ["topup.failed"]
    assert await street.hers() == 0
    assert await street.count("ledger_transfer") == 0


async def test_a_payout_that_fails_comes_back(street: Street) -> None:
    await street.funded()
    payout_id = await street.withdraw(4_000, "SANDBOX-FAIL")
    await street.work()

    assert await street.steps(payout_id) == PAYOUT_LIVES["failed"]
    assert await street.told(payout_id) == ["payout.in_transit", "payout.failed"]
    assert await street.hers() == 10_000
    assert await street.house(Kind.CASH) == 10_000


async def test_a_payout_that_is_returned_comes_back_two_days_later(street: Street) -> None:
    await street.funded()
    payout_id = await street.withdraw(4_000, "SANDBOX-RETURN")
    await street.work()
    assert await street.state(payout_id) == "paid"

    await street.work(2 * DAY)

    assert await street.steps(payout_id) == PAYOUT_LIVES["returned"]
    assert await street.hers() == 10_000
    assert await street.house(Kind.CASH) == 10_000
    assert await street.suspense() == []


async def test_an_answer_told_twice_does_nothing_twice(street: Street) -> None:
    topup_id = await street.top_up(account="SANDBOX-TWICE")
    assert await street.fire() == 1
    assert [await street.listen(), await street.listen(), await street.listen()] == [2, 1, 0]

    assert await street.hers() == 10_000
    assert await street.told(topup_id) == ["topup.paid"]
    payout_id = await street.withdraw(4_000, "SANDBOX-TWICE")
    await street.work()
    assert await street.told(payout_id) == ["payout.in_transit", "payout.paid"]
    assert await street.house(Kind.CASH) == 6_000


async def test_a_late_bank_is_waited_for(street: Street) -> None:
    topup_id = await street.top_up(account="SANDBOX-LATE")
    await street.work()
    await street.work(timedelta(hours=24))
    assert await street.state(topup_id) == "asked"
    assert await street.hers() == 0

    await street.work(timedelta(hours=12))

    assert await street.state(topup_id) == "paid"
    assert await street.hers() == 10_000
    assert await street.silent() == []
    assert await street.count("kernel_timer") == 0


async def test_of_a_silent_bank_nothing_is_assumed(street: Street) -> None:
    await street.funded()
    payout_id = await street.withdraw(4_000, "SANDBOX-SILENT")
    topup_id = await street.top_up(500, "SANDBOX-SILENT")
    await street.work()
    for _ in range(3):
        await street.work(DAY)
    assert await street.silent() == []

    await street.work(timedelta(seconds=1))

    silent = await street.silent()
    assert {(one.kind, one.id, one.state, one.amount) for one in silent} == {
        ("payout", payout_id, "in_transit", 4_000),
        ("topup", topup_id, "asked", 500),
    }
    assert await street.hers() == 6_000
    assert await street.house(Kind.IN_TRANSIT) == 4_000

    await street.work(DAY)  # the statement speaks
    assert await street.silent() == []
    assert await street.state(payout_id) == "paid"
    assert await street.state(topup_id) == "paid"
    assert await street.hers() == 6_500
    assert await street.suspense() == []
    assert await street.count("kernel_timer") == 0


async def test_a_banks_silence_is_counted_from_when_it_was_asked(street: Street) -> None:
    topup_id = await street.top_up(500, "SANDBOX-SILENT")
    street.clock.advance(2 * DAY)
    await street.fire()
    street.clock.advance(2 * DAY)
    assert await street.silent() == []

    street.clock.advance(2 * DAY)

    [silent] = await street.silent()
    assert (silent.id, silent.since) == (topup_id, street.clock.now() - 4 * DAY)


async def test_what_the_bank_never_heard_of_is_shown_to_a_person_too(street: Street) -> None:
    await street.funded()
    payout_id = await street.withdraw(500)
    street.clock.advance(4 * DAY)
    assert [(one.id, one.state) for one in await street.silent()] == [(payout_id, "pending")]


async def test_what_came_by_itself_is_not_asked_for(street: Street) -> None:
    """Ana paid in by hand, with the reference, before the worker got to ask her bank."""
    topup_id = await street.top_up(500)
    await street.bank.stray(street.market, 500, "CNY", str(topup_id))
    await street.listen()
    assert await street.steps(topup_id) == ["requested", "asked", "paid"]

    await street.work()

    assert await street.count("payments_sandbox_ask") == 0
    assert await street.hers() == 500
    assert await street.count("kernel_timer") == 0


async def test_a_silent_bank_is_asked_and_its_word_taken(street: Street) -> None:
    """The answer never reached us; the bank knows it when asked a day later."""
    await street.funded()
    payout_id = await street.withdraw(4_000)
    await street.fire()
    street.clock.advance(DAY)
    assert await street.fire() == 1

    assert await street.state(payout_id) == "paid"
    assert await street.count("kernel_timer") == 0
    await street.work()
    assert await street.told(payout_id) == ["payout.in_transit", "payout.paid"]


@pytest.mark.parametrize("call", ["ask_deposit", "send_payout"])
async def test_a_worker_killed_after_the_call_asks_once(street: Street, call: str) -> None:
    await street.funded()
    subject = await (street.top_up(500) if call == "ask_deposit" else street.withdraw(500))
    asked = await street.count("payments_sandbox_ask")

    assert await street.fire(Line(street, call)) == 0

    assert await street.count("payments_sandbox_ask") == asked + 1
    assert await street.state(subject) in {"requested", "pending"}
    assert await street.fire() == 0, "the timer is lent for a minute"
    await street.work(timedelta(seconds=61))
    assert await street.count("payments_sandbox_ask") == asked + 1
    assert await street.state(subject) == "paid"
    assert await street.hers() == (10_500 if call == "ask_deposit" else 9_500)
    assert await street.suspense() == []


async def test_the_bank_may_answer_before_we_noted_that_it_was_asked(street: Street) -> None:
    await street.funded()
    payout_id = await street.withdraw(500)
    assert await street.fire(Line(street, "send_payout")) == 0

    await street.listen()

    assert await street.steps(payout_id) == PAYOUT_LIVES["paid"]
    await street.work(timedelta(seconds=61))
    assert await street.told(payout_id) == ["payout.in_transit", "payout.paid"]
    assert await street.count("kernel_timer") == 0


@pytest.mark.parametrize("call", ["acknowledge", "acknowledge_lines"])
async def test_a_worker_killed_before_it_acknowledges_hears_again(
    street: Street, call: str
) -> None:
    await street.funded()
    payout_id = await street.withdraw(4_000)
    await street.fire()
    for _ in range(2):
        with pytest.raises(KilledError):
            await street.listen(Line(street, call))
        await street.sound()

    await street.work()

    assert await street.told(payout_id) == ["payout.in_transit", "payout.paid"]
    assert await street.house(Kind.CASH) == 6_000
    assert await street.suspense() == []


async def test_two_workers_who_hear_the_same_do_it_once(
    street: Street, dsn: str, clock: ManualClock
) -> None:
    await street.funded()
    made = [await street.withdraw(100) for _ in range(5)]
    await street.fire()
    await street.bank.stray(street.market, 3, "CNY", "a stray")
    other = await Database.open(dsn, clock=clock)
    try:
        await asyncio.gather(
            *(payments.listen(one, street.bank) for one in (street.database, other) * 2)
        )
    finally:
        await other.close()

    for id in made:
        assert await street.told(id) == ["payout.in_transit", "payout.paid"]
    assert await street.house(Kind.CASH) == 9_503
    assert len(await street.suspense()) == 1
    await street.sound()


async def test_a_bank_that_is_down_is_tried_again(street: Street) -> None:
    topup_id = await street.top_up()
    await street.fire()
    street.clock.advance(DAY)
    payout_id = await street.top_up(70)
    cut = Line(street, "look_up")

    assert await street.fire(cut) == 1, "what can be asked is asked"

    assert await street.state(topup_id) == "asked"
    assert await street.state(payout_id) == "asked"
    await street.work(timedelta(minutes=2))
    assert await street.hers() == 10_070


async def test_one_ask_that_the_bank_does_not_take_holds_up_no_other(street: Street) -> None:
    await street.funded()
    first, second, third = [await street.withdraw(n) for n in (10, 20, 30)]
    other = Ask(second, street.market, "SANDBOX-OK", "Ana Ng", "CNY", 21)
    await street.bank.send_payout(other)  # the bank knows this id already, for another amount

    assert await street.fire() == 0

    assert [await street.state(id) for id in (first, second, third)] == [
        "in_transit",
        "pending",
        "in_transit",
    ]


def test_every_provider_must_be_given() -> None:
    with pytest.raises(ValueError, match="sandbox"):
        payments.handlers({})


async def test_lists_are_the_members_own_newest_first(tx: Tx) -> None:
    market = await found(tx)
    ana, ben = await join(tx, market, "Ana"), await join(tx, market, "Ben")
    topups = [await fund(tx, market, ana, n) for n in (100, 200, 300)]
    outs = await payments.withdraw(tx, [withdrawal(tx, market, ana, n) for n in (10, 20, 30)])
    made = [good(one).id for one in outs]

    page = await payments.payouts(tx, ana, limit=2)
    assert [one.id for one in page] == [made[2], made[1]]
    assert [one.id for one in await payments.payouts(tx, ana, before=page[-1].id)] == [made[0]]
    assert [one.id for one in await payments.topups(tx, ana)] == topups[::-1]
    assert await payments.payouts(tx, ben) == []
    assert await payments.topups(tx, ben) == []
    assert await payments.payout(tx, topups[0]) is None
    assert await payments.topup(tx, made[0]) is None
