"""Claims: what the guarantee paid in a seller's place, and takes back from his next money."""

from collections.abc import Sequence
from uuid import UUID

from serai import ledger
from serai.kernel import ids
from serai.kernel.lock import lock
from serai.kernel.tx import Tx, columns
from serai.payments.model import Claim

_OPEN = "select id from payments_claim where seller_id = any($1) and recovered < amount"

_RECOVER = """
update payments_claim as c set recovered = new.recovered
from unnest($1::uuid[], $2::bigint[]) as new(id, recovered) where c.id = new.id
"""


async def net(tx: Tx, market_id: UUID, seller_ids: Sequence[UUID]) -> None:
    """Pay the open claims on sellers from what their wallets have, oldest claim first."""
    open_ids = await tx.values(_OPEN, list(set(seller_ids)))
    if not open_ids:
        return
    claims = [one for one in await lock(tx, Claim, open_ids) if one.recovered < one.amount]
    names = {
        one.id: ledger.wallet(market_id, one.seller_id, one.currency)
        for one in claims
        if one.market_id == market_id
    }
    wallets = await ledger.lock_accounts(tx, list(names.values()))
    left = {id: account.available for id, account in wallets.items()}
    taken: list[tuple[Claim, int]] = []
    for one in claims:
        if one.id in names and (wallet_id := names[one.id].id) in left:
            part = min(one.amount - one.recovered, left[wallet_id])
            left[wallet_id] -= part
            taken.append((one, part))
    taken = [(one, part) for one, part in taken if part > 0]
    await ledger.insist(tx, [_journal(one, names[one.id], part) for one, part in taken])
    await tx.execute(
        _RECOVER, [one.id for one, _ in taken], [one.recovered + part for one, part in taken]
    )


def _journal(claim: Claim, wallet: ledger.Name, part: int) -> ledger.Journal:
    guarantee = ledger.house(claim.market_id, ledger.Kind.GUARANTEE, claim.currency)
    return ledger.Journal(
        # Each part recovered starts where the one before ended: a name used once.
        id=ids.derive(claim.id, f"from {claim.recovered}"),
        market_id=claim.market_id,
        actor_id=claim.seller_id,
        code="claim.recovered",
        subject_id=claim.order_id,
        legs=(ledger.Move(wallet, guarantee, part),),
    )


async def owed(tx: Tx, seller_id: UUID) -> list[Claim]:
    """List the claims on a seller that are not paid in full, oldest first."""
    sql = f"select {columns(Claim)} from payments_claim where seller_id = $1"  # noqa: S608
    return await tx.fetch(Claim, f"{sql} and recovered < amount order by at, id", seller_id)
