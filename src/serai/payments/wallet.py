"""Wallets: money comes in, goes to another member, goes out.

Nothing here calls a bank. What is wanted of one is written down with a timer
that is due at once, and the worker does the calling.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from serai import ledger, members
from serai.kernel import ids, money, outbox, timers
from serai.kernel.commands import once
from serai.kernel.errors import Refused
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.tx import Tx
from serai.payments import claims
from serai.payments.asked import journal
from serai.payments.funding_model import (
    ASK_DEPOSIT,
    SEND_PAYOUT,
    Deposit,
    FundingCode,
    Payout,
    PayoutState,
    Step,
    ToppingUp,
    TopUp,
    TopUpState,
    Transfer,
    Transferred,
    Withdraw,
    Withdrawing,
    readable,
)
from serai.payments.payouts import legs
from serai.payments.providers import NAMES

ACCOUNT_MAX = 100
HOLDER_MAX = 100
NOTE_MAX = 200


class Wallet(Struct, frozen=True):
    """A member's money in one currency, in minor units: all of it, set aside, spendable."""

    currency: str
    posted: int
    held: int
    available: int


async def wallets(tx: Tx, member_id: UUID) -> list[Wallet]:
    """List a member's wallets, by currency."""
    found = await ledger.accounts_of(tx, member_id)
    return [Wallet(a.currency, a.balance, a.debits_pending, a.available) for a in found]


async def top_up(tx: Tx, commands: Sequence[TopUp]) -> list[ToppingUp | Refused]:
    """Ask members' banks for money; the wallets have it when the banks say so."""
    return await once(tx, commands, _top_up, ToppingUp | Refused)


async def _top_up(tx: Tx, commands: list[TopUp]) -> list[ToppingUp | Refused]:
    outcomes: list[ToppingUp | Refused] = []
    made: list[Deposit] = []
    steps: list[Step] = []
    for c in commands:
        if refused := _unfit(c) or _unreadable("account", c.account, 1, ACCOUNT_MAX):
            outcomes.append(refused)
            continue
        deposit = Deposit(
            ids.new(tx.clock.now()), c.market_id, c.actor_id, c.provider, c.account.strip(),
            c.currency, c.amount, TopUpState.REQUESTED, None, tx.now,
        )  # fmt: skip
        made.append(deposit)
        steps.append(Step(deposit.id, deposit.state, c.market_id, c.id, tx.now, None))
        outcomes.append(ToppingUp(deposit.id, c.currency, c.amount, tx.now))
    await tx.insert(made)
    await tx.insert(steps)
    await timers.start(tx, [_intent(tx, deposit, ASK_DEPOSIT) for deposit in made])
    return outcomes


async def withdraw(tx: Tx, commands: Sequence[Withdraw]) -> list[Withdrawing | Refused]:
    """Take money out of wallets and have it sent to its owners' banks.

    What the members owe the guarantee is taken first. Refused as the ledger
    refuses: `insufficient_funds` says how much is missing.
    """
    return await once(tx, commands, _withdraw, Withdrawing | Refused)


async def _withdraw(tx: Tx, commands: list[Withdraw]) -> list[Withdrawing | Refused]:
    refusals = {c.id: refused for c in commands if (refused := _unfit_withdrawal(c))}
    wanted = [c for c in commands if c.id not in refusals]
    pending = [
        Payout(
            ids.new(tx.clock.now()), c.market_id, c.actor_id, c.provider, c.account.strip(),
            c.holder.strip(), c.currency, c.amount, PayoutState.PENDING, None, tx.now,
        )
        for c in wanted
    ]  # fmt: skip
    journals = [_requested(payout) for payout in pending]
    made: list[Payout] = []
    steps: list[Step] = []
    answers: dict[UUID, Withdrawing | Refused] = dict(refusals)
    await _net(tx, wanted, journals)
    posted = await ledger.post(tx, journals)
    for c, payout, outcome in zip(wanted, pending, posted, strict=True):
        if isinstance(outcome, Refused):
            answers[c.id] = outcome
            continue
        made.append(payout)
        steps.append(Step(payout.id, payout.state, c.market_id, c.id, tx.now, None))
        answers[c.id] = Withdrawing(payout.id, c.currency, c.amount, tx.now)
    await tx.insert(made)
    await tx.insert(steps)
    await timers.start(tx, [_intent(tx, payout, SEND_PAYOUT) for payout in made])
    return [answers[c.id] for c in commands]


def _requested(payout: Payout) -> ledger.Journal:
    """Make the journal that takes the money out of the wallet."""
    taken = journal(payout, payout.member_id, legs(payout, PayoutState.PENDING))
    return replace(taken, code="payout.requested")


