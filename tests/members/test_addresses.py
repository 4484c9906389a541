import asyncio
from uuid import uuid4

import msgspec
import pytest

from serai import members
from serai.kernel.errors import Refused
from serai.kernel.tx import Database, Tx
from serai.members import Address, Member, NewAddress
from tests.members.conftest import HAMBURG, PATIENCE_S, SHANGHAI, Join, founded

HOME = NewAddress(
    recipient=" Anna  Ahlers ",
    phone="040 428280",
    lines=["Am Sandtorkai 1", "Hinterhaus"],
    postcode="20457",
    place_id=HAMBURG,
)


async def keep(tx: Tx, member: Member, **said: object) -> Address:
    kept = await members.add_address(tx, member.id, msgspec.structs.replace(HOME, **said))
    assert isinstance(kept, Address)
    return kept


async def test_an_address_stands_in_a_real_place(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    kept = await keep(tx, anna)
    assert (kept.recipient, kept.phone) == ("Anna Ahlers", "+4940428280")
    assert (kept.place.name, kept.place.country) == ("Hamburg", "DE")
    assert kept.place.timezone == "Europe/Berlin"
    assert await members.addresses_of(tx, anna.id) == [kept]
    assert await members.address(tx, anna.id, kept.id) == kept


async def test_an_order_keeps_its_copy_whatever_becomes_of_the_address(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    kept = await keep(tx, anna)
    frozen = kept.frozen()
    assert frozen == {
        "address_id": str(kept.id),
        "recipient": "Anna Ahlers",
        "phone": "+4940428280",
        "lines": ["Am Sandtorkai 1", "Hinterhaus"],
        "postcode": "20457",
        "place_id": HAMBURG,
        "city": "Hamburg",
        "country": "DE",
        "latitude": kept.place.latitude,
        "longitude": kept.place.longitude,
        "timezone": "Europe/Berlin",
    }
    assert msgspec.json.decode(msgspec.json.encode(frozen)) == frozen
    moved = await members.edit_address(
        tx, anna.id, kept.id, msgspec.structs.replace(HOME, place_id=SHANGHAI, phone="021 63212810")
    )
    assert isinstance(moved, Address)
    assert (moved.place.name, moved.phone) == ("Shanghai", "+862163212810")
    assert frozen["city"] == "Hamburg"
    assert await members.addresses_of(tx, anna.id) == [moved]


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"recipient": " "}, "field_invalid", "recipient"),
        ({"phone": "call me"}, "phone_invalid", "phone"),
        ({"lines": []}, "field_invalid", "lines"),
        ({"lines": ["1", "2", "3", "4", "5"]}, "field_invalid", "lines"),
        ({"lines": ["Am Sandtorkai 1", " "]}, "field_invalid", "lines.1"),
        ({"lines": ["x" * 121]}, "field_invalid", "lines.0"),
        ({"postcode": "x" * 17}, "field_invalid", "postcode"),
        ({"place_id": -1}, "place_unknown", "place_id"),
        ({"place_id": 2**40}, "place_unknown", "place_id"),
    ],
)
async def test_an_address_that_reaches_nobody_is_not_kept(
    tx: Tx, join: Join, said: dict[str, object], code: str, field: str
) -> None:
    anna = await join("Anna")
    refused = await members.add_address(tx, anna.id, msgspec.structs.replace(HOME, **said))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.facts["field"]) == (code, field)
    assert await members.addresses_of(tx, anna.id) == []


async def test_the_first_address_is_the_default_until_another_is_chosen(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    first, second, third = [await keep(tx, anna) for _ in range(3)]
    assert [one.is_default for one in (first, second, third)] == [True, False, False]
    await members.set_default_address(tx, anna.id, second.id)
    listed = await members.addresses_of(tx, anna.id)
    assert [one.id for one in listed] == [second.id, third.id, first.id]
    assert [one.is_default for one in listed] == [True, False, False]
    chosen = await members.add_address(tx, anna.id, HOME, as_default=True)
    assert isinstance(chosen, Address)
    assert await members.default_address(tx, anna.id) == chosen


async def test_a_removed_default_leaves_its_place_to_the_newest(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    first, second = await keep(tx, anna), await keep(tx, anna)
    assert await members.remove_address(tx, anna.id, first.id) is None
    assert await members.address(tx, anna.id, first.id) is None
    left = await members.default_address(tx, anna.id)
    assert left is not None
    assert left.id == second.id
    assert await members.remove_address(tx, anna.id, second.id) is None
    assert await members.default_address(tx, anna.id) is None
    assert await members.addresses_of(tx, anna.id) == []
    assert await tx.value("select count(*) from members_address") == 2


async def test_nobody_reaches_anothers_address(tx: Tx, join: Join) -> None:
    anna, berta = await join("Anna"), await join("Berta")
    hers = await keep(tx, anna)
    unknown = Refused("address_unknown", {"address_id": str(hers.id)})
    assert await members.address(tx, berta.id, hers.id) is None
    assert await members.edit_address(tx, berta.id, hers.id, HOME) == unknown
    assert await members.set_default_address(tx, berta.id, hers.id) == unknown
    assert await members.remove_address(tx, berta.id, hers.id) == unknown
    assert await members.addresses_of(tx, anna.id) == [hers]
    assert await members.addresses_of(tx, berta.id) == []


async def test_fifty_addresses_are_enough_and_a_removed_one_makes_room(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    kept = [await keep(tx, anna) for _ in range(50)]
    refused = await members.add_address(tx, anna.id, HOME)
    assert refused == Refused("limit_reached", {"of": "addresses", "max": 50})
    await members.remove_address(tx, anna.id, kept[0].id)
    await keep(tx, anna)


async def test_an_address_outlives_its_place_in_the_next_edition_of_geonames(
    tx: Tx, join: Join
) -> None:
    anna = await join("Anna")
    kept = await keep(tx, anna)
    gone = "update members_address set place = jsonb_set(place, '{id}', '1')"
    await tx.execute(gone)
    found = await members.address(tx, anna.id, kept.id)
    assert found is not None
    assert members.place(found.place.id) is None
    assert found.frozen()["city"] == "Hamburg"


async def test_two_first_addresses_at_once_leave_one_default(database: Database) -> None:
    async with database.tx() as tx:
        olga = (await founded(tx)).operator
    assert olga is not None

    async def add() -> None:
        async with database.tx() as tx:
            await keep(tx, olga)

    await asyncio.gather(*(add() for _ in range(4)))
    async with database.tx() as tx:
        listed = await members.addresses_of(tx, olga.id)
    assert [one.is_default for one in listed] == [True, False, False, False]


async def test_an_address_that_is_being_removed_does_not_become_the_default(
    database: Database,
) -> None:
    async with database.tx() as tx:
        olga = (await founded(tx)).operator
        assert olga is not None
        first, second = await keep(tx, olga), await keep(tx, olga)

    async def choose_second() -> object:
        async with database.tx() as tx:
            return await members.set_default_address(tx, olga.id, second.id)

    async with database.tx() as tx:
        await members.remove_address(tx, olga.id, second.id)
        answer = asyncio.create_task(choose_second())
        await asyncio.wait([answer], timeout=PATIENCE_S)
    assert await answer == Refused("address_unknown", {"address_id": str(second.id)})
    async with database.tx() as tx:
        assert await members.default_address(tx, olga.id) == first


async def test_nobody_keeps_no_address(tx: Tx) -> None:
    nobody = uuid4()
    refused = await members.add_address(tx, nobody, HOME)
    assert refused == Refused("member_unknown", {"member_id": str(nobody)})
    assert await members.default_address(tx, nobody) is None
