"""The payments' part of the promises: holds that end once, and never while frozen."""

from collections.abc import AsyncIterator
from uuid import UUID

from serai import ledger
from serai.kernel.proof import Breach, Proof
from serai.kernel.tx import Tx, columns
from serai.payments.model import Hold

_PAGE = 5_000

_HOLDS = f"""
select {columns(Hold)} from payments_hold where order_id > $1 order by order_id limit $2
"""  # noqa: S608


async def pages(tx: Tx) -> AsyncIterator[list[Hold]]:
    """Read every hold, some thousands at a time."""
    last = UUID(int=0)
    while page := await tx.fetch(Hold, _HOLDS, last, _PAGE):
        yield page
        last = page[-1].order_id


async def holds_end_once(tx: Tx) -> Proof:
    """Check each hold against the ledger: what is held there, and what its end gave to whom."""
    checked = 0
    breaches: list[Breach] = []
    async for page in pages(tx):
        checked += len(page)
        wanted = [id for h in page for id in (h.pending_id, ledger.end_id(h.pending_id))]
        found = await ledger.transfers(tx, wanted)
        for held in page:
            said = _wrong(
                held, found.get(held.pending_id), found.get(ledger.end_id(held.pending_id))
            )
            if said:
                breaches.append(Breach(said, (f"payments_hold {held.order_id}",)))
    return Proof("every hold ends exactly once and adds up", checked, tuple(breaches))


def _wrong(held: Hold, pending: ledger.Transfer | None, end: ledger.Transfer | None) -> str | None:
    if pending is None or pending.phase is not ledger.Phase.PENDING:
        return "has no pending transfer in the ledger"
    parts = held.released + held.refunded + held.fees
    if held.ended_at is None:
        if end is not None:
            return f"is open, but its pending transfer was {end.phase}"
        if pending.amount != held.amount - parts:
            return f"{held.amount - parts} should remain, {pending.amount} is pending"
        return None
    if end is None:
        return "has ended, but its pending transfer has not"
    if parts != held.amount:
        return f"ended with {parts} of {held.amount}"
    given = end.amount if end.phase is ledger.Phase.SETTLED else 0
    if given != held.released + held.fees:
        return f"released {held.released} and kept {held.fees}, the ledger gave {given}"
    return None


_RELEASED_WHILE_FROZEN = """
select f.id from payments_freeze as f join payments_hold as h using (order_id)
where h.released + h.fees > 0 and h.ended_at >= f.frozen_at
  and (f.lifted_at is null or h.ended_at < f.lifted_at)
order by f.id
"""


async def nothing_released_frozen(tx: Tx) -> Proof:
    """Check that no hold was released within the time of a freeze."""
    wrong = await tx.values(_RELEASED_WHILE_FROZEN)
    breaches = tuple(Breach("released while frozen", (f"payments_freeze {id}",)) for id in wrong)
    count = await tx.value("select count(*) from payments_freeze")
    return Proof("nothing is released while a case is open", count, breaches)
