"""Overload at the door: the excess is turned away cheaply, and nobody is told what is not so."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest

from serai import inventory, trade
from serai.api.app import create_app
from serai.api.door import Door, Stay
from serai.api.rush import Rush
from serai.api.says import DOOR, DeclinedError
from serai.kernel.admission import Admission
from serai.kernel.errors import OverloadedError, Refused
from serai.kernel.settings import Settings
from serai.trade import Checkout, Wanted
from tests.api import sample
from tests.api.conftest import Person, Town

TEA, CUP = uuid4(), uuid4()


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def room(places: int) -> Admission:
    """Give a house with so many places whose pace was never measured."""
    return Admission("test", wait_max_s=1, always=1, inside_max=places)


def checkout(*variants: UUID, quantity: int = 1) -> Checkout:
    wanted = tuple(Wanted(variant, quantity) for variant in variants)
    return Checkout(id=uuid4(), market_id=TEA, actor_id=TEA, wanted=wanted)


def sold_out(variant: UUID) -> Refused:
    line = {"variant_id": str(variant), "wanted": 1, "available": 0}
    return Refused(inventory.Code.OUT_OF_STOCK, line | {"lines": [line]})


class Shelf:
    """What is left, and how often somebody looked."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.looks = 0

    async def look(self, ids: Iterable[UUID]) -> dict[UUID, int]:
        self.looks += 1
        return dict.fromkeys(ids, self.left)


class Pressed:
    """A rush in a house that is half full."""

    def __init__(self, left: int = 0) -> None:
        self.admission = room(8)
        for _ in range(4):
            self.admission.enter("others")
        self.clock = Clock()
        self.shelf = Shelf(left)
        self.rush = Rush(self.admission, clock=self.clock)

    def lets(self, one: Checkout) -> bool:
        try:
            with self.rush.among(one):
                return True
        except DeclinedError as declined:
            told = (declined.refused.code, declined.headers["Retry-After"])
            return told != ("sold_out_just_now", "1")


async def test_what_is_sold_out_is_held_back_for_a_second_and_then_asked_for_again() -> None:
    here = Pressed()
    await here.rush.learn(sold_out(TEA), here.shelf.look)
    assert not here.lets(checkout(TEA))
    assert not here.lets(checkout(CUP, TEA))
    assert here.lets(checkout(CUP))
    here.clock.now += 1.0
    assert here.lets(checkout(TEA))


async def test_a_quiet_house_has_everything_decided() -> None:
    here = Pressed()
    await here.rush.learn(sold_out(TEA), here.shelf.look)
    here.admission.leave("others")
    assert here.lets(checkout(TEA))
    await here.rush.learn(sold_out(CUP), here.shelf.look)
    assert here.shelf.looks == 1


async def test_an_old_refusal_that_is_answered_again_holds_nobody_back() -> None:
    here = Pressed(left=2)
    await here.rush.learn(sold_out(TEA), here.shelf.look)
    assert here.lets(checkout(TEA, quantity=2))
    assert not here.lets(checkout(TEA, quantity=3))


async def test_of_all_who_are_refused_one_looks() -> None:
    here = Pressed()
    learning = [here.rush.learn(sold_out(TEA), here.shelf.look) for _ in range(50)]
    await asyncio.gather(*learning)
    assert here.shelf.looks == 1


async def test_other_outcomes_teach_nothing() -> None:
    here = Pressed()
    await here.rush.learn(Refused("insufficient_funds"), here.shelf.look)
    await here.rush.learn(trade.Placed(TEA, ()), here.shelf.look)
    assert here.shelf.looks == 0
    assert here.lets(checkout(TEA))


def test_one_variant_takes_at_most_half_of_the_room() -> None:
    here = Pressed()
    under_way = [here.rush.among(checkout(TEA)) for _ in range(4)]
    for one in under_way:
        one.__enter__()
    with pytest.raises(OverloadedError), here.rush.among(checkout(TEA)):
        pass
    assert here.lets(checkout(CUP))
    under_way[0].__exit__(None, None, None)
    assert here.lets(checkout(TEA))


