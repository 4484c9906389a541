"""Payouts: the life of one, and where its money is in each state.

    pending ──send──► in_transit ──► paid ──► returned
                          └────────► failed

The money leaves the wallet when the payout is requested and stands on
`in_transit` until the bank has said what became of it. A word of the bank
implies the states before it, also where our own note of them was lost.
"""

from collections.abc import Mapping
from uuid import UUID

from serai import ledger
from serai.kernel.tx import Tx, columns
from serai.payments.funding_model import Payout, PayoutLife, PayoutState, Said
from serai.payments.steps import steps

_SENT, _PAID, _FAILED, _RETURNED = (
    PayoutState.IN_TRANSIT,
    PayoutState.PAID,
    PayoutState.FAILED,
    PayoutState.RETURNED,
)

WAYS: Mapping[tuple[PayoutState, Said], tuple[PayoutState, ...]] = {
    (PayoutState.PENDING, Said.SENT): (_SENT,),
    (PayoutState.PENDING, Said.PAID): (_SENT, _PAID),
    (PayoutState.PENDING, Said.FAILED): (_SENT, _FAILED),
    (PayoutState.PENDING, Said.RETURNED): (_SENT, _PAID, _RETURNED),
    (PayoutState.IN_TRANSIT, Said.SENT): (),
    (PayoutState.IN_TRANSIT, Said.PAID): (_PAID,),
    (PayoutState.IN_TRANSIT, Said.FAILED): (_FAILED,),
    (PayoutState.IN_TRANSIT, Said.RETURNED): (_PAID, _RETURNED),
    (PayoutState.PAID, Said.SENT): (),
    (PayoutState.PAID, Said.PAID): (),
    (PayoutState.PAID, Said.RETURNED): (_RETURNED,),
    (PayoutState.FAILED, Said.SENT): (),
    (PayoutState.FAILED, Said.FAILED): (),
    (PayoutState.RETURNED, Said.SENT): (),
    (PayoutState.RETURNED, Said.PAID): (),
    (PayoutState.RETURNED, Said.RETURNED): (),
}
"""Which states a word leads through; a pair that is not here is refused."""

WAITING = frozenset({PayoutState.PENDING, PayoutState.IN_TRANSIT})


def legs(payout: Payout, state: PayoutState) -> tuple[ledger.Leg, ...]:
    """Tell what moves when a payout comes into a state."""
    market_id, currency = payout.market_id, payout.currency
    wallet = ledger.wallet(market_id, payout.member_id, currency)
    in_transit = ledger.house(market_id, ledger.Kind.IN_TRANSIT, currency)
    cash = ledger.cash(market_id, payout.provider, currency)
    moves = {
        PayoutState.PENDING: (wallet, in_transit),
        PayoutState.PAID: (in_transit, cash),
        PayoutState.FAILED: (in_transit, wallet),
        PayoutState.RETURNED: (cash, wallet),
    }
    if state not in moves:
        return ()
    debit, credit = moves[state]
    return (ledger.Move(debit, credit, payout.amount),)


_SELECT = f"select {columns(Payout)} from payments_payout"  # noqa: S608


async def payouts(
    tx: Tx, member_id: UUID, *, before: UUID | None = None, limit: int = 50
) -> list[Payout]:
    """List a member's payouts, newest first; `before` is the last id of the page before."""
    return await tx.fetch(
        Payout,
        f"{_SELECT} where member_id = $1 and ($2::uuid is null or id < $2)"
        " order by id desc limit $3",
        member_id,
        before,
        limit,
    )


async def payouts_by_id(tx: Tx, ids: list[UUID]) -> dict[UUID, Payout]:
    """Read payouts by id, without locking them."""
    found = await tx.fetch(Payout, f"{_SELECT} where id = any($1)", ids)
    return {payout.id: payout for payout in found}


async def payout(tx: Tx, id: UUID) -> PayoutLife | None:
    """Find a payout with its steps."""
    found = (await payouts_by_id(tx, [id])).get(id)
    return None if found is None else PayoutLife(found, await steps(tx, id, PayoutState))
