"""Posting: how journals become transfers and move the counters of accounts.

A batch of journals is decided in arrival order over counters held in memory,
after every account it touches was locked in id order. Each account is written
once a batch however many journals moved it, so the busiest is the cheapest.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from serai.kernel import timers
from serai.kernel.commands import once
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.tx import Tx, columns
from serai.ledger.model import (
    EXPIRY,
    Account,
    Code,
    Journal,
    Kind,
    Leg,
    Move,
    Phase,
    Posted,
    Reverse,
    Settle,
    Transfer,
    Void,
    end_id,
    opened,
    parents,
    pending_id,
    reversal_id,
)


async def transfer(tx: Tx, journals: Sequence[Journal]) -> list[Posted | Refused]:
    """Carry out journals as commands: the same id again gets the same answer.

    A refusal stays a refusal for its id, so that a repetition cannot turn out
    otherwise; a new try needs a new id.
    """
    return await once(tx, journals, post, Posted | Refused)


async def post(tx: Tx, journals: Sequence[Journal]) -> list[Posted | Refused]:
    """Carry out journals for a command that is already remembered; one outcome each.

    For the halls above, whose own command holds the answer. A refused journal
    changes nothing and the ones after it are still tried. Accounts that are
    named for the first time are opened.
    """
    earlier = await _transfers(tx, parents(journals))
    named = {
        name.id: name
        for journal in journals
        for leg in journal.legs
        if isinstance(leg, Move)
        for name in (leg.debit, leg.credit)
    }
    touched = set(named) | {i for t in earlier.values() for i in (t.debit_id, t.credit_id)}
    accounts = {account.id: account for account in await lock(tx, Account, touched)}
    missing = [name for id, name in named.items() if id not in accounts]
    if missing:
        await tx.ensure([opened(name, tx.now) for name in missing])
        accounts = {account.id: account for account in await lock(tx, Account, touched)}
    # Only now, behind the locks, is it certain which earlier transfers have ended.
    ends = await _transfers(tx, {end for id in earlier for end in (end_id(id), reversal_id(id))})
    book = _Book(accounts, earlier, ends, await _moment(tx, journals))
    outcomes = [book.carry_out(journal) for journal in journals]
    await tx.insert(book.written)
    await _write_counters(tx, book.changed())
    await timers.start(tx, _expiring(tx, journals, outcomes))
    return outcomes


def _expiring(
    tx: Tx, journals: Sequence[Journal], outcomes: Sequence[Posted | Refused]
) -> list[timers.Timer]:
    """Make the timers of those pending transfers that end by themselves."""
    return [
        timers.timer(
            tx,
            subject=pending_id(journal.id, number),
            kind=EXPIRY,
            market_id=journal.market_id,
            due_at=leg.expires_at,
        )
        for journal, outcome in zip(journals, outcomes, strict=True)
        if isinstance(outcome, Posted)
        for number, leg in enumerate(journal.legs)
        if isinstance(leg, Move) and leg.pending and leg.expires_at
    ]


async def insist(tx: Tx, journals: Sequence[Journal]) -> list[Posted]:
    """Carry out journals that cannot be refused, because the caller's locks saw to it.

    Raises `RuntimeError`, and so undoes the transaction, where one is.
    """
    posted: list[Posted] = []
    for outcome in await post(tx, journals):
        if isinstance(outcome, Refused):
            message = f"a journal was refused that had to stand: {outcome}"
            raise RuntimeError(message)  # noqa: TRY004  a bug, not a wrong type
        posted.append(outcome)
    return posted


class _Counters(Struct):
    """An account while a batch is decided."""

    account: Account
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int

    def covered(self) -> bool:
        """Tell whether the owner still has what is spent and held; only wallets must."""
        spent = self.debits_posted + self.debits_pending
        return self.account.kind is not Kind.WALLET or self.credits_posted >= spent


class _Decline(Exception):  # noqa: N818  raised and caught in this file alone
    def __init__(self, code: Code, **facts: object) -> None:
        self.refused = Refused(code, facts)


class _Book:
    """The accounts and transfers of one batch while it is decided."""

    def __init__(
        self,
        accounts: dict[UUID, Account],
        earlier: dict[UUID, Transfer],
        ends: dict[UUID, Transfer],
        at: datetime,
    ) -> None:
        self._counters = {
            id: _Counters(a, a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted)
            for id, a in accounts.items()
        }
        self._known = earlier | ends
        self._at = at
        self.written: list[Transfer] = []

    def carry_out(self, journal: Journal) -> Posted | Refused:
        """Apply every leg of a journal, or none."""
        done: list[Transfer] = []
        try:
            for number, leg in enumerate(journal.legs):
                transfer = self._plan(journal, number, leg)
                self._apply(transfer, 1)
                self._known[transfer.id] = transfer
                done.append(transfer)
                self._check(transfer)
        except _Decline as decline:
            for transfer in reversed(done):
                self._apply(transfer, -1)
                del self._known[transfer.id]
            return decline.refused
        self.written += done
        return Posted(journal.id, tuple(transfer.id for transfer in done))

    def changed(self) -> list[_Counters]:
        """List the accounts that any transfer of the batch moved."""
        moved = {id for t in self.written for id in (t.debit_id, t.credit_id)}
        return [self._counters[id] for id in sorted(moved)]

    def _plan(self, journal: Journal, number: int, leg: Leg) -> Transfer:
        if isinstance(leg, Move):
            return self._move(journal, number, leg)
        if isinstance(leg, Reverse):
            return self._reverse(journal, leg)
        return self._end(journal, leg)

    def _move(self, journal: Journal, number: int, leg: Move) -> Transfer:
        if leg.debit.currency != leg.credit.currency:
            raise _Decline(Code.CURRENCY_MISMATCH)
        if {leg.debit.market_id, leg.credit.market_id} != {journal.market_id}:
            raise _Decline(Code.OTHER_MARKET)
        phase = Phase.PENDING if leg.pending else Phase.POSTED
        row = self._row(
            journal, pending_id(journal.id, number), leg.debit.id, leg.credit.id, leg.amount, phase
        )
        return replace(row, subject_id=leg.subject_id) if leg.subject_id else row

    def _reverse(self, journal: Journal, leg: Reverse) -> Transfer:
        original = self._original(journal, leg.transfer_id)
        if original.phase not in {Phase.POSTED, Phase.SETTLED}:
            raise _Decline(Code.NOT_POSTED)
        id = reversal_id(original.id)
        if id in self._known:
            raise _Decline(Code.ALREADY_REVERSED)
        debit, credit = original.credit_id, original.debit_id
        return self._row(journal, id, debit, credit, original.amount, Phase.POSTED, original.id)

    def _end(self, journal: Journal, leg: Settle | Void) -> Transfer:
        pending = self._original(journal, leg.pending_id)
        if pending.phase is not Phase.PENDING:
            raise _Decline(Code.NOT_PENDING)
        id = end_id(pending.id)
        if id in self._known:
            raise _Decline(Code(f"already_{self._known[id].phase}"))
        amount = pending.amount
        if isinstance(leg, Settle):
            phase, amount = Phase.SETTLED, leg.amount if leg.amount is not None else amount
        else:
            phase = Phase.EXPIRED if leg.expired else Phase.VOIDED
        if amount > pending.amount:
            raise _Decline(Code.EXCEEDS_PENDING, pending=pending.amount, wanted=amount)
        debit, credit = pending.debit_id, pending.credit_id
        return self._row(journal, id, debit, credit, amount, phase, pending.id)

    def _original(self, journal: Journal, id: UUID) -> Transfer:
        original = self._known.get(id)
        if original is None or original.market_id != journal.market_id:
            raise _Decline(Code.TRANSFER_UNKNOWN)
        return original

    def _row(
        self,
        journal: Journal,
        id: UUID,
        debit: UUID,
        credit: UUID,
        amount: int,
        phase: Phase,
        parent: UUID | None = None,
    ) -> Transfer:
        if not 0 < amount <= AMOUNT_MAX:
            raise _Decline(Code.AMOUNT_OUT_OF_RANGE, most=AMOUNT_MAX)
        if debit == credit:
            raise _Decline(Code.SAME_ACCOUNT)
        return Transfer(
            id, journal.market_id, journal.id, debit, credit, amount, phase, parent,
            journal.code, journal.subject_id, self._at,
        )  # fmt: skip

    def _apply(self, transfer: Transfer, sign: int) -> None:
        debit, credit = self._counters[transfer.debit_id], self._counters[transfer.credit_id]
        if transfer.phase in {Phase.POSTED, Phase.SETTLED}:
            debit.debits_posted += sign * transfer.amount
            credit.credits_posted += sign * transfer.amount
        if transfer.phase is Phase.PENDING:
            debit.debits_pending += sign * transfer.amount
            credit.credits_pending += sign * transfer.amount
        elif transfer.phase is not Phase.POSTED and transfer.parent_id is not None:
            held = self._known[transfer.parent_id].amount
            debit.debits_pending -= sign * held
            credit.credits_pending -= sign * held

    def _check(self, transfer: Transfer) -> None:
        for id in (transfer.debit_id, transfer.credit_id):
            counters = self._counters[id]
            if not counters.covered():
                spent = counters.debits_posted + counters.debits_pending
                raise _Decline(
                    Code.INSUFFICIENT_FUNDS,
                    missing=spent - counters.credits_posted,
                    currency=counters.account.currency,
                )


_OF_IDS = f"select {columns(Transfer)} from ledger_transfer where id = any($1)"  # noqa: S608


async def _transfers(tx: Tx, wanted: set[UUID]) -> dict[UUID, Transfer]:
    if not wanted:
        return {}
    return {found.id: found for found in await tx.fetch(Transfer, _OF_IDS, list(wanted))}


_SEALED = "select max(last_at) from ledger_seal where market_id = any($1)"


async def _moment(tx: Tx, journals: Sequence[Journal]) -> datetime:
    """Take the time behind the locks, and never one that is sealed already.

    So transfers of an account are in the order of their times, and a machine
    whose clock is behind cannot write into the sealed past.
    """
    sealed: datetime | None = await tx.value(_SEALED, list({j.market_id for j in journals}))
    now = tx.clock.now()
    return now if sealed is None else max(now, sealed + timedelta(microseconds=1))


_WRITE_COUNTERS = """
update ledger_account as a
set debits_pending = new.debits_pending, debits_posted = new.debits_posted,
    credits_pending = new.credits_pending, credits_posted = new.credits_posted
from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
    as new(id, debits_pending, debits_posted, credits_pending, credits_posted)
where a.id = new.id
"""


async def _write_counters(tx: Tx, changed: list[_Counters]) -> None:
    if not changed:
        return
    await tx.execute(
        _WRITE_COUNTERS,
        [counters.account.id for counters in changed],
        [counters.debits_pending for counters in changed],
        [counters.debits_posted for counters in changed],
        [counters.credits_pending for counters in changed],
        [counters.credits_posted for counters in changed],
    )
