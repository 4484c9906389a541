"""Promise 6, broken on purpose: the proofs name the shelf."""

from uuid import uuid4

import pytest

from serai import inventory
from serai.inventory import Movement
from serai.kernel.proof import Proof
from serai.kernel.tx import Tx
from tests.inventory.shop import SELLER, counters, stock, take

pytestmark = pytest.mark.money


async def _broken(tx: Tx) -> dict[str, Proof]:
    return {proof.name: proof for proof in await inventory.audit(tx) if not proof.holds}


async def test_untouched_books_hold_and_say_how_much_was_looked_at(tx: Tx) -> None:
    variant, order = await stock(tx, 5), uuid4()
    await inventory.reserve(tx, [take((variant, 2), order_id=order), take((variant, 1))])
    await inventory.claim(tx, [order], SELLER)
    proofs = await inventory.audit(tx)
    assert all(proof.holds for proof in proofs)
    assert [proof.checked for proof in proofs] == [1, 1, 1, 1]


async def test_a_unit_that_goes_astray_is_found(tx: Tx) -> None:
    variant = await stock(tx, 5)
    await tx.execute("update inventory_stock set on_hand = 4 where variant_id = $1", variant)
    broken = await _broken(tx)
    assert list(broken) == ["stock equals the sum of its movements"]
    (breach,) = broken["stock equals the sum of its movements"].breaches
    assert str(variant) in breach.rows[0]
    assert "on hand 4, moved 5" in breach.says


async def test_a_shelf_that_was_wiped_away_is_found(tx: Tx) -> None:
    variant = await stock(tx, 5)
    await inventory.reserve(tx, [take((variant, 1))])
    await tx.execute("delete from inventory_stock where variant_id = $1", variant)
    broken = await _broken(tx)
    assert set(broken) == {
        "stock equals the sum of its movements",
        "reserved stock equals live reservations",
    }


async def test_stock_held_for_nobody_is_found(tx: Tx) -> None:
    variant = await stock(tx, 5)
    await tx.execute("update inventory_stock set reserved = 2 where variant_id = $1", variant)
    assert "reserved stock equals live reservations" in await _broken(tx)


async def test_a_shelf_that_promises_more_than_it_has_is_found(tx: Tx) -> None:
    variant = await stock(tx, 5)
    # The table refuses this by itself: the proof must not rely on it.
    checks = await tx.values(
        "select conname from pg_constraint"
        " where conrelid = 'inventory_stock'::regclass and contype = 'c'"
    )
    for check in checks:
        await tx.execute(f"alter table inventory_stock drop constraint {check}")
    await tx.execute("update inventory_stock set reserved = 6 where variant_id = $1", variant)
    assert await counters(tx, variant) == (5, 6)
    assert "0 ≤ reserved ≤ on hand" in await _broken(tx)


async def test_a_second_end_is_found(tx: Tx) -> None:
    variant, order = await stock(tx, 5), uuid4()
    await inventory.reserve(tx, [take((variant, 2), order_id=order), take((variant, 2))])
    await inventory.claim(tx, [order], SELLER)
    columns = ", ".join(Movement.__struct_fields__[1:])
    await tx.execute(
        f"insert into inventory_movement (id, {columns}) select $1, {columns}"
        " from inventory_movement where kind = 'claim'",
        uuid4(),
    )
    await tx.execute("update inventory_stock set on_hand = 1, reserved = 0")
    broken = await _broken(tx)
    assert broken["a reservation ends once"].breaches[0].says == "a second end of a reservation"
    await tx.execute("delete from inventory_movement where kind = 'reserve'")
    broken = await _broken(tx)
    says = {breach.says for breach in broken["a reservation ends once"].breaches}
    assert says == {"ends a reservation that never was"}
