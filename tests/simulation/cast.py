"""The cast: what each does when drawn, and how often each is drawn."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from serai import logistics, payments, trade
from serai.kernel import ids
from serai.kernel.errors import Refused
from tests.simulation.play import Action, Play, worker_round

ACCOUNTS = ("SANDBOX-OK", "SANDBOX-FAIL", "SANDBOX-LATE", "SANDBOX-TWICE", "SANDBOX-SILENT")


def cast_of(play: Play) -> Sequence[tuple[float, Action]]:
    """List the actions with their weights."""
    told = _Cast(play)
    return (
        (3, told.buyer_tops_up),
        (10, told.buyer_buys),
        (3, told.buyer_pays),
        (2, told.somebody_cancels),
        (7, told.seller_ships),
        (7, told.courier_scans),
        (9, told.buyer_confirms),
        (1, told.buyer_extends),
        (3, told.seller_refunds),
        (2, told.seller_withdraws),
        (4, told.operator_stops),
        (2, told.operator_resumes),
        (6, told.worker_works),
        (4, told.time_passes),
    )


class _Cast:
    """The people, who know the play."""

    def __init__(self, play: Play) -> None:
        self.play = play

    def _id(self) -> UUID:
        return ids.new(self.play.clock.now())

    def _one_of(self, *things: Any) -> Any:  # noqa: ANN401
        return self.play.dice.choice(things)

    def _order(self) -> tuple[UUID, UUID, UUID] | None:
        """Draw an order, more likely a late one, with its buyer and seller."""
        orders = self.play.orders
        return orders[-1 - int(len(orders) * self.play.dice.random() ** 2)] if orders else None

    def _about(self, kind: type[Any], actor: UUID, order_id: UUID, **facts: object) -> Any:  # noqa: ANN401
        world = self.play.world
        return kind(
            id=self._id(), market_id=world.market_id, actor_id=actor, order_id=order_id, **facts
        )

    # ── Buyers ───────────────────────────────────────────────────────────────

    async def buyer_tops_up(self) -> None:
        world = self.play.world
        command = payments.TopUp(
            id=self._id(),
            market_id=world.market_id,
            actor_id=self._one_of(world.ana, world.ben),
            amount=self._one_of(5_000, 20_000, 200_000),
            currency="CNY",
            account=self._one_of(*ACCOUNTS, "SANDBOX-OK", "SANDBOX-OK"),
        )
        await self.play.send(payments.top_up, command)

    async def buyer_buys(self) -> None:
        world = self.play.world
        wares = (world.tea, world.gift, world.rug, world.song)
        wanted = [
            (self._one_of(*wares), self._one_of(1, 1, 2, 4)) for _ in range(self._one_of(1, 1, 2))
        ]
        buyer = self._one_of(world.ana, world.ben)
        pay = self.play.dice.random() < 0.8
        batch = [
            trade.Checkout(
                id=self._id(),
                market_id=world.market_id,
                actor_id=buyer,
                wanted=tuple(trade.Wanted(*one) for one in wanted),
                address_id=world.anas_door if buyer == world.ana else world.bens_door,
                pay=pay,
            )
            for _ in range(self._one_of(1, 1, 2))
        ]
        owners = {world.tea_shop: world.lin, world.rug_shop: world.omar}
        for outcome in await self.play.send(trade.place_orders, *batch):
            if not isinstance(outcome, Refused):
                self.play.orders += [(o.id, buyer, owners[o.shop_id]) for o in outcome.orders]

    async def buyer_pays(self) -> None:
        drawn = self._order()
        if drawn is None:
            return
        order_id, buyer, _ = drawn
        command = trade.Pay(
            id=self._id(),
            market_id=self.play.world.market_id,
            actor_id=buyer,
            order_ids=(order_id,),
        )
        await self.play.send(trade.pay_orders, command)

    async def buyer_confirms(self) -> None:
        """Confirm, now and then on purpose what was stopped."""
        stopped = [order for order, _ in self.play.freezes]
        drawn = self._one_of(*stopped) if stopped and self._one_of(0, 0, 1) else self._order()
        if drawn is not None:
            order_id, buyer, seller = drawn
            actor = self._one_of(buyer, buyer, buyer, seller)
            command = self._about(trade.Confirm, actor, order_id)
            await self.play.send(trade.confirm_orders, command)

    async def buyer_extends(self) -> None:
        drawn = self._order()
        if drawn is not None:
            order_id, buyer, _ = drawn
            command = self._about(trade.Extend, buyer, order_id)
            await self.play.send(trade.extend_orders, command)

    async def somebody_cancels(self) -> None:
        drawn = self._order()
        if drawn is not None:
            order_id, *parties = drawn
            actor = self._one_of(*parties)
            command = self._about(trade.Cancel, actor, order_id)
            await self.play.send(trade.cancel_orders, command)

    # ── Sellers ──────────────────────────────────────────────────────────────

    async def seller_ships(self) -> None:
        drawn = self._order()
        if drawn is not None:
            order_id, _, seller = drawn
            command = self._about(trade.Ship, seller, order_id)
            await self.play.send(trade.ship_orders, command)

    async def seller_refunds(self) -> None:
        drawn = self._order()
        if drawn is not None:
            order_id, _, seller = drawn
            amount = self._one_of(None, 100, 3_000, 50_000)
            batch = [
                self._about(trade.Refund, seller, order_id, amount=amount)
                for _ in range(self._one_of(1, 1, 2))
            ]
            await self.play.send(trade.refund_orders, *batch)

    async def seller_withdraws(self) -> None:
        world = self.play.world
        command = payments.Withdraw(
            id=self._id(),
            market_id=world.market_id,
            actor_id=self._one_of(world.lin, world.omar),
            amount=self._one_of(500, 5_000, 60_000),
            currency="CNY",
            account=self._one_of(*ACCOUNTS, "SANDBOX-RETURN"),
            holder="A seller",
        )
        await self.play.send(payments.withdraw, command)

    # ── Couriers, operators, the worker, time ────────────────────────────────

    async def courier_scans(self) -> None:
        drawn = self._order()
        if drawn is None:
            return
        parcel_id = ids.derive(drawn[0], "parcel")
        step = self._one_of(
            logistics.Step.ACCEPT, logistics.Step.ARRIVE, logistics.Step.DELIVER,
            logistics.Step.DELIVER, logistics.Step.ATTEMPT_FAIL,
        )  # fmt: skip
        command = logistics.Scan(
            id=self._id(),
            market_id=self.play.world.market_id,
            actor_id=self.play.world.kai,
            parcel_id=parcel_id,
            step=step,
            event_time=self.play.clock.now(),
            zone_offset_minutes=480,
        )
        await self.play.send(logistics.scan, command)

    async def operator_stops(self) -> None:
        drawn = self._order()
        if drawn is None:
            return
        ines = self.play.world.ines
        command = self._about(trade.Stop, ines, drawn[0], reason="is it genuine?")
        for outcome in await self.play.send(trade.stop_orders, command):
            if not isinstance(outcome, Refused):
                self.play.freezes.append((drawn, outcome.freeze_id))

    async def operator_resumes(self) -> None:
        if self.play.freezes:
            (order_id, _, _), freeze_id = self._one_of(*self.play.freezes)
            ines = self.play.world.ines
            command = self._about(trade.Resume, ines, order_id, freeze_id=freeze_id, reason="it is")
            await self.play.send(trade.resume_orders, command)

    async def worker_works(self) -> None:
        await worker_round(self.play)

    async def time_passes(self) -> None:
        hours = self._one_of(0.1, 0.6, 5, 30, 80, 260)
        self.play.clock.advance(timedelta(hours=hours))
