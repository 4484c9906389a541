"""Wallets: what is asked for is written down once, what is not there cannot leave."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from serai import payments
from serai.kernel import ids
from serai.kernel.batch import Batcher
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.tx import Database, Tx
from serai.ledger import Kind
from serai.payments import ToppingUp, Transferred, Withdrawing
from tests.payments.street import (
    Street,
    available,
    found,
    fund,
    good,
    house,
    join,
    sound,
    told,
    topping_up,
    transfer,
    withdrawal,
)

pytestmark = pytest.mark.money


class People:
    """A market with Ana, who has 10,000, and Ben, who has nothing."""

    def __init__(self, market: UUID, ana: UUID, ben: UUID) -> None:
        self.market, self.ana, self.ben = market, ana, ben


@pytest.fixture
async def people(tx: Tx) -> People:
    market = await found(tx)
    ana, ben = await join(tx, market, "Ana"), await join(tx, market, "Ben")
    await fund(tx, market, ana, 10_000)
    return People(market, ana, ben)


async def owes(tx: Tx, people: People, amount: int) -> None:
    """Let the guarantee have paid for Ana."""
    claim = payments.Claim(
        ids.new(tx.now), people.market, people.ana, ids.new(tx.now), "CNY", amount, 0, tx.now
    )
    await tx.insert([claim])


async def rows(tx: Tx, table: str) -> int:
    return int(await tx.value(f"select count(*) from {table}"))


async def test_a_top_up_is_an_intent_and_moves_nothing(tx: Tx, people: People) -> None:
    before = await rows(tx, "ledger_transfer"), await rows(tx, "kernel_event")

    [outcome] = await payments.top_up(tx, [topping_up(tx, people.market, people.ben, 700)])

    assert isinstance(outcome, ToppingUp)
    life = await payments.topup(tx, outcome.id)
    assert life is not None
    assert (life.deposit.state, life.deposit.amount) == ("requested", 700)
    assert [step.state for step in life.steps] == ["requested"]
    due = await tx.values("select due_at from kernel_timer where subject = $1", outcome.id)
    assert due == [tx.now]
    assert await available(tx, people.ben) == 0
    assert (await rows(tx, "ledger_transfer"), await rows(tx, "kernel_event")) == before
    await sound(tx)


async def test_the_same_top_up_twice_is_one(tx: Tx, people: People) -> None:
    command = topping_up(tx, people.market, people.ben, 700)
    before = await rows(tx, "payments_topup")

    [first] = await payments.top_up(tx, [command])
    again = await payments.top_up(tx, [command, replace(command, amount=701)])

    assert again == [first, Refused("id_reused")]
    assert await rows(tx, "payments_topup") == before + 1
    assert await rows(tx, "payments_step") == 4  # Ana's three, and this one


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": 0}, "amount_out_of_range"),
        ({"amount": -5}, "amount_out_of_range"),
        ({"amount": AMOUNT_MAX + 1}, "amount_out_of_range"),
        ({"amount": 2**63}, "amount_out_of_range"),
        ({"currency": "cny"}, "currency_unknown"),
        ({"currency": "XAU"}, "currency_unknown"),
        ({"currency": ""}, "currency_unknown"),
        ({"provider": "a-bank-of-none"}, "provider_unknown"),
        ({"account": "   "}, "field_invalid"),
        ({"account": "x" * 101}, "field_invalid"),
        ({"account": "a\x00b"}, "field_invalid"),
        ({"account": "SANDBOX-OK\u202e"}, "field_invalid"),
    ],
)
async def test_what_no_bank_can_be_asked_is_refused(
    tx: Tx, people: People, change: dict[str, Any], code: str
) -> None:
    before = await rows(tx, "payments_topup"), await rows(tx, "kernel_timer")
    unfit = replace(topping_up(tx, people.market, people.ana), **change)
    fit = topping_up(tx, people.market, people.ana)

    refused, accepted = await payments.top_up(tx, [unfit, fit])

    assert isinstance(refused, Refused)
    assert refused.code == code
    assert isinstance(accepted, ToppingUp)
    assert (await rows(tx, "payments_topup"), await rows(tx, "kernel_timer")) == (
        before[0] + 1,
        before[1] + 1,
    )
    out = replace(withdrawal(tx, people.market, people.ana, 100), **change)
    [declined] = await payments.withdraw(tx, [out])
    assert isinstance(declined, Refused)
    assert declined.code == code
    assert await available(tx, people.ana) == 10_000


async def test_a_payout_needs_a_holder(tx: Tx, people: People) -> None:
    [outcome] = await payments.withdraw(
        tx, [replace(withdrawal(tx, people.market, people.ana, 100), holder=" ")]
    )
    assert outcome == Refused("field_invalid", {"field": "holder", "min": 1, "max": 100})
    assert await rows(tx, "payments_payout") == 0


async def test_a_withdrawal_leaves_the_wallet_at_once(tx: Tx, people: People) -> None:
    command = withdrawal(tx, people.market, people.ana, 4_000)

    [outcome] = await payments.withdraw(tx, [command])
    [again] = await payments.withdraw(tx, [command])

    assert isinstance(outcome, Withdrawing)
    assert again == outcome
    assert await available(tx, people.ana) == 6_000
    assert await house(tx, people.market, Kind.IN_TRANSIT) == 4_000
    life = await payments.payout(tx, outcome.id)
    assert life is not None
    assert [step.state for step in life.steps] == ["pending"]
    assert [step.command_id for step in life.steps] == [command.id]
    codes = await tx.values("select code from ledger_transfer where subject_id = $1", outcome.id)
    assert codes == ["payout.requested"]
    await sound(tx)


async def test_what_is_not_there_cannot_be_withdrawn(tx: Tx, people: People) -> None:
    wanted = [withdrawal(tx, people.market, people.ana, n) for n in (10_001, 9_000, 1_001, 1_000)]

    outcomes = await payments.withdraw(tx, wanted)

    assert outcomes[0] == Refused("insufficient_funds", {"missing": 1, "currency": "CNY"})
    assert isinstance(outcomes[1], Withdrawing)
    assert outcomes[2] == Refused("insufficient_funds", {"missing": 1, "currency": "CNY"})
    assert isinstance(outcomes[3], Withdrawing)
    assert await rows(tx, "payments_payout") == 2
    assert await available(tx, people.ana) == 0
    await sound(tx)


async def test_what_is_owed_is_taken_before_anything_leaves(tx: Tx, people: People) -> None:
    await owes(tx, people, 3_000)

    [outcome] = await payments.withdraw(tx, [withdrawal(tx, people.market, people.ana, 7_001)])
    assert outcome == Refused("insufficient_funds", {"missing": 1, "currency": "CNY"})
    assert await payments.owed(tx, people.ana) == []
    assert await house(tx, people.market, Kind.GUARANTEE) == 3_000

    [outcome] = await payments.withdraw(tx, [withdrawal(tx, people.market, people.ana, 7_000)])
    assert isinstance(outcome, Withdrawing)
    await sound(tx)


async def test_what_is_owed_cannot_be_given_away(tx: Tx, people: People) -> None:
    await owes(tx, people, 10_000)

    [outcome] = await payments.transfer(
        tx, [transfer(tx, people.market, people.ana, people.ben, 1)]
    )

    assert outcome == Refused("insufficient_funds", {"missing": 1, "currency": "CNY"})
    assert await available(tx, people.ben) == 0
    await sound(tx)


async def test_a_transfer_moves_once_and_tells_both(tx: Tx, people: People) -> None:
    command = transfer(tx, people.market, people.ana, people.ben, 2_500)

    [outcome] = await payments.transfer(tx, [command])
    again = await payments.transfer(tx, [command, replace(command, amount=2_600)])

    assert isinstance(outcome, Transferred)
    assert again == [outcome, Refused("id_reused")]
    assert await available(tx, people.ana) == 7_500
    assert await available(tx, people.ben) == 2_500
    assert await told(tx, outcome.id) == ["wallet.transferred"]
    audience = await tx.value("select audience from kernel_event where subject = $1", outcome.id)
    assert audience == [people.ana, people.ben]
    await sound(tx)


async def test_transfers_that_cannot_be(tx: Tx, people: People) -> None:
    elsewhere = await found(tx, "elsewhere")
    stranger = await join(tx, elsewhere, "Stranger")
    nobody = ids.new(tx.now)
    events = await rows(tx, "kernel_event")

    outcomes = await payments.transfer(
        tx,
        [
            transfer(tx, people.market, people.ana, people.ana, 1),
            transfer(tx, people.market, people.ana, stranger, 1),
            transfer(tx, people.market, people.ana, nobody, 1),
            transfer(tx, people.market, stranger, people.ana, 1),
            transfer(tx, people.market, people.ana, people.ben, 0),
            transfer(tx, people.market, people.ana, people.ben, 10_001),
            transfer(tx, people.market, people.ana, people.ben, 1, currency="EUR"),
            replace(transfer(tx, people.market, people.ana, people.ben, 1), note="x" * 201),
        ],
    )

    assert [one.code for one in outcomes if isinstance(one, Refused)] == [
        "same_member", "member_unknown", "member_unknown", "member_unknown",
        "amount_out_of_range", "insufficient_funds", "insufficient_funds", "field_invalid",
    ]  # fmt: skip
    assert await available(tx, people.ana) == 10_000
    assert await rows(tx, "kernel_event") == events
    await sound(tx)


async def test_wallets_tell_what_is_held_and_what_can_be_spent(tx: Tx, people: People) -> None:
    await fund(tx, people.market, people.ana, 300, "EUR")
    part = payments.Part(ids.new(tx.now), people.ben, "CNY", 4_000)
    paid = payments.Payment(ids.new(tx.now), people.market, people.ana, (part,))
    good((await payments.hold(tx, [paid]))[0])

    assert await payments.wallets(tx, people.ana) == [
        payments.Wallet("CNY", posted=10_000, held=4_000, available=6_000),
        payments.Wallet("EUR", posted=300, held=0, available=300),
    ]
    [outcome] = await payments.withdraw(tx, [withdrawal(tx, people.market, people.ana, 6_001)])
    assert outcome == Refused("insufficient_funds", {"missing": 1, "currency": "CNY"})


async def test_the_last_cent_leaves_once(dsn: str, database: Database, clock: ManualClock) -> None:
    """Two server processes, each with a batcher of its own, and Ana at both doors."""
    street = await Street(database, clock).open()
    await street.funded(1_000)
    other = await Database.open(dsn, clock=clock)
    doors = [Batcher(database, payments.withdraw), Batcher(other, payments.withdraw)]
    async with database.tx() as tx:
        wanted = [withdrawal(tx, street.market, street.ana, 1_000) for _ in range(10)]
    try:
        outcomes = await asyncio.gather(
            *(doors[n % 2].submit(command) for n, command in enumerate(wanted))
        )
    finally:
        await other.close()

    assert len([one for one in outcomes if isinstance(one, Withdrawing)]) == 1
    refused = [one for one in outcomes if isinstance(one, Refused)]
    assert refused == [Refused("insufficient_funds", {"missing": 1_000, "currency": "CNY"})] * 9
    assert await street.count("payments_payout") == 1
    assert await street.hers() == 0
    assert await street.house(Kind.IN_TRANSIT) == 1_000
    await street.sound()


async def test_the_same_command_at_two_doors_is_done_once(
    dsn: str, database: Database, clock: ManualClock
) -> None:
    street = await Street(database, clock).open()
    await street.funded(10_000)
    other = await Database.open(dsn, clock=clock)
    doors = [Batcher(database, payments.withdraw), Batcher(other, payments.withdraw)]
    async with database.tx() as tx:
        command = withdrawal(tx, street.market, street.ana, 1_000)
    try:
        outcomes = await asyncio.gather(*(doors[n % 2].submit(command) for n in range(6)))
    finally:
        await other.close()

    assert len(set(outcomes)) == 1
    assert await street.count("payments_payout") == 1
    assert await street.hers() == 9_000
    await street.sound()