async def transfer(tx: Tx, commands: Sequence[Transfer]) -> list[Transferred | Refused]:
    """Give money of one member's wallet to another's; both are of the same market.

    What the giver owes the guarantee is taken first, so that nobody gives away
    what is owed.
    """
    return await once(tx, commands, _transfer, Transferred | Refused)


async def _transfer(tx: Tx, commands: list[Transfer]) -> list[Transferred | Refused]:
    people = {id for c in commands for id in (c.actor_id, c.to_id)}
    known = await members.members(tx, people)
    refusals = {c.id: refused for c in commands if (refused := _unfit_transfer(c, known))}
    wanted = [c for c in commands if c.id not in refusals]
    done = [
        Transferred(ids.new(tx.clock.now()), c.to_id, c.currency, c.amount, tx.now) for c in wanted
    ]
    journals = [_given(c, made) for c, made in zip(wanted, done, strict=True)]
    await _net(tx, wanted, journals)
    posted = await ledger.post(tx, journals)
    answers: dict[UUID, Transferred | Refused] = dict(refusals)
    events: list[outbox.Event] = []
    for c, made, outcome in zip(wanted, done, posted, strict=True):
        if isinstance(outcome, Refused):
            answers[c.id] = outcome
            continue
        answers[c.id] = made
        events.append(_told(tx, c, made))
    await outbox.emit(tx, events)
    return [answers[c.id] for c in commands]


def _given(command: Transfer, made: Transferred) -> ledger.Journal:
    giver = ledger.wallet(command.market_id, command.actor_id, command.currency)
    taker = ledger.wallet(command.market_id, command.to_id, command.currency)
    return ledger.Journal(
        id=made.id,
        market_id=command.market_id,
        actor_id=command.actor_id,
        code="wallet.transfer",
        subject_id=made.id,
        legs=(ledger.Move(giver, taker, command.amount),),
    )


def _told(tx: Tx, command: Transfer, made: Transferred) -> outbox.Event:
    return outbox.event(
        tx,
        market_id=command.market_id,
        subject=made.id,
        kind="wallet.transferred",
        body={
            "id": str(made.id),
            "from_id": str(command.actor_id),
            "to_id": str(command.to_id),
            "currency": command.currency,
            "amount": command.amount,
            "note": command.note.strip(),
        },
        audience=[command.actor_id, command.to_id],
    )


async def _net(
    tx: Tx,
    commands: Sequence[Withdraw] | Sequence[Transfer],
    journals: Sequence[ledger.Journal],
) -> None:
    """Take what the payers owe, before the journals that they ask for are posted."""
    legs = [leg for journal in journals for leg in journal.legs if isinstance(leg, ledger.Move)]
    moved = [name for leg in legs for name in (leg.debit, leg.credit)]
    await claims.net(tx, [command.actor_id for command in commands], moved)


def _intent(tx: Tx, subject: Deposit | Payout, kind: str) -> timers.Timer:
    return timers.timer(
        tx, subject=subject.id, kind=kind, market_id=subject.market_id, due_at=tx.now
    )


def _unfit_withdrawal(command: Withdraw) -> Refused | None:
    return (
        _unfit(command)
        or _unreadable("account", command.account, 1, ACCOUNT_MAX)
        or _unreadable("holder", command.holder, 1, HOLDER_MAX)
    )


def _unfit_transfer(command: Transfer, known: dict[UUID, members.Member]) -> Refused | None:
    if command.to_id == command.actor_id:
        return Refused(FundingCode.SAME_MEMBER)
    for id in (command.actor_id, command.to_id):
        if id not in known or known[id].market_id != command.market_id:
            return Refused(FundingCode.MEMBER_UNKNOWN, {"member_id": str(id)})
    return _unfit_amount(command) or _unreadable("note", command.note, 0, NOTE_MAX)


def _unfit(command: TopUp | Withdraw) -> Refused | None:
    if command.provider not in NAMES:
        facts = {"field": "provider", "offered": sorted(NAMES)}
        return Refused(FundingCode.PROVIDER_UNKNOWN, facts)
    return _unfit_amount(command)


def _unfit_amount(command: TopUp | Withdraw | Transfer) -> Refused | None:
    if not 0 < command.amount <= AMOUNT_MAX:
        return Refused(FundingCode.AMOUNT_OUT_OF_RANGE, {"most": AMOUNT_MAX})
    if not money.known(command.currency):
        return Refused(FundingCode.CURRENCY_UNKNOWN, {"field": "currency"})
    return None


def _unreadable(field: str, text: str, shortest: int, longest: int) -> Refused | None:
    if not shortest <= len(text.strip()) <= longest:
        facts = {"field": field, "min": shortest, "max": longest}
        return Refused(FundingCode.FIELD_INVALID, facts)
    if readable(text, len(text)) != text:
        return Refused(FundingCode.FIELD_INVALID, {"field": field, "expected": "printable text"})
    return None
