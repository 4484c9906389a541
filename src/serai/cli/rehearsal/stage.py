"""The stage: the market while its past is played, and everybody whom the play has met.

The halls do the work and keep the books; what stands here is only how the
content's e-mail addresses, slugs and SKUs translate into their ids.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct

from serai import catalog, ledger, members, payments, trade, worker
from serai.cli.demo_market import DemoMarket
from serai.cli.founding import new_password
from serai.cli.rehearsal.agenda import Agenda, Entry
from serai.cli.rehearsal.model import Fate, Login, Plan
from serai.kernel import ids, outbox, timers
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Database

T = TypeVar("T")

BATCH = 5_000
"""More than is ever due at one moment of a rehearsal."""


LOOKED_INTO = timedelta(days=2)
"""How long an order stands still that the market has stopped."""


class RehearsalError(Exception):
    """A hall declined what the plan had foreseen to be right: the plan or the hall has a bug."""


class Deal(Struct, frozen=True):
    """An order of the rehearsal, and what is to become of it."""

    order_id: UUID
    email: str
    buyer_id: UUID
    shop: str
    seller_id: UUID
    total: int
    fate: Fate


class Stage:
    """A market being rehearsed. `clock` moves everything on it."""

    def __init__(
        self, database: Database, clock: ManualClock, content: DemoMarket, plan: Plan
    ) -> None:
        self.database = database
        self.clock = clock
        self.content = content
        self.plan = plan
        self.agenda = Agenda()
        self.market: members.Market
        self.operator_id: UUID
        self.couriers: list[UUID] = []
        self.members: dict[str, UUID] = {}
        self.addresses: dict[str, UUID] = {}
        self.shops: dict[str, members.Shop] = {}
        self.variants: dict[str, UUID] = {}
        self.categories: dict[str, UUID] = {}
        self.listed: list[UUID] = []
        self.pictures: Mapping[str, catalog.Stored] = {}
        self.logins: dict[str, Login] = {}
        self.people = {person.email: person for person in content.people}
        self.placed = 0
        self.acted = False
        """Whether anything was done of which the reactions do not know yet."""
        self.heard_at = clock.now()
        self._banks = worker.banks(database)
        self._handlers = {**trade.handlers, **payments.handlers(self._banks)}
        self._reactions = worker.reactions()

    def login(self, role: str, name: str, email: str) -> Login:
        """Give somebody a password that nobody else has."""
        made = Login(role, name, email, new_password())
        self.logins[email] = made
        return made

    def command(self, actor_id: UUID) -> dict[str, Any]:
        """Begin a command of somebody's, at this moment."""
        id = ids.new(self.clock.now())
        return {"id": id, "market_id": self.market.id, "actor_id": actor_id}

    async def work(self) -> None:
        """Do what the market does by itself: bring events to reactions, fire timers."""
        if self.acted:
            self.acted = False
            await outbox.deliver(self.database, self._reactions, limit=BATCH)
        await self.fire_timers()

    async def fire_timers(self) -> None:
        """Carry out what is due by itself."""
        if await timers.fire(self.database, self._handlers, limit=BATCH):
            self.acted = True

    async def hear_banks(self) -> None:
        """Ask the banks what is waiting to be asked, and hear what they have to say."""
        self.heard_at = self.clock.now()
        await self.fire_timers()
        for bank in self._banks.values():
            if await payments.listen(self.database, bank):
                self.acted = True

    async def come_to_rest(self) -> None:
        """Deliver what is left, and seal the ledger."""
        await self.hear_banks()
        await self.fire_timers()
        while await outbox.deliver(self.database, self._reactions, limit=BATCH):
            pass
        await self.seal()

    async def seal(self) -> None:
        """Close the chain over what the ledger has by now."""
        await ledger.seal(self.database, self.market.id)

    def next_payout(self, shop: str, after: datetime) -> datetime | None:
        """Tell when a shop's owner next takes money out."""
        times = (one.at for one in self.plan.payouts if one.shop == shop and one.at >= after)
        return next(times, None)


def agreed(outcomes: Iterable[T | Refused], doing: str) -> list[T]:
    """Take outcomes of which none may be a refusal; RehearsalError says which one is."""
    found: list[T] = []
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            raise RehearsalError(f"{doing} was refused: {outcome.code} {outcome.facts}")
        found.append(outcome)
    return found


def things(entries: Sequence[Entry], kind: type[T]) -> list[T]:
    """Take the things out of entries of one kind."""
    found = [entry.thing for entry in entries]
    assert all(isinstance(thing, kind) for thing in found)
    return found  # type: ignore[return-value]


Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""
