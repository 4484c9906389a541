"""A street with a bank on it: a market, three people, the sandbox bank and a worker.

Ana and Ben have wallets, Ines runs the market. Amounts are fen (CNY). What
happens here commits, because the bank keeps its books in transactions of its own.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from serai import ledger, members, payments
from serai.kernel import ids, timers
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Database, Tx
from serai.ledger import Kind
from serai.payments import Provider, SandboxBank, TopUp, Transfer, Withdraw

T = TypeVar("T")
C = TypeVar("C")
R = TypeVar("R")

PROOFS = (
    ledger.balanced,
    ledger.replayed,
    ledger.covered,
    ledger.ended_once,
    payments.lines_matched,
    payments.payouts_accounted,
)

PAYOUT_LIVES = {
    "paid": ["pending", "in_transit", "paid"],
    "failed": ["pending", "in_transit", "failed"],
    "returned": ["pending", "in_transit", "paid", "returned"],
}


def good(outcome: T | Refused | None) -> T:
    """Insist that something was not refused."""
    assert outcome is not None
    assert not isinstance(outcome, Refused), outcome
    return outcome


async def sound(tx: Tx) -> None:
    for check in PROOFS:
        proof = await check(tx)
        assert proof.holds, proof


async def found(tx: Tx, slug: str = "street") -> UUID:
    new = members.NewMarket(slug=slug, name="Street", currency="CNY", country="CN")
    return good(await members.found_market(tx, new)).market.id


async def join(tx: Tx, market_id: UUID, name: str) -> UUID:
    """Make somebody a member without the cost of a password."""
    id = ids.new(tx.now)
    email = f"{name.lower()}.{id.hex}@example.org"
    await tx.insert([members.Member(id, market_id, name, email, None, "en", tx.now)])
    return id


async def fund(
    tx: Tx, market_id: UUID, member_id: UUID, amount: int, currency: str = "CNY"
) -> UUID:
    """Put money into a wallet the way it comes there: a top-up that the bank has paid."""
    command = topping_up(tx, market_id, member_id, amount, currency=currency)
    [requested] = await payments.top_up(tx, [command])
    topup_id = good(requested).id
    await say(tx, market_id, topup_id, payments.Word.PAID)
    return topup_id


async def say(
    tx: Tx, market_id: UUID, ask_id: UUID, word: payments.Word, *, id: UUID | None = None
) -> payments.Heard | Refused:
    answer_id = id or ids.new(tx.now)
    answer = payments.Answer(answer_id, market_id, ask_id, word, "so it is", tx.now)
    [outcome] = await payments.hear(tx, [payments.hearing("sandbox", answer)])
    return outcome


def topping_up(
    tx: Tx,
    market_id: UUID,
    member_id: UUID,
    amount: int = 10_000,
    *,
    currency: str = "CNY",
    account: str = "SANDBOX-OK",
    provider: str = "sandbox",
) -> TopUp:
    return TopUp(
        id=ids.new(tx.now), market_id=market_id, actor_id=member_id, amount=amount,
        currency=currency, account=account, provider=provider,
    )  # fmt: skip


def withdrawal(
    tx: Tx, market_id: UUID, member_id: UUID, amount: int, *, account: str = "SANDBOX-OK"
) -> Withdraw:
    return Withdraw(
        id=ids.new(tx.now), market_id=market_id, actor_id=member_id, amount=amount,
        currency="CNY", account=account, holder="Ana Ng",
    )  # fmt: skip


def transfer(
    tx: Tx, market_id: UUID, from_id: UUID, to_id: UUID, amount: int, *, currency: str = "CNY"
) -> Transfer:
    return Transfer(
        id=ids.new(tx.now), market_id=market_id, actor_id=from_id, to_id=to_id, amount=amount,
        currency=currency, note="for the tea",
    )  # fmt: skip


async def available(tx: Tx, member_id: UUID, currency: str = "CNY") -> int:
    found = {one.currency: one.available for one in await payments.wallets(tx, member_id)}
    return found.get(currency, 0)


async def house(tx: Tx, market_id: UUID, kind: Kind, currency: str = "CNY") -> int:
    return sum(
        account.balance
        for account in await ledger.house_accounts(tx, market_id)
        if account.kind is kind and account.currency == currency
    )


async def told(tx: Tx, subject: UUID) -> list[str]:
    """List the kinds of events about one thing, in their order."""
    return await tx.values("select kind from kernel_event where subject = $1 order by id", subject)


class Street:
    """The market, its people, its bank and its worker, in a database of the test's own."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.bank = SandboxBank(database)
        self.market = self.ana = self.ben = self.ines = UUID(int=0)

    async def open(self) -> "Street":
        async with self.database.tx() as tx:
            self.market = await found(tx)
            self.ana, self.ben, self.ines = [
                await join(tx, self.market, name) for name in ("Ana", "Ben", "Ines")
            ]
            operator = members.RoleGrant(
                self.ines, members.Role.OPERATOR, self.market, None, tx.now
            )
            await tx.insert([operator])
        return self

    async def run(self, do: Callable[[Tx, Sequence[C]], Awaitable[Sequence[R]]], command: C) -> R:
        async with self.database.tx() as tx:
            [outcome] = await do(tx, [command])
        return outcome

    async def top_up(self, amount: int = 10_000, account: str = "SANDBOX-OK") -> UUID:
        async with self.database.tx() as tx:
            command = topping_up(tx, self.market, self.ana, amount, account=account)
            [outcome] = await payments.top_up(tx, [command])
        return good(outcome).id

    async def withdraw(self, amount: int = 4_000, account: str = "SANDBOX-OK") -> UUID:
        async with self.database.tx() as tx:
            command = withdrawal(tx, self.market, self.ana, amount, account=account)
            [outcome] = await payments.withdraw(tx, [command])
        return good(outcome).id

    async def funded(self, amount: int = 10_000) -> UUID:
        """Give Ana money: a top-up that the bank has paid and booked."""
        id = await self.top_up(amount)
        await self.work()
        assert await self.hers() == amount
        return id

    async def fire(self, provider: Provider | None = None) -> int:
        """Let the worker carry out the timers that are due."""
        handlers = payments.handlers({"sandbox": provider or self.bank})
        return await timers.fire(self.database, handlers)

    async def listen(self, provider: Provider | None = None) -> int:
        return await payments.listen(self.database, provider or self.bank)

    async def work(self, after: timedelta = timedelta(0)) -> None:
        """Let some time pass, and the worker do what there is to do; then check everything."""
        self.clock.advance(after)
        while await self.fire() + await self.listen():
            pass
        await self.sound()

    async def sound(self) -> None:
        async with self.database.snapshot() as tx:
            await sound(tx)

    async def state(self, id: UUID) -> str:
        async with self.database.tx() as tx:
            payout, topup = await payments.payout(tx, id), await payments.topup(tx, id)
        if payout is not None:
            return str(payout.payout.state)
        assert topup is not None
        return str(topup.deposit.state)

    async def steps(self, id: UUID) -> list[str]:
        async with self.database.tx() as tx:
            life = await payments.payout(tx, id) or await payments.topup(tx, id)
        assert life is not None
        return [step.state for step in life.steps]

    async def hers(self) -> int:
        async with self.database.tx() as tx:
            return await available(tx, self.ana)

    async def house(self, kind: Kind) -> int:
        async with self.database.tx() as tx:
            return await house(tx, self.market, kind)

    async def told(self, subject: UUID) -> list[str]:
        async with self.database.tx() as tx:
            return await told(tx, subject)

    async def count(self, table: str) -> int:
        async with self.database.tx() as tx:
            return int(await tx.value(f"select count(*) from {table}"))

    async def suspense(self) -> list[payments.InSuspense]:
        async with self.database.tx() as tx:
            return await payments.suspense(tx, self.market)

    async def silent(self) -> list[payments.Silent]:
        async with self.database.tx() as tx:
            return await payments.silent(tx, self.market)
