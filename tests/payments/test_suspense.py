"""Suspense: whose money it is, an operator says once; and what the proofs see when books lie."""

import pytest
from msgspec.structs import replace

from serai import ledger, members, payments
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.ledger import Kind
from tests.payments.books import Books, opened
from tests.payments.street import found, good, house, join

pytestmark = pytest.mark.money


@pytest.fixture
async def books(tx: Tx) -> Books:
    return await opened(tx)


async def test_an_operator_assigns_a_line_once(books: Books) -> None:
    line_id = await books.stray(700)

    line = good(await books.resolve(line_id, payments.ToWallet(books.ana)))

    assert (line.resolved_as, line.resolved_by) == ("wallet", books.ines)
    assert line.resolve_reason == "she called the bank"
    again = await books.resolve(line_id, payments.ToFees())
    assert isinstance(again, Refused)
    assert again.code == "already_resolved"
    assert await books.hers() == 700
    assert await books.suspended() == []
    [action] = await members.actions_page(books.tx, books.market, subject=line_id)
    assert (action.action, action.actor_id) == ("suspense.resolved", books.ines)
    kinds = await books.tx.values("select kind from kernel_event where subject = $1", line_id)
    assert kinds == ["suspense.resolved"]


@pytest.mark.parametrize("amount", [700, -700])
@pytest.mark.parametrize(
    ("to", "kind"), [(payments.ToFees(), Kind.FEES), (payments.ToGuarantee(), Kind.GUARANTEE)]
)
async def test_the_market_bears_gains_losses_and_its_deposits(
    books: Books, amount: int, to: payments.Assignment, kind: Kind
) -> None:
    good(await books.resolve(await books.stray(amount), to))
    assert await house(books.tx, books.market, kind) == amount
    assert await house(books.tx, books.market, Kind.SUSPENSE) == 0
    assert await books.cash() == books.bank_has == amount


async def test_what_went_back_is_cancelled_by_its_line(books: Books) -> None:
    came, other, went = [await books.stray(n) for n in (700, 701, -700)]

    refused = await books.resolve(other, payments.ToSender(went))
    assert refused == Refused("not_opposite", {"amount": 701, "other": -700})
    same = await books.resolve(came, payments.ToSender(came))
    assert isinstance(same, Refused)
    line = good(await books.resolve(came, payments.ToSender(went)))

    assert (line.resolved_as, line.resolved_with) == ("sender", went)
    assert await books.suspended() == [701]
    taken = await books.resolve(went, payments.ToFees())
    assert isinstance(taken, Refused)
    assert taken.code == "already_resolved"


async def test_what_cannot_be_resolved(books: Books) -> None:
    topup_id = await books.asked(40)
    matched = books.line(40, topup_id)
    await books.read(matched)
    elsewhere = await found(books.tx, "elsewhere")
    stranger = await join(books.tx, elsewhere, "Stranger")
    foreign = replace(books.line(5, "no"), market_id=elsewhere)
    stray, loss = await books.stray(700), await books.stray(-41)
    await payments.reconcile(books.tx, [foreign])
    hers = payments.ToWallet(books.ana)

    outcomes = [
        await books.resolve(stray, hers, by=books.ana),
        await books.resolve(ids.new(books.tx.now), hers),
        await books.resolve(foreign.id, hers),
        await books.resolve(matched.id, hers),
        await books.resolve(stray, payments.ToWallet(stranger)),
        await books.resolve(stray, payments.ToSender(foreign.id)),
        await books.resolve(loss, hers),
    ]

    assert [one.code for one in outcomes if isinstance(one, Refused)] == [
        "operator_only", "line_unknown", "line_unknown", "not_in_suspense", "member_unknown",
        "line_unknown", "insufficient_funds",
    ]  # fmt: skip
    assert await books.hers() == 40
    assert await books.suspended() == [700, -41]


_RESOLVED_BY_NOTHING = """
update payments_bank_line set resolved_as = 'fees', resolved_transfer_id = id,
    resolved_by = id, resolved_at = read_at, resolve_reason = 'x'
where amount = 7
"""

BROKEN = [
    ("update payments_bank_line set suspense_amount = 8 where amount = 7", "lines_matched"),
    ("delete from payments_bank_line where amount = 7", "lines_matched"),
    ("update payments_bank_line set amount = 1001 where amount = 1000", "lines_matched"),
    ("update payments_bank_line set matched_id = id where amount = 1000", "lines_matched"),
    ("delete from payments_topup", "lines_matched"),
    (
        "update payments_bank_line set suspense_transfer_id = id where amount = 7",
        "lines_matched",
    ),
    (_RESOLVED_BY_NOTHING, "lines_matched"),
    ("update payments_payout set state = 'paid'", "payouts_accounted"),
    ("update payments_payout set amount = 999", "payouts_accounted"),
    ("delete from payments_payout", "payouts_accounted"),
    ("delete from payments_step where state = 'pending'", "payouts_accounted"),
    ("update payments_step set state = 'failed' where state = 'pending'", "payouts_accounted"),
]


@pytest.mark.parametrize(("sql", "name"), BROKEN)
async def test_a_broken_promise_is_named(books: Books, sql: str, name: str) -> None:
    await books.sent()
    await books.stray(7)

    assert await books.tx.execute(sql) > 0

    for proof in (payments.lines_matched, payments.payouts_accounted):
        assert (await proof(books.tx)).holds == (proof.__name__ != name), sql
    assert (await ledger.balanced(books.tx)).holds
