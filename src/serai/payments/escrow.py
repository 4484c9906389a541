"""Escrow: money set aside for an order until its fate is decided.

These functions are called by a hall whose own command is remembered, with the
order's row locked. A hold that a case or an operator has frozen is not
released; it can still be refunded.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from serai import ledger
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx, columns
from serai.payments import claims
from serai.payments.model import (
    Code,
    Freeze,
    Held,
    Hold,
    Payment,
    Release,
    Released,
)

_OPEN_FREEZES = (
    "select order_id from payments_freeze where order_id = any($1) and lifted_at is null"
)


async def hold(tx: Tx, payments: Sequence[Payment]) -> list[Held | Refused]:
    """Set the buyers' money aside; one outcome a payment, all of its parts or none.

    Refused as the ledger refuses: `insufficient_funds` says how much is missing.
    """
    journals = [
        ledger.Journal(
            id=payment.id,
            market_id=payment.market_id,
            actor_id=payment.buyer_id,
            code="order.hold",
            subject_id=payment.id,
            legs=tuple(
                ledger.Move(
                    ledger.wallet(payment.market_id, payment.buyer_id, part.currency),
                    ledger.wallet(payment.market_id, part.seller_id, part.currency),
                    part.amount,
                    pending=True,
                    subject_id=part.order_id,
                )
                for part in payment.parts
            ),
        )
        for payment in payments
    ]
    outcomes = await ledger.post(tx, journals)
    opened: list[Hold] = []
    answers: list[Held | Refused] = []
    for payment, outcome in zip(payments, outcomes, strict=True):
        if isinstance(outcome, Refused):
            answers.append(outcome)
            continue
        answers.append(Held(payment.id))
        opened += _opened(tx, payment, outcome.transfer_ids)
    await tx.insert(opened)
    return answers


def _opened(tx: Tx, payment: Payment, pending_ids: Sequence[UUID]) -> list[Hold]:
    return [
        Hold(
            part.order_id,
            payment.market_id,
            payment.buyer_id,
            part.seller_id,
            part.currency,
            part.amount,
            0,
            0,
            0,
            pending_id,
            tx.now,
        )
        for part, pending_id in zip(payment.parts, pending_ids, strict=True)
    ]


async def release(tx: Tx, releases: Sequence[Release]) -> list[Released | Refused]:
    """Give what is held to the sellers, and take what they owe the guarantee from it."""
    holds = await locked(tx, [one.order_id for one in releases])
    frozen = set(await tx.values(_OPEN_FREEZES, list(holds)))
    answers: list[Released | Refused] = []
    ended: list[Hold] = []
    journals: list[ledger.Journal] = []
    for one in releases:
        held = holds.get(one.order_id)
        if held is None:
            answers.append(Refused(Code.HOLD_UNKNOWN))
        elif held.ended_at is not None:
            answers.append(Refused(Code.HOLD_ENDED))
        elif one.order_id in frozen:
            answers.append(Refused(Code.HOLD_FROZEN))
        else:
            fee = min(one.fee, held.amount) * held.remaining // held.amount
            amount = held.remaining - fee
            journals.append(_release_journal(held, one, fee))
            done = replace(held, released=amount, fees=fee, ended_at=tx.now)
            holds[one.order_id] = done
            ended.append(done)
            answers.append(Released(one.order_id, amount, fee))
    owing = await claims.glance(tx, [done.seller_id for done in ended])
    if owing:
        # What is released and what is owed is locked at once, so that the order is one.
        moved = [name for done in ended for name in _accounts(done)]
        await ledger.lock_accounts(tx, [*moved, *claims.accounts(owing)])
    await ledger.insist(tx, journals)
    await write(tx, ended)
    if owing:
        await claims.recover(tx, owing)
    return answers


def _accounts(held: Hold) -> list[ledger.Name]:
    """Name the accounts that the release of a hold moves."""
    wallets = [
        ledger.wallet(held.market_id, member, held.currency)
        for member in (held.buyer_id, held.seller_id)
    ]
    fees = [ledger.house(held.market_id, ledger.Kind.FEES, held.currency)] if held.fees else []
    return wallets + fees


def _release_journal(held: Hold, one: Release, fee: int) -> ledger.Journal:
    seller = ledger.wallet(held.market_id, held.seller_id, held.currency)
    fees = ledger.house(held.market_id, ledger.Kind.FEES, held.currency)
    legs: tuple[ledger.Leg, ...] = (ledger.Settle(held.pending_id),)
    if fee:
        legs += (ledger.Move(seller, fees, fee),)
    return ledger.Journal(
        id=ids.derive(held.order_id, "release"),
        market_id=held.market_id,
        actor_id=one.actor_id,
        code="order.release",
        subject_id=held.order_id,
        legs=legs,
    )


_WRITE = """
update payments_hold as h
set released = new.released, refunded = new.refunded, fees = new.fees,
    pending_id = new.pending_id, ended_at = new.ended_at
from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::timestamptz[])
    as new(order_id, released, refunded, fees, pending_id, ended_at)
where h.order_id = new.order_id
"""


async def write(tx: Tx, changed: Sequence[Hold]) -> None:
    """Write what has changed of locked holds."""
    if changed:
        await tx.execute(
            _WRITE,
            [one.order_id for one in changed],
            [one.released for one in changed],
            [one.refunded for one in changed],
            [one.fees for one in changed],
            [one.pending_id for one in changed],
            [one.ended_at for one in changed],
        )


async def locked(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, Hold]:
    """Lock the holds of orders, in the order of their ids."""
    return {held.order_id: held for held in await lock(tx, Hold, order_ids)}


async def holds(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, Hold]:
    """Read the holds of orders; an order that was never paid has none."""
    sql = f"select {columns(Hold)} from payments_hold where order_id = any($1)"  # noqa: S608
    return {held.order_id: held for held in await tx.fetch(Hold, sql, order_ids)}


async def freeze(
    tx: Tx, freeze_id: UUID, order_id: UUID, actor_id: UUID, reason: str
) -> Freeze | Refused:
    """Keep a hold from being released until the freeze is lifted."""
    held = (await locked(tx, [order_id])).get(order_id)
    if held is None:
        return Refused(Code.HOLD_UNKNOWN)
    if held.ended_at is not None:
        return Refused(Code.HOLD_ENDED)
    made = Freeze(freeze_id, order_id, held.market_id, reason, actor_id, tx.now)
    await tx.insert([made])
    return made


_LIFT = """
update payments_freeze set lifted_by = $3, lifted_at = $4, lift_reason = $5
where id = $1 and order_id = $2
"""


async def lift(
    tx: Tx, freeze_id: UUID, order_id: UUID, actor_id: UUID, reason: str
) -> Freeze | Refused:
    """End a freeze; the hold can be released again unless another freeze stands."""
    await locked(tx, [order_id])
    open_ones = {made.id: made for made in await freezes(tx, [order_id]) if made.lifted_at is None}
    if freeze_id not in open_ones:
        return Refused(Code.FREEZE_UNKNOWN)
    await tx.execute(_LIFT, freeze_id, order_id, actor_id, tx.now, reason)
    return replace(open_ones[freeze_id], lifted_by=actor_id, lifted_at=tx.now, lift_reason=reason)


async def freezes(tx: Tx, order_ids: Sequence[UUID]) -> list[Freeze]:
    """List the freezes of orders, open and lifted, oldest first."""
    sql = f"select {columns(Freeze)} from payments_freeze where order_id = any($1)"  # noqa: S608
    return await tx.fetch(Freeze, f"{sql} order by frozen_at, id", order_ids)
