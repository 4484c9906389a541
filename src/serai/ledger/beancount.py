"""The whole journal as Beancount text, so that a program not ours can check our books.

What is held is shown as moved within the debited account, from `Available` to
`Held`, so that pending transfers are checked like posted ones. Every account's
counters are asserted at the end; `bean-check` fails if our replay and its
differ by a minor unit.
"""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from serai.kernel.money import Money, decimal
from serai.kernel.tx import Tx, columns
from serai.ledger.model import Account, Kind, Phase

_ROOTS = {
    Kind.CASH: "Assets:Cash",
    Kind.WALLET: "Liabilities:Wallet",
    Kind.FEES: "Income:Fees",
    Kind.PROMOTIONS: "Expenses:Promotions",
    Kind.GUARANTEE: "Liabilities:Guarantee",
    Kind.IN_TRANSIT: "Liabilities:InTransit",
    Kind.SUSPENSE: "Liabilities:Suspense",
}

_OPENED = f"select {columns(Account)} from ledger_account where market_id = $1 order by id"  # noqa: S608


class _Entry(Struct, frozen=True):
    id: UUID
    debit_id: UUID
    credit_id: UUID
    amount: int
    phase: Phase
    held: int | None
    code: str
    subject_id: UUID
    at: datetime


_ENTRIES = """
select t.id, t.debit_id, t.credit_id, t.amount, t.phase, parent.amount as held,
    t.code, t.subject_id, t.at
from ledger_transfer as t
left join ledger_transfer as parent on parent.id = t.parent_id and t.phase <> 'posted'
where t.market_id = $1 order by t.at, t.id
"""


async def beancount(tx: Tx, market_id: UUID) -> AsyncIterator[str]:
    """Write a market's journal, a piece of text at a time. Give it a snapshot."""
    accounts = {account.id: account for account in await tx.fetch(Account, _OPENED, market_id)}
    yield 'option "title" "Serai, the journal of a market"\n'
    yield f"; market {market_id}; amounts are exact\n\n"
    first = min((account.opened_at for account in accounts.values()), default=tx.now).date()
    for account in accounts.values():
        for part in ("Available", "Held"):
            yield f"{first} open {_name(account)}:{part} {account.currency}\n"
    last = first
    async for entry in tx.each(_Entry, _ENTRIES, market_id):
        last = max(last, entry.at.date())
        yield _entry(entry, accounts)
    for account in accounts.values():
        yield _assertions(account, last + timedelta(days=1))


def _name(account: Account) -> str:
    label = account.owner_id.hex if account.owner_id else account.label.title()
    words = "".join(letter for letter in label if letter.isalnum())
    tail = f":M{words}" if words else ""
    return f"{_ROOTS[account.kind]}{tail}:{account.currency}"


def _entry(entry: _Entry, accounts: dict[UUID, Account]) -> str:
    debit, credit = accounts[entry.debit_id], accounts[entry.credit_id]
    postings: list[tuple[str, int]] = []
    held = entry.amount if entry.phase is Phase.PENDING else -(entry.held or 0)
    if held:
        postings += [(f"{_name(debit)}:Available", held), (f"{_name(debit)}:Held", -held)]
    if entry.phase in {Phase.POSTED, Phase.SETTLED}:
        postings += [
            (f"{_name(debit)}:Available", entry.amount),
            (f"{_name(credit)}:Available", -entry.amount),
        ]
    lines = [f'\n{entry.at.date()} * "{entry.code}" "{entry.phase}"']
    lines += [f'  transfer: "{entry.id}"', f'  subject: "{entry.subject_id}"']
    lines += [f"  {name}  {_amount(minor, debit.currency)}" for name, minor in postings]
    return "\n".join(lines) + "\n"


def _assertions(account: Account, day: date) -> str:
    """Assert both parts of an account; in Beancount what is owed is below zero.

    `~ 0` because Beancount would else forgive a difference of one minor unit.
    """
    available = account.debits_posted + account.debits_pending - account.credits_posted
    parts = (("Available", available), ("Held", -account.debits_pending))
    return "\n" + "".join(
        f"{day} balance {_name(account)}:{part}  "
        f"{decimal(Money(minor, account.currency)):f} ~ 0 {account.currency}\n"
        for part, minor in parts
    )


def _amount(minor: int, currency: str) -> str:
    return f"{decimal(Money(minor, currency)):f} {currency}"