# ── The door ─────────────────────────────────────────────────────────────────────────────


class Doorway:
    """An API and its door."""

    def __init__(self, town: Town, settings: Settings | None = None) -> None:
        app = create_app(town.database, settings or Settings(), (sample,))
        self.door: Door = app.state.house.door
        transport = httpx.ASGITransport(app=cast("Any", app), client=("203.0.113.9", 5000))
        self.api = httpx.AsyncClient(transport=transport, base_url="http://market.test/")

    def fill(self) -> None:
        """Let somebody come in who takes all the room there is."""
        self.door.admission = room(1)
        self.door.admission.enter("somebody")


async def test_who_does_not_come_in_is_told_so_in_his_language(town: Town) -> None:
    doorway = Doorway(town)
    doorway.fill()
    headers = {"Accept-Language": "zh", "X-Request-Id": "asked-by-me"}
    answer = await doorway.api.get("/api/v1/home", headers=headers)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "asked-by-me"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (answer.json()["code"], answer.json()["title"]) == ("overloaded", "现在太忙")
    assert (await doorway.api.get("/livez")).status_code == 200
    assert (await doorway.api.get("/readyz")).status_code == 200
    doorway.door.admission.leave("somebody")
    assert (await doorway.api.get("/api/v1/home")).status_code == 200
    assert doorway.door.admission.inside == 0


async def test_a_script_of_an_allowed_origin_may_read_why_it_was_turned_away(town: Town) -> None:
    doorway = Doorway(town, Settings(cors_origins=("https://shop.example",)))
    doorway.fill()
    for origin, allowed in (("https://shop.example", "https://shop.example"), ("https://x", None)):
        answer = await doorway.api.get("/api/v1/home", headers={"Origin": origin})
        assert answer.status_code == 503
        assert answer.headers.get("access-control-allow-origin") == allowed


async def test_a_request_is_in_the_lane_of_its_market_once_its_token_is_known(
    town: Town, buyer: Person
) -> None:
    doorway = Doorway(town)
    mine: Any = {"headers": [(b"authorization", buyer.headers["Authorization"].encode())]}
    forged: Any = {"headers": [(b"authorization", b"Bearer nonsense")]}
    assert doorway.door.lane(mine) is None
    known = await doorway.api.get("/api/v1/home", headers=buyer.headers)
    assert known.status_code == 200
    unknown = await doorway.api.get("/api/v1/home", headers={"Authorization": "Bearer nonsense"})
    assert unknown.status_code == 401
    assert doorway.door.lane(mine) == town.market.id
    assert doorway.door.lane(forged) is None
    assert doorway.door.admission.inside == 0


def test_tokens_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serai.api.door._TOKENS_MAX", 2)
    door = Door(DOOR["overloaded"])
    for name in ("a", "b", "c"):
        door.learn(name, TEA)
    scopes: list[Any] = [{"headers": [(b"authorization", name)]} for name in (b"a", b"b", b"c")]
    assert [door.lane(scope) for scope in scopes] == [None, TEA, TEA]


async def received(stay: Stay) -> Any:  # noqa: ANN401  a message of the server
    return await stay.receive()


async def test_a_client_that_sends_slowly_keeps_nobody_out() -> None:
    admission = room(1)
    parts: asyncio.Queue[Any] = asyncio.Queue()
    stay = Stay(admission, None, parts.get)
    assert admission.inside == 1
    body = asyncio.create_task(received(stay))
    await asyncio.sleep(0)
    assert admission.inside == 0
    await parts.put({"type": "http.request", "body": b"{", "more_body": True})
    await body
    assert admission.inside == 1
    hurried = asyncio.create_task(received(stay))
    await asyncio.sleep(0)
    stay.end()
    await parts.put({"type": "http.request", "body": b"}", "more_body": False})
    await hurried
    stay.end()
    assert admission.inside == 0
