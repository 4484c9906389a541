"""Reconciliation: each line of a bank statement is matched with what the ledger has booked.

A line that names a top-up or payout which still waits is the bank's word, as
good as an answer. What a line says beyond what is booked for its reference, or
against it, goes to suspense; so the ledger's cash is what the bank's is, and
every difference has a line and an age.

Nothing comes in on the strength of a part: a top-up whose line falls short
fails and the whole line waits in suspense for a person, and a payout is
returned only by a line of its full amount. Else a cent with the right reference
would be credited as the whole.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from serai import ledger
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.tx import Tx, columns
from serai.payments.asked import Asked, Telling
from serai.payments.funding_model import (
    Deposit,
    FundingCode,
    Matched,
    PayoutState,
    Said,
    StatementLine,
    Subject,
    Suspended,
    TopUpState,
    readable,
)
from serai.payments.providers import BankLine
from serai.payments.topups import WAITING

REFERENCE_MAX = 140
"""ISO 20022's longest remittance reference."""

SHORT = "less came in than was asked for"

_KNOWN = f"select {columns(StatementLine)} from payments_bank_line where id = any($1)"  # noqa: S608


async def reconcile(tx: Tx, lines: Sequence[BankLine]) -> list[Matched | Suspended | Refused]:
    """Match lines of a statement, each once; one outcome a line, in order.

    A known id is answered as before, or refused as `id_reused` if it said
    something else; an amount that no account can bear as `amount_out_of_range`.
    """
    known = {row.id: row for row in await tx.fetch(StatementLine, _KNOWN, [x.id for x in lines])}
    fresh: dict[UUID, BankLine] = {}
    for line in lines:
        if line.id not in known and 0 < abs(line.amount) <= AMOUNT_MAX:
            fresh.setdefault(line.id, line)
    known |= {row.id: row for row in await _read(tx, list(fresh.values()))}
    return [_outcome(line, known.get(line.id)) for line in lines]


async def _read(tx: Tx, lines: Sequence[BankLine]) -> list[StatementLine]:
    """Decide new lines in their order, and write them."""
    references = {line.id: _reference(line) for line in lines}
    wanted = [id for id in references.values() if id is not None]
    asked = await Asked.lock(tx, wanted)
    sums = {(s.subject_id, s.incoming): s for s in await tx.fetch(_Sum, _SUMS, wanted)}
    rows: list[StatementLine] = []
    journals: list[ledger.Journal] = []
    for line in lines:
        subject = _subject(asked, line, references[line.id])
        if subject is None:
            difference, matched_id = line.amount, None
        else:
            subject = _heard(asked, subject, line)
            before = sums.get((subject.id, line.amount > 0), _Sum(subject.id, line.amount > 0))
            now = before.amount + line.amount
            difference = now - (_booked(subject, incoming=line.amount > 0) + before.suspended)
            matched_id = subject.id
            sums[subject.id, before.incoming] = _Sum(
                subject.id, before.incoming, now, before.suspended + difference
            )
        journals += [_suspense_journal(line, difference)] if difference else []
        rows.append(_row(tx, line, matched_id, difference))
    await asked.write(journals)
    await tx.insert(rows)
    return rows


class _Sum(Struct, frozen=True):
    """What the statement has said so far of one subject in one direction."""

    subject_id: UUID
    incoming: bool
    amount: int = 0
    suspended: int = 0


_SUMS = """
select matched_id as subject_id, amount > 0 as incoming, sum(amount)::bigint as amount,
    coalesce(sum(suspense_amount), 0)::bigint as suspended
from payments_bank_line where matched_id = any($1) group by matched_id, amount > 0
"""


def _reference(line: BankLine) -> UUID | None:
    try:
        return UUID(line.reference.strip())
    except ValueError:
        return None


def _subject(asked: Asked, line: BankLine, reference: UUID | None) -> Subject | None:
    if reference is None:
        return None
    found = asked.find(reference, line.market_id, line.provider)
    return found if found is not None and found.currency == line.currency else None


def _heard(asked: Asked, subject: Subject, line: BankLine) -> Subject:
    """Let a line be the bank's word, where it is one; gives the subject as it then is."""
    telling = _word(subject, line)
    if telling is not None:
        asked.tell(telling)
    return asked.find(subject.id, line.market_id, line.provider) or subject


def _word(subject: Subject, line: BankLine) -> Telling | None:
    whole = abs(line.amount) >= subject.amount
    if isinstance(subject, Deposit):
        if line.amount < 0 or subject.state not in WAITING:
            return None
        if whole:
            return Telling(subject.id, Said.PAID, line.id)
        return Telling(subject.id, Said.FAILED, line.id, SHORT)
    if line.amount < 0:
        waits = subject.state in {PayoutState.PENDING, PayoutState.IN_TRANSIT}
        return Telling(subject.id, Said.PAID, line.id) if waits else None
    # What was not sent yet cannot come back: its reference was used by somebody else.
    if whole and subject.state in {PayoutState.IN_TRANSIT, PayoutState.PAID}:
        return Telling(subject.id, Said.RETURNED, line.id)
    return None


def _booked(subject: Subject, *, incoming: bool) -> int:
    """Tell what the ledger has moved on `cash` for a subject, in one direction."""
    if isinstance(subject, Deposit):
        return subject.amount if incoming and subject.state is TopUpState.PAID else 0
    if incoming:
        return subject.amount if subject.state is PayoutState.RETURNED else 0
    went = subject.state in {PayoutState.PAID, PayoutState.RETURNED}
    return -subject.amount if went else 0


def _suspense_id(line_id: UUID) -> UUID:
    return ids.derive(line_id, "suspense")


def _suspense_journal(line: BankLine, difference: int) -> ledger.Journal:
    cash = ledger.cash(line.market_id, line.provider, line.currency)
    suspense = ledger.house(line.market_id, ledger.Kind.SUSPENSE, line.currency)
    debit, credit = (cash, suspense) if difference > 0 else (suspense, cash)
    return ledger.Journal(
        id=_suspense_id(line.id),
        market_id=line.market_id,
        actor_id=ids.derive(line.market_id, "provider", line.provider),
        code="bank.unmatched",
        subject_id=line.id,
        legs=(ledger.Move(debit, credit, abs(difference)),),
    )


def _row(tx: Tx, line: BankLine, matched_id: UUID | None, difference: int) -> StatementLine:
    return StatementLine(
        line.id, line.market_id, line.provider, readable(line.reference, REFERENCE_MAX),
        line.currency, line.amount, line.booked_at, tx.now, matched_id,
        ledger.pending_id(_suspense_id(line.id)) if difference else None, difference or None,
    )  # fmt: skip


def _outcome(line: BankLine, row: StatementLine | None) -> Matched | Suspended | Refused:
    if row is None:
        return Refused(FundingCode.AMOUNT_OUT_OF_RANGE, {"most": AMOUNT_MAX})
    said = (
        line.market_id, line.provider, readable(line.reference, REFERENCE_MAX),
        line.currency, line.amount, line.booked_at,
    )  # fmt: skip
    if said != (
        row.market_id, row.provider, row.reference, row.currency, row.amount, row.booked_at
    ):  # fmt: skip
        return Refused(FundingCode.ID_REUSED)
    if row.suspense_amount is not None:
        return Suspended(row.id, row.matched_id, row.suspense_amount)
    if row.matched_id is None:
        raise RuntimeError(f"line {row.id} is neither matched nor in suspense")
    return Matched(row.id, row.matched_id)
