"""Suspense: bank lines that match nothing yet, how old they are, and how each is resolved.

An operator who has found out whose money it is assigns it, once, with a reason.
What went back to its sender is shown by the statement as a second line, which
cancels the first: no money is moved on anybody's word alone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from serai import ledger, members
from serai.kernel import ids, outbox
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx
from serai.payments.funding_model import FundingCode, StatementLine

PAGE_MAX = 200


class InSuspense(Struct, frozen=True):
    """A line, or the rest of one, that waits for a person.

    `amount` is what is in suspense of it; below zero where the bank took more,
    or gave less, than was booked. `age_s` counts seconds since the bank booked it.
    """

    line_id: UUID
    provider: str
    reference: str
    subject_id: UUID | None
    currency: str
    amount: int
    booked_at: datetime
    age_s: int


class ToWallet(Struct, frozen=True, tag="wallet", tag_field="to"):
    """It is a member's: into his wallet, or out of it where too much was given."""

    member_id: UUID


class ToFees(Struct, frozen=True, tag="fees", tag_field="to"):
    """It is the market's gain, or loss, such as what the bank charges."""


class ToGuarantee(Struct, frozen=True, tag="guarantee", tag_field="to"):
    """It is the market's deposit into the fund that protects buyers."""


class ToSender(Struct, frozen=True, tag="sender", tag_field="to"):
    """It went back to whom it came from, as that other line of the statement shows."""

    line_id: UUID


Assignment = ToWallet | ToFees | ToGuarantee | ToSender

_IN_SUSPENSE = """
select id as line_id, provider, reference, matched_id as subject_id, currency,
    suspense_amount as amount, booked_at,
    extract(epoch from $2::timestamptz - booked_at)::bigint as age_s
from payments_bank_line
where market_id = $1 and suspense_transfer_id is not null and resolved_at is null
  and ($3::timestamptz is null or (booked_at, id) > ($3, $4))
order by booked_at, id limit $5
"""


