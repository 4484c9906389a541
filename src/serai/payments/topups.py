"""Top-ups: the life of one, and what each state of it moves.

    requested ──ask──► asked ──► paid | failed

A word of the bank implies that it was asked, also where our own note of that
was lost on the way.
"""

from collections.abc import Mapping
from uuid import UUID

from serai import ledger
from serai.kernel.tx import Tx, columns
from serai.payments.funding_model import Deposit, DepositLife, Said, TopUpState
from serai.payments.steps import steps

WAYS: Mapping[tuple[TopUpState, Said], tuple[TopUpState, ...]] = {
    (TopUpState.REQUESTED, Said.SENT): (TopUpState.ASKED,),
    (TopUpState.REQUESTED, Said.PAID): (TopUpState.ASKED, TopUpState.PAID),
    (TopUpState.REQUESTED, Said.FAILED): (TopUpState.ASKED, TopUpState.FAILED),
    (TopUpState.ASKED, Said.SENT): (),
    (TopUpState.ASKED, Said.PAID): (TopUpState.PAID,),
    (TopUpState.ASKED, Said.FAILED): (TopUpState.FAILED,),
    (TopUpState.PAID, Said.SENT): (),
    (TopUpState.PAID, Said.PAID): (),
    (TopUpState.FAILED, Said.SENT): (),
    (TopUpState.FAILED, Said.FAILED): (),
}
"""Which states a word leads through; a pair that is not here is refused."""

WAITING = frozenset({TopUpState.REQUESTED, TopUpState.ASKED})


def legs(deposit: Deposit, state: TopUpState) -> tuple[ledger.Leg, ...]:
    """Tell what moves when a top-up comes into a state."""
    if state is not TopUpState.PAID:
        return ()
    cash = ledger.cash(deposit.market_id, deposit.provider, deposit.currency)
    wallet = ledger.wallet(deposit.market_id, deposit.member_id, deposit.currency)
    return (ledger.Move(cash, wallet, deposit.amount),)


_SELECT = f"select {columns(Deposit)} from payments_topup"  # noqa: S608


async def topups(
    tx: Tx, member_id: UUID, *, before: UUID | None = None, limit: int = 50
) -> list[Deposit]:
    """List a member's top-ups, newest first; `before` is the last id of the page before."""
    return await tx.fetch(
        Deposit,
        f"{_SELECT} where member_id = $1 and ($2::uuid is null or id < $2)"
        " order by id desc limit $3",
        member_id,
        before,
        limit,
    )


async def deposits(tx: Tx, ids: list[UUID]) -> dict[UUID, Deposit]:
    """Read top-ups by id, without locking them."""
    found = await tx.fetch(Deposit, f"{_SELECT} where id = any($1)", ids)
    return {deposit.id: deposit for deposit in found}


async def topup(tx: Tx, id: UUID) -> DepositLife | None:
    """Find a top-up with its steps."""
    found = (await deposits(tx, [id])).get(id)
    return None if found is None else DepositLife(found, await steps(tx, id, TopUpState))
