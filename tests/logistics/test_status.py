"""A parcel's status is a fold over its scans: the same whatever their order or repetition."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serai.logistics import ENDED, Observation, Status, Step, fold, standing

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PARCEL, MARKET, ACTOR = UUID(int=1), UUID(int=2), UUID(int=3)


def _scan(number: int, step: Step, minute: int, declares: int | None = None) -> Observation:
    return Observation(
        UUID(int=number),
        PARCEL,
        MARKET,
        "095210000000000001",
        "OBSERVE",
        step,
        "in_transit",
        NOON + timedelta(minutes=minute),
        0,
        NOON,
        None,
        ACTOR,
        "",
        None if declares is None else UUID(int=declares),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Observation]:
    """Draw scans with many equal moments, some of them declared wrong."""
    count = draw(st.integers(0, 9))
    scans = [
        _scan(100 + n, draw(st.sampled_from(list(Step))), draw(st.integers(0, 5)))
        for n in range(count)
    ]
    wrong = draw(st.lists(st.sampled_from(scans), unique=True, max_size=3)) if scans else []
    return scans + [
        _scan(200 + n, scan.step, 0, declares=scan.id.int) for n, scan in enumerate(wrong)
    ]


@given(histories(), st.randoms(use_true_random=False), st.integers(1, 3))
def test_any_order_and_repetition_gives_the_same_status(
    scans: list[Observation], chance: random.Random, times: int
) -> None:
    shuffled = scans * times
    chance.shuffle(shuffled)
    assert standing(shuffled) == standing(scans)


@given(histories())
def test_a_parcel_that_has_ended_stays_so_whatever_is_seen_later(scans: list[Observation]) -> None:
    before = standing(scans)
    later = [_scan(300 + n, step, 10 + n) for n, step in enumerate(Step)]
    if before.status in ENDED:
        assert standing(scans + later) == before
    else:
        assert fold(scans + later) is Status.DELIVERED


@given(histories())
def test_scans_declared_wrong_are_as_if_they_had_never_been(scans: list[Observation]) -> None:
    wrong = {scan.declares for scan in scans}
    kept = [scan for scan in scans if scan.declares is None and scan.id not in wrong]
    assert standing(scans) == standing(kept)


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([], Status.BOOKED),
        ([Step.ACCEPT], Status.ACCEPTED),
        ([Step.ACCEPT, Step.DEPART], Status.IN_TRANSIT),
        ([Step.ACCEPT, Step.DEPART, Step.ARRIVE], Status.IN_TRANSIT),
        ([Step.ACCEPT, Step.DEPART, Step.ACCEPT], Status.IN_TRANSIT),
        ([Step.ACCEPT, Step.OUT_FOR_DELIVERY], Status.OUT_FOR_DELIVERY),
        ([Step.ACCEPT, Step.OUT_FOR_DELIVERY, Step.ATTEMPT_FAIL], Status.ATTEMPT_FAILED),
        ([Step.OUT_FOR_DELIVERY, Step.ATTEMPT_FAIL, Step.ARRIVE], Status.IN_TRANSIT),
        ([Step.ATTEMPT_FAIL, Step.OUT_FOR_DELIVERY, Step.DELIVER], Status.DELIVERED),
        ([Step.DELIVER, Step.ARRIVE], Status.DELIVERED),
        ([Step.ACCEPT, Step.ATTEMPT_FAIL, Step.RETURN], Status.RETURNED),
        ([Step.CANCEL], Status.CANCELLED),
        ([Step.CANCEL, Step.ACCEPT], Status.CANCELLED),
        ([Step.ACCEPT, Step.CANCEL], Status.ACCEPTED),
    ],
)
def test_each_step_leads_where_it_should(steps: list[Step], status: Status) -> None:
    assert fold(_scan(n, step, n) for n, step in enumerate(steps)) is status


def test_of_one_moment_the_step_nearer_to_the_door_is_the_later() -> None:
    same = [_scan(1, Step.OUT_FOR_DELIVERY, 0), _scan(2, Step.ACCEPT, 0)]
    assert fold(same) is Status.OUT_FOR_DELIVERY


def test_a_status_is_dated_by_the_scan_that_brought_it() -> None:
    scans = [_scan(1, Step.DEPART, 1), _scan(2, Step.ARRIVE, 2), _scan(3, Step.DEPART, 3)]
    assert standing(scans).since == NOON + timedelta(minutes=1)
