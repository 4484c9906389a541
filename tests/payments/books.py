"""Books beside a bank statement: a market in one transaction, and what its bank really has."""

from uuid import UUID

from serai import members, payments
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.ledger import Kind
from serai.payments import BankLine, Heard, Matched, Suspended, Word
from tests.payments.street import (
    available,
    found,
    fund,
    good,
    house,
    join,
    say,
    sound,
    topping_up,
    withdrawal,
)


class Books:
    """Ana's market in one transaction, its statement, and what the bank really has."""

    def __init__(self, tx: Tx, market: UUID, ana: UUID, ines: UUID) -> None:
        self.tx, self.market, self.ana, self.ines = tx, market, ana, ines
        self.bank_has = 0

    def line(self, amount: int, reference: object, *, currency: str = "CNY") -> BankLine:
        id, now = ids.new(self.tx.now), self.tx.clock.now()
        return BankLine(id, self.market, "sandbox", str(reference), currency, amount, now)

    async def read(self, *lines: BankLine) -> list[Matched | Suspended | Refused]:
        """Read lines, and check that the ledger's cash is now the bank's."""
        self.bank_has += sum(line.amount for line in lines)
        outcomes = await payments.reconcile(self.tx, lines)
        await sound(self.tx)
        return outcomes

    async def booked(self, amount: int, reference: object) -> Matched | Suspended | Refused:
        [outcome] = await self.read(self.line(amount, reference))
        return outcome

    async def asked(self, amount: int = 1_000) -> UUID:
        [outcome] = await payments.top_up(
            self.tx, [topping_up(self.tx, self.market, self.ana, amount)]
        )
        return good(outcome).id

    async def sent(self, amount: int = 1_000) -> UUID:
        """Fund Ana with just so much, statement and all, and let her withdraw it."""
        topup_id = await fund(self.tx, self.market, self.ana, amount)
        assert isinstance(await self.booked(amount, topup_id), Matched)
        [outcome] = await payments.withdraw(
            self.tx, [withdrawal(self.tx, self.market, self.ana, amount)]
        )
        return good(outcome).id

    async def in_transit(self, amount: int = 1_000) -> UUID:
        payout_id = await self.sent(amount)
        await self.tx.execute(
            "update payments_payout set state = 'in_transit' where id = $1", payout_id
        )
        step = payments.Step(
            payout_id, "in_transit", self.market, ids.new(self.tx.now), self.tx.now, None
        )
        await self.tx.insert([step])
        return payout_id

    async def say(self, id: UUID, word: Word) -> Heard | Refused:
        outcome = await say(self.tx, self.market, id, word)
        await sound(self.tx)
        return outcome

    async def state(self, id: UUID) -> str:
        payout, topup = await payments.payout(self.tx, id), await payments.topup(self.tx, id)
        return str(payout.payout.state if payout else topup.deposit.state if topup else None)

    async def hers(self) -> int:
        return await available(self.tx, self.ana)

    async def cash(self) -> int:
        return await house(self.tx, self.market, Kind.CASH)

    async def suspended(self) -> list[int]:
        return [one.amount for one in await payments.suspense(self.tx, self.market)]

    async def resolve(
        self, line: UUID, to: payments.Assignment, *, by: UUID | None = None
    ) -> payments.StatementLine | Refused:
        outcome = await payments.resolve(
            self.tx, self.market, line, to, by=by or self.ines, reason="she called the bank"
        )
        await sound(self.tx)
        return outcome

    async def stray(self, amount: int) -> UUID:
        line = self.line(amount, "no reference at all")
        assert await self.read(line) == [Suspended(line.id, None, amount)]
        return line.id


async def opened(tx: Tx) -> Books:
    """Found the market and let Ana and Ines, who runs it, join."""
    market = await found(tx)
    ana, ines = await join(tx, market, "Ana"), await join(tx, market, "Ines")
    await tx.insert([members.RoleGrant(ines, members.Role.OPERATOR, market, None, tx.now)])
    return Books(tx, market, ana, ines)
