"""A whole market against an ideal one: whatever is done in whatever order, they agree."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from serai import logistics, members, payments, trade
from serai.kernel import ids, outbox, timers
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from tests import world as worlds
from tests.conftest import START
from tests.trade.agreement import Here, agree, lamps
from tests.trade.ideal import Deal, Good, Ideal
from tests.walks import Walker, walk

pytestmark = pytest.mark.money

FEE_BP = 500
FUNDS = 200_000

ON_THE_WAY = ("shipped", "delivered")
REFUNDABLE = ("paid", *ON_THE_WAY, "completed", "completed")

which = st.integers(0, 1_000)
party = st.sampled_from([*["right"] * 8, "other side", "stranger"])
about_orders = st.lists(st.tuples(which, party), min_size=1, max_size=3)
amounts = st.one_of(st.none(), st.integers(0, 9_000))
wanted = st.dictionaries(
    st.sampled_from([0, 0, 0, 1, 1, 2, 2, 3, 4, 4]), st.integers(1, 2), min_size=1, max_size=2
)
pauses = st.sampled_from(
    [timedelta(seconds=1), timedelta(minutes=29), *[timedelta(hours=7)] * 2, timedelta(days=2),
     timedelta(days=4), timedelta(days=11), timedelta(days=31)]
)  # fmt: skip


class Market(Walker):
    """Two buyers, two sellers with three shops, a courier, an operator, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock(START)
        self.database = Here(self.connection, self.clock)
        self.ideal = Ideal(START, {}, FEE_BP)
        self.sent: list[tuple[Callable[..., Any], Any, Any]] = []

    # ── The market ───────────────────────────────────────────────────────────────────────

    @initialize()
    def found(self) -> None:
        self.run(self._found())

    async def _found(self) -> None:
        async with self.database.tx() as tx:
            self.world = w = await worlds.build(tx)
            terms = members.Terms(commission_bp=FEE_BP)
            worlds.good(await members.set_terms(tx, w.market_id, terms, by=None, reason="a test"))
            lamp_shop, lamp = await lamps(tx, w)
            for member, currency in ((w.ana, "CNY"), (w.ben, "CNY"), (w.ana, "EUR")):
                await worlds.fund(tx, w, member, FUNDS, currency)
                self.ideal.put(member, currency, FUNDS)
                self.ideal.came[currency] = self.ideal.came.get(currency, 0) + FUNDS
        stock = worlds.TEA_STOCK
        self.ideal.goods = {
            w.tea: Good(w.lin, w.tea_shop, "CNY", worlds.TEA_PRICE, stock),
            w.gift: Good(w.lin, w.tea_shop, "CNY", 3_000, stock, limit=worlds.GIFT_LIMIT),
            w.song: Good(w.lin, w.tea_shop, "CNY", 500, stock, digital=True),
            w.rug: Good(w.omar, w.rug_shop, "CNY", 80_000, stock),
            lamp: Good(w.omar, lamp_shop, "EUR", 2_000, 3),
        }

    def facts(self, actor: UUID) -> dict[str, Any]:
        id = ids.new(self.clock.now())
        return {"id": id, "market_id": self.world.market_id, "actor_id": actor}

    def send(self, write: Callable[..., Any], *commands: Any) -> list[Any]:  # noqa: ANN401
        """Have commands decided together, and the worker do what follows."""

        async def work() -> list[Any]:
            async with self.database.tx() as tx:
                outcomes = list(await write(tx, commands))
            await self._follow()
            return outcomes

        outcomes = self.run(work())
        self.sent += [(write, *pair) for pair in zip(commands, outcomes, strict=True)]
        return outcomes

    async def _follow(self) -> None:
        while await outbox.deliver(self.database, trade.reactions):
            pass

    # ── Buying ───────────────────────────────────────────────────────────────────────────

    @rule(baskets=st.lists(st.tuples(st.booleans(), wanted), min_size=1, max_size=3),
          pay=st.sampled_from([True, True, True, False]))  # fmt: skip
    def check_out(self, *, baskets: list[tuple[bool, dict[int, int]]], pay: bool) -> None:
        w = self.world
        goods = list(self.ideal.goods)
        commands = []
        for is_ana, basket in baskets:
            chosen = {goods[place]: quantity for place, quantity in basket.items()}
            buyer, door = (w.ana, w.anas_door) if is_ana else (w.ben, w.bens_door)
            wishes = tuple(trade.Wanted(*pair) for pair in chosen.items())
            commands.append(
                trade.Checkout(**self.facts(buyer), wanted=wishes, address_id=door, pay=pay)
            )
        outcomes = self.send(trade.place_orders, *commands)
        before: list[trade.Checkout] = []
        for command, outcome in zip(commands, outcomes, strict=True):
            reasons = self.ideal.against(command)
            if isinstance(outcome, Refused):
                # Of a batch, whoever is decided together with one that is refused in the
                # end may be told that what that one wanted is spoken for.
                assert outcome.code in reasons | self.ideal.against(command, *before), outcome
            else:
                assert reasons == set()
                self.placed(command, outcome)
            before.append(command)

    def placed(self, command: trade.Checkout, outcome: trade.Placed) -> None:
        bills = self.ideal.bills(command)
        assert {order.shop_id for order in outcome.orders} == set(bills)
        for order in outcome.orders:
            currency, total, goods, lines = bills[order.shop_id]
            assert (order.currency, order.total) == (currency, total)
            mine = [self.ideal.goods[variant] for variant in lines]
            digital = all(good.digital for good in mine)
            deal = Deal(
                command.actor_id, mine[0].seller, currency, goods, total, lines, digital, None
            )
            self.ideal.open(order.id, deal)
            if command.pay:
                self.ideal.hold(deal)

    # ── About orders ─────────────────────────────────────────────────────────────────────

    def chosen(self, number: int, *states: str) -> UUID:
        """Choose an order, mostly one in these states, sometimes any at all."""
        deals = self.ideal.deals
        fit = [id for id, deal in deals.items() if deal.state in states]
        among = fit if fit and number % 6 else list(deals)
        return among[number % len(among)]

    def actor(self, id: UUID, role: str, who: str) -> UUID:
        deal = self.ideal.deals[id]
        right, wrong = (deal.buyer, deal.seller) if role == "buyer" else (deal.seller, deal.buyer)
        if who == "stranger":
            return self.world.kai
        return right if who == "right" else wrong

    def pick(
        self, orders: list[tuple[int, str]], role: str, *states: str
    ) -> list[tuple[UUID, UUID]]:
        """Choose orders, and who sends a command about each."""
        chosen = [self.chosen(number, *states) for number, _ in orders]
        return [
            (id, self.actor(id, role, who)) for id, (_, who) in zip(chosen, orders, strict=True)
        ]

    def each(
        self,
        pairs: list[tuple[UUID, UUID]],
        kind: type[trade.OrderCommand],
        write: Callable[..., Any],
        ideally: Callable[[UUID, UUID], str | None],
    ) -> None:
        """Send a command about each order, all in one batch, and compare what became of it."""
        commands = [kind(**self.facts(by), order_id=id) for id, by in pairs]
        outcomes = self.send(write, *commands)
        for (id, by), outcome in zip(pairs, outcomes, strict=True):
            same(outcome, ideally(id, by))

    some_order = precondition(lambda self: bool(self.ideal.deals))

    @some_order
    @rule(number=which, steps=st.integers(1, 3))
    def go_on(self, number: int, steps: int) -> None:
        """Let an order go its good way, some steps at once, so that walks come far."""
        self.advance(self.chosen(number, "paid", *ON_THE_WAY), steps, scanned=bool(number % 3))

    def advance(self, id: UUID, steps: int, *, scanned: bool) -> None:
        deal = self.ideal.deals[id]
        for _ in range(steps):
            if deal.state == "paid":
                self.each([(id, deal.seller)], trade.Ship, trade.ship_orders, self.ideal.ship)
            elif deal.state == "shipped" and scanned:
                self.deliver(id)
            else:
                self.each(
                    [(id, deal.buyer)], trade.Confirm, trade.confirm_orders, self.ideal.confirm
                )

    @some_order
    @rule(orders=about_orders)
    def ship(self, orders: list[tuple[int, str]]) -> None:
        pairs = self.pick(orders, "seller", "paid")
        self.each(pairs, trade.Ship, trade.ship_orders, self.ideal.ship)

    @some_order
    @rule(orders=about_orders)
    def confirm(self, orders: list[tuple[int, str]]) -> None:
        pairs = self.pick(orders, "buyer", *ON_THE_WAY)
        self.each(pairs, trade.Confirm, trade.confirm_orders, self.ideal.confirm)

    @some_order
    @rule(orders=about_orders)
    def extend(self, orders: list[tuple[int, str]]) -> None:
        pairs = self.pick(orders, "buyer", *ON_THE_WAY)
        self.each(pairs, trade.Extend, trade.extend_orders, self.ideal.extend)

    @some_order
    @rule(orders=about_orders, role=st.sampled_from(["buyer", "seller"]))
    def cancel(self, orders: list[tuple[int, str]], role: str) -> None:
        pairs = self.pick(orders, role, "placed", "paid")
        self.each(pairs, trade.Cancel, trade.cancel_orders, self.ideal.cancel)

    @some_order
    @rule(orders=about_orders, amount=amounts)
    def refund(self, orders: list[tuple[int, str]], amount: int | None) -> None:
        pairs = self.pick(orders, "seller", *REFUNDABLE)
        commands = [
            trade.Refund(**self.facts(by), order_id=id, amount=amount, reason="a dent")
            for id, by in pairs
        ]
        outcomes = self.send(trade.refund_orders, *commands)
        batch = {id for id, _ in pairs}
        for (id, by), outcome in zip(pairs, outcomes, strict=True):
            expected = self.ideal.refund(id, by, amount)
            if expected == "order_state" and len(pairs) > len(batch):
                # Ended by the one before it in the batch: nothing is left, which says the same.
                assert isinstance(outcome, Refused)
                assert outcome.code in {"order_state", "refund_exceeds"}
            else:
                same(outcome, expected)

    @some_order
    @rule(number=which, more=st.booleans(), by_ana=st.booleans())
    def pay(self, *, number: int, more: bool, by_ana: bool) -> None:
        first = self.chosen(number, "placed")
        orders = [first, first, self.chosen(number + 1, "placed")] if more else [first]
        buyer = self.ideal.deals[first].buyer
        by = buyer if number % 5 else (self.world.ana if by_ana else self.world.omar)
        command = trade.Pay(**self.facts(by), order_ids=tuple(orders))
        [outcome] = self.send(trade.pay_orders, command)
        same(outcome, self.ideal.pay(orders, by))

    @some_order
    @rule(number=which)
    def hand_over(self, number: int) -> None:
        self.deliver(self.chosen(number, "shipped"))

    def deliver(self, id: UUID) -> None:
        """Have the courier scan the parcels of an order as handed over."""

        async def parcels() -> list[logistics.Parcel]:
            async with self.database.tx() as tx:
                return (await logistics.parcels_of(tx, [id]))[id]

        for parcel in self.run(parcels()):
            facts = self.facts(self.world.kai)
            command = logistics.Scan(
                **facts, parcel_id=parcel.id, step=logistics.Step.DELIVER,
                event_time=self.clock.now(), zone_offset_minutes=480,
            )  # fmt: skip
            [outcome] = self.send(logistics.scan, command)
            if not isinstance(outcome, Refused):
                self.ideal.arrive(id)

    # ── The operator, the bank, the clock ────────────────────────────────────────────────

    @some_order
    @rule(number=which)
    def stop(self, number: int) -> None:
        self.halt(self.chosen(number, "paid", *ON_THE_WAY))

    def halt(self, id: UUID) -> None:
        command = trade.Stop(**self.facts(self.world.ines), order_id=id, reason="is it genuine?")
        [outcome] = self.send(trade.stop_orders, command)
        same(outcome, self.ideal.stop(id))
        if isinstance(outcome, trade.Stopped):
            self.ideal.deals[id].freezes.add(outcome.freeze_id)

    @some_order
    @rule(number=which)
    def resume(self, number: int) -> None:
        frozen = [id for id, deal in self.ideal.deals.items() if deal.freezes]
        self.lift(frozen[number % len(frozen)] if frozen else self.chosen(number))

    def lift(self, id: UUID) -> None:
        freeze = min(self.ideal.deals[id].freezes, default=id)
        command = trade.Resume(
            **self.facts(self.world.ines), order_id=id, freeze_id=freeze, reason="it is"
        )
        [outcome] = self.send(trade.resume_orders, command)
        same(outcome, self.ideal.resume(id, freeze))

    @some_order
    @rule(number=which, before=pauses, after=pauses, arrives=st.booleans())
    def a_clock_stands(
        self, *, number: int, before: timedelta, after: timedelta, arrives: bool
    ) -> None:
        """Stop an order, let time pass, let it arrive perhaps and more time pass, and go on."""
        id = self.chosen(number, "paid", *ON_THE_WAY)
        self.halt(id)
        self.time_passes(before)
        if arrives:
            self.deliver(id)
            self.time_passes(after)
        buyer = self.ideal.deals[id].buyer
        self.each([(id, buyer)], trade.Cancel, trade.cancel_orders, self.ideal.cancel)
        self.lift(id)

    def somebody_earned(self) -> bool:
        return any(self.ideal.has(good.seller, good.currency) for good in self.ideal.goods.values())

    @precondition(lambda self: self.somebody_earned())
    @rule(seller=st.booleans(), currency=st.sampled_from(["CNY", "CNY", "EUR"]),
          some=st.one_of(st.none(), st.integers(1, 20_000)))  # fmt: skip
    def empty_a_wallet(self, *, seller: bool, currency: str, some: int | None) -> None:
        member = self.world.lin if seller and currency == "CNY" else self.world.omar
        self.withdraw(member, currency, some or max(1, self.ideal.has(member, currency)))

    def withdraw(self, member: UUID, currency: str, amount: int) -> None:
        command = payments.Withdraw(
            **self.facts(member), amount=amount, currency=currency, account="SANDBOX-OK",
            holder="A Seller",
        )  # fmt: skip
        same(
            self.send(payments.withdraw, command)[0], self.ideal.withdraw(member, currency, amount)
        )

    @precondition(lambda self: any(d.state == "completed" for d in self.ideal.deals.values()))
    @rule(number=which, amount=amounts)
    def a_seller_owes_what_he_has_spent(self, number: int, amount: int | None) -> None:
        done = [id for id, deal in self.ideal.deals.items() if deal.state == "completed"]
        id = done[number % len(done)]
        deal = self.ideal.deals[id]
        if left := self.ideal.has(deal.seller, deal.currency):
            self.withdraw(deal.seller, deal.currency, left)
        command = trade.Refund(**self.facts(deal.seller), order_id=id, amount=amount, reason="torn")
        same(self.send(trade.refund_orders, command)[0], self.ideal.refund(id, deal.seller, amount))
        for next_id, other in list(self.ideal.deals.items()):
            if other.seller == deal.seller and other.state in {"paid", *ON_THE_WAY}:
                # What he earns next goes to whom he owes.
                self.advance(next_id, 3, scanned=True)
                break

    @rule(by=pauses)
    def time_passes(self, by: timedelta) -> None:
        async def work() -> None:
            while await timers.fire(self.database, trade.handlers):
                await self._follow()

        self.clock.advance(by)
        self.run(work())
        self.ideal.pass_time(by)

    @precondition(lambda self: bool(self.sent))
    @rule(number=which)
    def a_lost_answer_is_asked_for_again(self, number: int) -> None:
        write, command, answer = self.sent[number % len(self.sent)]

        async def again() -> Sequence[Any]:
            async with self.database.tx() as tx:
                return list(await write(tx, [command, command]))

        assert self.run(again()) == [answer, answer]

    # ── Do they agree? ───────────────────────────────────────────────────────────────────

    @precondition(lambda self: bool(self.ideal.goods))
    @invariant()
    def every_promise_holds(self) -> None:
        async def check() -> None:
            async with self.database.tx() as tx:
                await agree(tx, self.world, self.ideal)
                broken = [p for p in await trade.audit(tx, trade.reactions) if not p.holds]
                assert broken == []

        self.run(check())


def same(outcome: object, expected: str | None) -> None:
    """Insist that a command was refused for the expected reason, or not at all."""
    assert (outcome.code if isinstance(outcome, Refused) else None) == expected, outcome


def test_the_market_agrees_with_an_ideal_one(scratch: str) -> None:
    walk(Market, scratch, examples=12, steps=40)
