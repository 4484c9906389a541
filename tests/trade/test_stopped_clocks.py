"""A stopped clock: no deadline comes nearer while it stands, and none is lost or won by it."""

from datetime import timedelta
from uuid import UUID

import pytest

from serai import logistics, trade
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from tests.world import World, arrived, ask, bought, good, later, scan, shipped, sound

pytestmark = pytest.mark.money


async def stopped(tx: Tx, world: World, order_id: UUID) -> UUID:
    command = ask(tx, world, trade.Stop, world.ines, order_id, reason="is it genuine?")
    return good((await trade.stop_orders(tx, [command]))[0]).freeze_id


async def resumed(tx: Tx, world: World, order_id: UUID, freeze_id: UUID) -> trade.Moved:
    command = ask(
        tx, world, trade.Resume, world.ines, order_id, freeze_id=freeze_id, reason="it is"
    )
    return good((await trade.resume_orders(tx, [command]))[0])


async def called_off(tx: Tx, world: World, order_id: UUID) -> trade.Moved | Refused:
    command = ask(tx, world, trade.Cancel, world.ana, order_id)
    return (await trade.cancel_orders(tx, [command]))[0]


async def test_what_arrives_while_the_clock_stands_has_its_whole_time_after(
    tx: Tx, world: World
) -> None:
    order_id = await shipped(tx, world)
    freeze_id = await stopped(tx, world, order_id)
    later(tx, days=5)
    [parcel] = (await logistics.parcels_of(tx, [order_id]))[order_id]
    good((await logistics.scan(tx, [scan(tx, world, parcel.id, logistics.Step.DELIVER)]))[0])
    good((await trade.deliver_orders(tx, [arrived(tx, world, order_id)]))[0])
    later(tx, days=15)

    moved = await resumed(tx, world, order_id, freeze_id)

    assert moved.deadline_at == tx.now + timedelta(days=10)
    assert moved.stopped_at is None
    await sound(tx)


async def test_a_seller_who_may_not_ship_is_not_late(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world)
    later(tx, hours=2)
    freeze_id = await stopped(tx, world, order_id)
    later(tx, hours=80)

    early = await called_off(tx, world, order_id)

    assert early == Refused("too_early", {"from": (tx.now + timedelta(hours=70)).isoformat()})
    await resumed(tx, world, order_id, freeze_id)
    assert isinstance(await called_off(tx, world, order_id), Refused)
    later(tx, hours=70)
    good(await called_off(tx, world, order_id))
    await sound(tx)


async def test_who_was_late_before_the_clock_stopped_stays_late(tx: Tx, world: World) -> None:
    order_id = await bought(tx, world)
    later(tx, hours=73)
    await stopped(tx, world, order_id)
    later(tx, hours=1)
    good(await called_off(tx, world, order_id))
    await sound(tx)
