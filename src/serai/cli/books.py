"""The books of a market, read while a trade goes on: what moved, what stands where."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from msgspec import Struct

if TYPE_CHECKING:
    from serai.kernel.tx import Database
    from serai.ledger import Account, SheetLine, Transfer
    from serai.members import Market


class Moved(Struct, frozen=True):
    """A row of the ledger, its accounts named as people would. Minor units."""

    id: str
    at: datetime
    debit: str
    credit: str
    amount: int
    currency: str
    phase: str
    code: str
    parent_id: str | None


class Standing(Struct, frozen=True):
    """An account, or several of a kind, and their counters. Minor units."""

    account: str
    currency: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int

    @property
    def posted(self) -> int:
        """Give debits less credits that are posted."""
        return self.debits_posted - self.credits_posted

    @property
    def pending(self) -> int:
        """Give debits less credits that are pending."""
        return self.debits_pending - self.credits_pending


class BalanceSheet(Struct, frozen=True):
    """Every account of the market in one currency, and what all of them come to: nothing."""

    currency: str
    accounts: list[Standing]
    posted: int
    pending: int
    balances: bool


class Books:
    """The ledger as seen by one trade; remembers which rows were shown already."""

    def __init__(self, database: "Database", market: "Market", bank: str) -> None:
        self._database = database
        self._market = market
        self._bank = bank
        self._began = database.clock.now()
        self._people: dict[UUID, str] = {}
        self._seen: set[UUID] = set()

    def know(self, member_id: str, name: str) -> None:
        """Remember whose wallet it is."""
        self._people[UUID(member_id)] = name

    async def moved(self, subjects: Iterable[str]) -> list[Moved]:
        """List the rows about these things that were not listed before."""
        from serai import ledger

        watched = list(self._watched())
        rows: list[Transfer] = []
        async with self._database.tx() as tx:
            for subject in subjects:
                rows += await ledger.transfers_about(tx, UUID(subject), watched, self._began)
            fresh = sorted((r for r in rows if r.id not in self._seen), key=lambda r: (r.at, r.id))
            sides = {id for row in fresh for id in (row.debit_id, row.credit_id)}
            accounts = await ledger.accounts(tx, list(sides))
        self._seen.update(row.id for row in fresh)
        return [self._shown(row, accounts) for row in fresh]

    def _watched(self) -> Iterable[UUID]:
        """Name the accounts that a trade can touch in the market's currency."""
        from serai import ledger

        market_id, currency = self._market.id, self._market.currency
        for owner_id in self._people:
            yield ledger.wallet(market_id, owner_id, currency).id
        yield ledger.cash(market_id, self._bank, currency).id
        for kind in (ledger.Kind.IN_TRANSIT, ledger.Kind.FEES, ledger.Kind.GUARANTEE):
            yield ledger.house(market_id, kind, currency).id

    def _shown(self, row: "Transfer", accounts: dict[UUID, "Account"]) -> Moved:
        debit, credit = accounts[row.debit_id], accounts[row.credit_id]
        parent = str(row.parent_id) if row.parent_id else None
        return Moved(
            str(row.id), row.at, self._name(debit), self._name(credit), row.amount,
            debit.currency, str(row.phase), row.code, parent,
        )  # fmt: skip

    def _name(self, account: "Account") -> str:
        if account.owner_id is None:
            return _label(account)
        return f"{self._people.get(account.owner_id, 'unknown')}'s wallet"

    async def balance_sheet(self) -> BalanceSheet:
        """Add up every account of the market in its currency; those of the trade stand apart."""
        from serai import ledger

        currency = self._market.currency
        names = [ledger.wallet(self._market.id, owner, currency) for owner in self._people]
        async with self._database.snapshot() as tx:
            sheet = await ledger.balance_sheet(tx, self._market.id)
            wallets = await ledger.accounts(tx, [name.id for name in names])
        lines = [line for line in sheet if line.currency == currency]
        standings = [_standing(self._name(one), one) for one in wallets.values()]
        for line in lines:
            if line.kind is ledger.Kind.WALLET:
                standings += _rest(line, list(wallets.values()))
            else:
                standings.append(_standing(_label(line), line))
        posted, pending = sum(s.posted for s in standings), sum(s.pending for s in standings)
        return BalanceSheet(currency, standings, posted, pending, posted == 0 and pending == 0)


def _label(account: "Account | SheetLine") -> str:
    name = account.kind.replace("_", " ")
    return f"{name} at {account.label}" if account.label else name


def _standing(name: str, counted: "Account | SheetLine") -> Standing:
    return Standing(
        name, counted.currency, counted.debits_posted, counted.credits_posted,
        counted.debits_pending, counted.credits_pending,
    )  # fmt: skip


def _rest(line: "SheetLine", known: list["Account"]) -> list[Standing]:
    """Give the wallets that are nobody's of this trade, as one line; none where there are none."""
    others = line.accounts - len(known)
    if others == 0:
        return []

    def left(counter: str) -> Any:  # noqa: ANN401  a counter
        return getattr(line, counter) - sum(getattr(account, counter) for account in known)

    counters = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")
    return [Standing(f"{others} other wallets", line.currency, *map(left, counters))]
