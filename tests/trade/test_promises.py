"""Each promise, broken on purpose: the audit must name it, and only what is broken."""

from uuid import UUID

import pytest

from serai import payments, trade
from serai.kernel import outbox
from serai.kernel.tx import Tx
from tests.world import World, ask, bought, confirmed, delivered, good, refund_some, shipped

pytestmark = pytest.mark.money


async def _ignore(tx: Tx, events: object) -> None:
    """Deal with events by doing nothing."""


REACTIONS = [outbox.Reaction("test.ignore", frozenset({"order.paid"}), _ignore)]


async def a_busy_market(tx: Tx, world: World) -> None:
    """Bring orders into every state, and something into every table that is audited."""
    await bought(tx, world, pay=False)
    await bought(tx, world)
    await shipped(tx, world)
    await confirmed(tx, world)
    await refund_some(tx, world, await shipped(tx, world), 100)
    frozen = await delivered(tx, world)
    stop = ask(tx, world, trade.Stop, world.ines, frozen, reason="is it genuine?")
    good((await trade.stop_orders(tx, [stop]))[0])
    line = payments.BankLine(
        id=UUID(int=9),
        market_id=world.market_id,
        provider="sandbox",
        reference="nobody knows",
        currency="CNY",
        amount=1_234,
        booked_at=tx.now,
    )
    await payments.reconcile(tx, [line])
    events = await tx.values("select id from kernel_event where kind = 'order.paid'")
    await tx.insert([outbox.Delivery(id, "test.ignore", tx.now) for id in events])
    await tx.execute("update kernel_event set delivered_at = at")


BREAKS = {
    "a counter is off": (
        1,
        """
        update ledger_account set credits_posted = credits_posted + 1 where kind =
        'suspense'
        """,
    ),
    "a held amount is off": (
        1,
        """
        update ledger_account set credits_pending = credits_pending + 1 where kind =
        'wallet' and id = (select id from ledger_account where credits_pending > 0 limit 1)
        """,
    ),
    "a transfer is missing": (
        2,
        """
        delete from ledger_transfer where code = 'order.release' and phase = 'settled'
        """,
    ),
    "a transfer was raised": (
        2,
        """
        update ledger_transfer set amount = amount + 1 where code = 'topup.paid'
        """,
    ),
    "two counters were raised alike": (
        2,
        """
        update ledger_account set debits_posted = debits_posted + 5, credits_posted =
        credits_posted + 5 where kind = 'cash'
        """,
    ),
    "a wallet is overdrawn": (
        3,
        """
        alter table ledger_account drop constraint ledger_account_wallet_covered;
        update ledger_account set debits_posted = credits_posted + 1 where kind = 'wallet'
        """,
    ),
    "a hold says it has ended": (
        4,
        """
        update payments_hold set ended_at = opened_at, released = amount - refunded where
        ended_at is null
        """,
    ),
    "a hold is larger than what is pending": (
        4,
        """
        update payments_hold set amount = amount + 1 where ended_at is null
        """,
    ),
    "a released hold says it gave more": (
        4,
        """
        alter table payments_hold drop constraint payments_hold_check;
        alter table payments_hold drop constraint payments_hold_check1;
        update payments_hold set released = released + 1 where ended_at is not null
        """,
    ),
    "a hold was released while frozen": (
        5,
        """
        insert into payments_freeze (id, order_id, market_id, reason, frozen_by, frozen_at)
        select gen_random_uuid(), order_id, market_id, 'planted', buyer_id, opened_at from
        payments_hold where released > 0
        """,
    ),
    "stock is reserved for nobody": (
        6,
        """
        update inventory_stock set reserved = reserved + 1 where on_hand > reserved
        """,
    ),
    "a reservation was lost": (
        6,
        """
        delete from inventory_movement where kind = 'reserve'
        """,
    ),
    "more is reserved than there is": (
        6,
        """
        alter table inventory_stock drop constraint inventory_stock_check;
        update inventory_stock set reserved = on_hand + 1
        """,
    ),
    "a live order lost its lines' stock": (
        6,
        """
        update trade_line set quantity = quantity + 1
        """,
    ),
    "an order costs more than was held": (
        7,
        """
        update trade_order set total = total + 1, shipping_total = shipping_total + 1 where
        state = 'shipped'
        """,
    ),
    "an unpaid order has a hold": (
        7,
        """
        insert into payments_hold (order_id, market_id, buyer_id, seller_id, currency,
        amount, released, refunded, fees, pending_id, opened_at) select id, market_id,
        buyer_id, seller_id, currency, total, 0, 0, 0, gen_random_uuid(), placed_at from
        trade_order where state = 'placed'
        """,
    ),
    "an acknowledged order is gone": (
        8,
        """
        delete from trade_order where state = 'completed'
        """,
    ),
    "a step came from nowhere": (
        8,
        """
        update trade_transition set command_id = gen_random_uuid() where state = 'shipped'
        """,
    ),
    "an order jumped": (
        9,
        """
        delete from trade_transition where state = 'shipped'
        """,
    ),
    "an order says what it is not": (
        9,
        """
        update trade_order set state = 'delivered' where state = 'shipped'
        """,
    ),
    "an event was never delivered": (
        10,
        """
        delete from kernel_delivery
        """,
    ),
    "a delivery has no event": (
        10,
        """
        delete from kernel_event where kind = 'order.paid'
        """,
    ),
    "a bank line is neither matched nor in suspense": (
        11,
        """
        alter table payments_bank_line drop constraint payments_bank_line_check;
        alter table payments_bank_line drop constraint payments_bank_line_check1;
        update payments_bank_line set suspense_transfer_id = null, suspense_amount = null
        """,
    ),
}
"""What is broken, by number of the promise, and the SQL that breaks it."""


async def test_a_busy_market_keeps_every_promise(tx: Tx, world: World) -> None:
    await a_busy_market(tx, world)
    promises = await trade.audit(tx, REACTIONS)
    assert [promise.number for promise in promises] == list(range(1, 12))
    assert [promise for promise in promises if not promise.holds] == []
    assert all(promise.checked > 0 for promise in promises)


@pytest.mark.parametrize("how", BREAKS)
async def test_the_audit_names_a_promise_that_is_broken(tx: Tx, world: World, how: str) -> None:
    number, sql = BREAKS[how]
    await a_busy_market(tx, world)
    for statement in sql.split(";"):
        await tx.execute(statement)
    promise = (await trade.audit(tx, REACTIONS))[number - 1]
    assert promise.number == number
    assert not promise.holds
    assert all(breach.says and breach.rows for breach in promise.breaches)


def test_every_promise_is_broken_at_least_once() -> None:
    assert {number for number, _ in BREAKS.values()} == set(range(1, 12))
