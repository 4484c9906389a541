"""Claims: what the guarantee paid in a seller's place, and takes back from his next money.

Claims are locked after the wallets that they are taken from, everywhere, and
those after a glance that tells which accounts that takes. A claim that is made
between the glance and the locks waits for the seller's next money.
"""

from collections.abc import Sequence
from uuid import UUID

from serai import ledger
from serai.kernel import ids
from serai.kernel.lock import lock
from serai.kernel.tx import Tx, columns
from serai.payments.model import Claim

_OPEN = f"""
select {columns(Claim)} from payments_claim
where seller_id = any($1) and recovered < amount order by at, id
"""  # noqa: S608


async def net(tx: Tx, seller_ids: Sequence[UUID], then: Sequence[ledger.Name]) -> None:
    """Pay the open claims on sellers from what their wallets have, oldest claim first.

    `then` names the accounts that the caller moves afterwards: they are locked
    together with those of the claims, so that all are locked in one order.
    """
    claims = await glance(tx, seller_ids)
    if claims:
        await ledger.lock_accounts(tx, [*accounts(claims), *then])
        await recover(tx, claims)


async def glance(tx: Tx, seller_ids: Sequence[UUID]) -> list[Claim]:
    """Read the open claims on sellers, oldest first, without locking anything."""
    return await tx.fetch(Claim, _OPEN, list(set(seller_ids)))


def accounts(claims: Sequence[Claim]) -> list[ledger.Name]:
    """Name the accounts between which claims are paid."""
    return [name for claim in claims for name in (_wallet(claim), _guarantee(claim))]


def _wallet(claim: Claim) -> ledger.Name:
    return ledger.wallet(claim.market_id, claim.seller_id, claim.currency)


def _guarantee(claim: Claim) -> ledger.Name:
    return ledger.house(claim.market_id, ledger.Kind.GUARANTEE, claim.currency)


_RECOVER = """
update payments_claim as c set recovered = new.recovered
from unnest($1::uuid[], $2::bigint[]) as new(id, recovered) where c.id = new.id
"""


async def recover(tx: Tx, seen: Sequence[Claim]) -> None:
    """Pay claims that were seen open, as far as they still are; their accounts are locked."""
    locked = {one.id: one for one in await lock(tx, Claim, [one.id for one in seen])}
    claims = [locked[one.id] for one in seen]
    wallets = await ledger.accounts(tx, [_wallet(one).id for one in claims])
    left = {id: account.available for id, account in wallets.items()}
    taken: list[tuple[Claim, int]] = []
    for one in claims:
        wallet_id = _wallet(one).id
        part = min(one.amount - one.recovered, left[wallet_id])
        if part > 0:
            left[wallet_id] -= part
            taken.append((one, part))
    await ledger.insist(tx, [_journal(one, part) for one, part in taken])
    await tx.execute(
        _RECOVER, [one.id for one, _ in taken], [one.recovered + part for one, part in taken]
    )


def _journal(claim: Claim, part: int) -> ledger.Journal:
    return ledger.Journal(
        # Each part recovered starts where the one before ended: a name used once.
        id=ids.derive(claim.id, f"from {claim.recovered}"),
        market_id=claim.market_id,
        actor_id=claim.seller_id,
        code="claim.recovered",
        subject_id=claim.order_id,
        legs=(ledger.Move(_wallet(claim), _guarantee(claim), part),),
    )


async def owed(tx: Tx, seller_id: UUID) -> list[Claim]:
    """List the claims on a seller that are not paid in full, oldest first."""
    return await glance(tx, [seller_id])