async def suspense(
    tx: Tx, market_id: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[InSuspense]:
    """List what waits in suspense, oldest first; `after` is the last `(booked_at, line_id)`."""
    moment, id = after or (None, None)
    size = max(1, min(limit, PAGE_MAX))
    return await tx.fetch(InSuspense, _IN_SUSPENSE, market_id, tx.now, moment, id, size)


async def resolve(
    tx: Tx, market_id: UUID, line_id: UUID, to: Assignment, *, by: UUID, reason: str
) -> StatementLine | Refused:
    """Assign what a line has in suspense, once; keeps who, when and why.

    Refused unless `by` runs the market, and as `insufficient_funds` where it
    is to come out of a wallet that has not so much.
    """
    if not await members.is_operator(tx, market_id, by):
        return Refused(FundingCode.OPERATOR_ONLY)
    why = members.checked_reason(reason)
    if isinstance(why, Refused):
        return why
    other = [to.line_id] if isinstance(to, ToSender) else []
    locked = {row.id: row for row in await lock(tx, StatementLine, [line_id, *other])}
    for id in (line_id, *other):
        if refused := _unresolvable(market_id, id, locked.get(id)):
            return refused
    line = locked[line_id]
    if isinstance(to, ToSender):
        done = _cancelled(tx, line, locked[to.line_id], by, why)
    else:
        done = await _moved(tx, line, to, by, why)
    if isinstance(done, Refused):
        return done
    await _write(tx, done)
    await members.record_action(
        tx, market_id=market_id, actor_id=by, action="suspense.resolved", subject=line_id,
        reason=why,
    )  # fmt: skip
    if isinstance(to, ToWallet):
        await outbox.emit(tx, [_event(tx, done[0], to.member_id)])
    return done[0]


def _unresolvable(market_id: UUID, id: UUID, line: StatementLine | None) -> Refused | None:
    if line is None or line.market_id != market_id:
        return Refused(FundingCode.LINE_UNKNOWN, {"line_id": str(id)})
    if line.suspense_amount is None:
        return Refused(FundingCode.NOT_IN_SUSPENSE, {"line_id": str(id)})
    if line.resolved_at is not None:
        at = line.resolved_at.isoformat()
        facts = {"line_id": str(id), "as": line.resolved_as, "at": at}
        return Refused(FundingCode.ALREADY_RESOLVED, facts)
    return None


def _cancelled(
    tx: Tx, line: StatementLine, other: StatementLine, by: UUID, reason: str
) -> list[StatementLine] | Refused:
    """Let two opposite lines cancel each other: suspense has the one and owes the other."""
    amounts = (line.suspense_amount or 0, other.suspense_amount or 0)
    same_money = (line.currency, line.provider) == (other.currency, other.provider)
    if not same_money or sum(amounts) != 0:
        return Refused(FundingCode.NOT_OPPOSITE, {"amount": amounts[0], "other": amounts[1]})
    how: dict[str, Any] = {"resolved_as": "sender", "resolved_by": by, "resolved_at": tx.now}
    return [
        replace(one, resolved_with=two.id, resolve_reason=reason, **how)
        for one, two in ((line, other), (other, line))
    ]


async def _moved(
    tx: Tx, line: StatementLine, to: ToWallet | ToFees | ToGuarantee, by: UUID, reason: str
) -> list[StatementLine] | Refused:
    account = await _account(tx, line, to)
    if isinstance(account, Refused):
        return account
    kind, name = account
    held = ledger.house(line.market_id, ledger.Kind.SUSPENSE, line.currency)
    amount = line.suspense_amount or 0
    debit, credit = (held, name) if amount > 0 else (name, held)
    journal = ledger.Journal(
        id=ids.derive(line.id, "resolved"),
        market_id=line.market_id,
        actor_id=by,
        code="suspense.resolved",
        subject_id=line.id,
        legs=(ledger.Move(debit, credit, abs(amount)),),
    )
    [outcome] = await ledger.post(tx, [journal])
    if isinstance(outcome, Refused):
        return outcome
    return [
        replace(
            line, resolved_as=kind, resolved_transfer_id=outcome.transfer_ids[0],
            resolved_by=by, resolved_at=tx.now, resolve_reason=reason,
        )
    ]  # fmt: skip


async def _account(
    tx: Tx, line: StatementLine, to: ToWallet | ToFees | ToGuarantee
) -> tuple[str, ledger.Name] | Refused:
    if isinstance(to, ToFees):
        return "fees", ledger.house(line.market_id, ledger.Kind.FEES, line.currency)
    if isinstance(to, ToGuarantee):
        return "guarantee", ledger.house(line.market_id, ledger.Kind.GUARANTEE, line.currency)
    owner = await members.member(tx, to.member_id)
    if owner is None or owner.market_id != line.market_id:
        return Refused(FundingCode.MEMBER_UNKNOWN, {"member_id": str(to.member_id)})
    return "wallet", ledger.wallet(line.market_id, owner.id, line.currency)


_WRITE = """
update payments_bank_line set resolved_as = $2, resolved_transfer_id = $3, resolved_with = $4,
    resolved_by = $5, resolved_at = $6, resolve_reason = $7
where id = $1
"""


async def _write(tx: Tx, resolved: Sequence[StatementLine]) -> None:
    for one in resolved:
        await tx.execute(
            _WRITE, one.id, one.resolved_as, one.resolved_transfer_id, one.resolved_with,
            one.resolved_by, one.resolved_at, one.resolve_reason,
        )  # fmt: skip


def _event(tx: Tx, line: StatementLine, member_id: UUID) -> outbox.Event:
    return outbox.event(
        tx,
        market_id=line.market_id,
        subject=line.id,
        kind="suspense.resolved",
        body={
            "id": str(line.id),
            "currency": line.currency,
            "amount": line.suspense_amount,
            "reason": line.resolve_reason,
        },
        audience=[member_id],
    )
