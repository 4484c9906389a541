"""Admission: who is served soon comes in, and the rush of one does not starve another."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serai.kernel.admission import Admission
from serai.kernel.errors import OverloadedError


class House:
    """An admission, a clock that is moved by hand, and who is inside, in order."""

    def __init__(
        self, *, wait_max_s: float = 0.25, always: int = 4, inside_max: int = 1000
    ) -> None:
        self.now = 100.0
        self.admission = Admission(
            "test",
            wait_max_s=wait_max_s,
            always=always,
            inside_max=inside_max,
            clock=lambda: self.now,
        )
        self.inside: deque[str] = deque()

    def come(self, lane: str, count: int = 1) -> int:
        """Let so many come; gives how many came in."""
        came = 0
        for _ in range(count):
            try:
                self.admission.enter(lane)
            except OverloadedError:
                continue
            self.inside.append(lane)
            came += 1
        return came

    def serve(self, count: int, seconds_each: float) -> None:
        """Serve so many, one after another, each replaced by another of its lane at once."""
        for _ in range(count):
            self.now += seconds_each
            lane = self.inside.popleft()
            self.admission.leave(lane)
            self.come(lane)

    def empty(self) -> None:
        """Let everybody go."""
        while self.inside:
            self.admission.leave(self.inside.popleft())


def served(seconds_each: float, **settings: int) -> House:
    """Give a house that has served at such a pace for a while, and is empty."""
    house = House(**settings)
    house.come("a", 20)
    house.serve(round(4 / seconds_each), seconds_each)
    house.empty()
    return house


def test_as_many_come_in_as_are_served_in_time() -> None:
    house = served(0.005)
    assert house.come("a", 200) == 50
    assert house.admission.wait_s == pytest.approx(0.25, rel=0.05)


def test_a_faster_house_has_more_room_and_a_slower_one_less() -> None:
    assert served(0.001).come("a", 1000) == pytest.approx(250, abs=5)
    assert served(0.05).come("a", 1000) == 5


def test_however_slow_it_goes_a_few_may_always_come() -> None:
    assert served(1.0).come("a", 100) == 4


def test_until_a_pace_is_known_only_the_bound_holds() -> None:
    assert House(inside_max=30).come("a", 100) == 30


def test_who_is_turned_away_is_told_when_to_come_again() -> None:
    house = served(1.0)
    house.come("a", 4)
    with pytest.raises(OverloadedError) as turned:
        house.admission.enter("a")
    assert turned.value.retry_after_s == 4


def test_the_pace_follows_when_the_house_grows_slow() -> None:
    house = served(0.001)
    house.come("a", 250)
    house.serve(400, 0.01)
    assert house.admission.room == pytest.approx(25, abs=3)
    assert house.come("a", 10) == 0


def test_idle_time_is_no_time_of_service() -> None:
    house = served(0.005)
    house.now += 3600
    assert house.come("a", 200) == 50


def test_another_market_has_its_share_of_a_full_house() -> None:
    house = served(0.005)
    assert house.come("rush", 500) == 50
    assert house.come("quiet", 10) == 10
    assert house.come("rush", 10) == 0
    assert house.come("quiet", 100) == 15
    assert house.come("third", 100) == 17


def test_all_markets_together_never_have_more_than_twice_the_room() -> None:
    house = served(0.005)
    came = sum(house.come(f"market {n}", 50) for n in range(200))
    assert came == house.admission.inside == 100


def test_who_waits_for_a_slow_client_takes_no_room() -> None:
    house = served(0.005)
    assert house.come("a", 100) == 50
    with house.admission.outside("a"):
        assert house.come("a", 100) == 1
    assert house.come("a") == 0
    assert house.admission.inside == 51


def test_half_full_is_pressed() -> None:
    house = served(0.005)
    house.come("a", 24)
    assert not house.admission.is_pressed
    house.come("a", 1)
    assert house.admission.is_pressed


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 2)), max_size=300))
def test_nobody_is_counted_twice_or_forgotten(steps: list[tuple[str, bool, float]]) -> None:
    house = House(inside_max=40)
    for lane, comes, seconds in steps:
        house.now += seconds
        if comes:
            house.come(lane)
        elif lane in house.inside:
            house.inside.remove(lane)
            house.admission.leave(lane)
        assert house.admission.inside == len(house.inside) <= 40
        assert 4 <= house.admission.room <= 40
    house.empty()
    assert house.admission.inside == 0
    assert house.admission.wait_s == 0
