"""Refunds: out of the hold while there is one, afterwards out of the seller's wallet.

After the release the seller owes the refund. What his wallet lacks, the
guarantee pays at once, and its claim is netted against what he earns next. The
market gives back its fee in the same proportion, rounded down.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from serai import ledger
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx, columns
from serai.payments.escrow import locked, write
from serai.payments.model import Claim, Code, Hold, Refund, Refunded

_OF_ORDERS = f"""
select {columns(Refunded)} from payments_refund where order_id = any($1) order by at, id
"""  # noqa: S608


async def refunds(tx: Tx, order_ids: Sequence[UUID]) -> list[Refunded]:
    """List the refunds of orders, oldest first."""
    return await tx.fetch(Refunded, _OF_ORDERS, order_ids)


async def refund(tx: Tx, wanted: Sequence[Refund]) -> list[Refunded | Refused]:
    """Give buyers their money back; one outcome each, in order.

    Refused as `refund_exceeds` when more is asked than the order has left.
    """
    holds = await locked(tx, [one.order_id for one in wanted])
    # Refunds are made one by one, but all that they move is locked at once, in one order.
    await ledger.lock_accounts(tx, [name for held in holds.values() for name in _accounts(held)])
    answers: list[Refunded | Refused] = []
    for one in wanted:
        held = holds.get(one.order_id)
        if held is None:
            answers.append(Refused(Code.HOLD_UNKNOWN))
        elif held.ended_at is None:
            answer, holds[one.order_id] = await _from_hold(tx, held, one)
            answers.append(answer)
        else:
            answers.append(await _after_release(tx, held, one))
    return answers


def _accounts(held: Hold) -> list[ledger.Name]:
    """Name the accounts that a refund of a hold may move."""
    market_id, currency = held.market_id, held.currency
    names = [ledger.wallet(market_id, who, currency) for who in (held.buyer_id, held.seller_id)]
    if held.ended_at is not None:
        kinds = (ledger.Kind.FEES, ledger.Kind.GUARANTEE)
        names += [ledger.house(market_id, kind, currency) for kind in kinds]
    return names


async def _from_hold(tx: Tx, held: Hold, one: Refund) -> tuple[Refunded | Refused, Hold]:
    amount = held.remaining if one.amount is None else one.amount
    if not 0 < amount <= held.remaining:
        return Refused(Code.REFUND_EXCEEDS, {"left": held.remaining}), held
    legs: tuple[ledger.Leg, ...] = (ledger.Void(held.pending_id),)
    rest = held.remaining - amount
    if rest:
        buyer = ledger.wallet(held.market_id, held.buyer_id, held.currency)
        seller = ledger.wallet(held.market_id, held.seller_id, held.currency)
        legs += (ledger.Move(buyer, seller, rest, pending=True),)
    journal = _journal(held, one, legs)
    await ledger.insist(tx, [journal])
    left = replace(
        held,
        refunded=held.refunded + amount,
        pending_id=ledger.pending_id(journal.id, 1) if rest else held.pending_id,
        ended_at=None if rest else tx.now,
    )
    await write(tx, [left])
    done = _refunded(tx, held, one, from_hold=amount)
    await tx.insert([done])
    return done, left


async def _after_release(tx: Tx, held: Hold, one: Refund) -> Refunded | Refused:
    before = await refunds(tx, [held.order_id])
    left = held.amount - sum(earlier.amount for earlier in before)
    amount = left if one.amount is None else one.amount
    if not 0 < amount <= left:
        return Refused(Code.REFUND_EXCEEDS, {"left": left})
    given_back = sum(earlier.from_fees for earlier in before)
    given = held.released + held.fees
    from_fees = min(held.fees - given_back, held.fees * amount // given)
    seller = ledger.wallet(held.market_id, held.seller_id, held.currency)
    wallet = (await ledger.accounts(tx, [seller.id]))[seller.id]
    from_seller = max(0, min(amount - from_fees, wallet.available))
    from_guarantee = amount - from_fees - from_seller
    buyer = ledger.wallet(held.market_id, held.buyer_id, held.currency)
    sources = (
        (seller, from_seller),
        (ledger.house(held.market_id, ledger.Kind.FEES, held.currency), from_fees),
        (ledger.house(held.market_id, ledger.Kind.GUARANTEE, held.currency), from_guarantee),
    )
    legs = tuple(ledger.Move(source, buyer, part) for source, part in sources if part)
    await ledger.insist(tx, [_journal(held, one, legs)])
    done = _refunded(
        tx, held, one,
        from_seller=from_seller, from_fees=from_fees, from_guarantee=from_guarantee,
    )  # fmt: skip
    await tx.insert([done])
    if from_guarantee:
        await tx.insert([_claim(tx, held, one, from_guarantee)])
    return done


def _journal(held: Hold, one: Refund, legs: tuple[ledger.Leg, ...]) -> ledger.Journal:
    return ledger.Journal(
        id=ids.derive(one.id, held.order_id, "refund"),
        market_id=held.market_id,
        actor_id=one.actor_id,
        code="order.refund",
        subject_id=held.order_id,
        legs=legs,
    )


def _refunded(
    tx: Tx,
    held: Hold,
    one: Refund,
    *,
    from_hold: int = 0,
    from_seller: int = 0,
    from_fees: int = 0,
    from_guarantee: int = 0,
) -> Refunded:
    return Refunded(
        ids.derive(one.id, held.order_id, "refund"), held.order_id, held.market_id, held.currency,
        from_hold, from_seller, from_fees, from_guarantee, one.actor_id, one.reason, tx.now,
    )  # fmt: skip


def _claim(tx: Tx, held: Hold, one: Refund, amount: int) -> Claim:
    return Claim(
        ids.derive(one.id, held.order_id, "claim"), held.market_id, held.seller_id,
        held.order_id, held.currency, amount, 0, tx.now,
    )  # fmt: skip
