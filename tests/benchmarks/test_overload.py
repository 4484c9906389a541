"""What the overload benchmark concludes from what its crowd saw."""

from collections.abc import Iterable

from benchmarks.arrivals import Shot
from benchmarks.overload import percentile_ms, recovery_s

CALM = [Shot(n / 10, 0.0, 0.04, 201, has_retry_after=False) for n in range(30)]


def after(took_s: Iterable[float], status: int = 201) -> list[Shot]:
    """Give an answer every tenth of a second after a rush that ended at 100 s."""
    return [
        Shot(100 + n / 10, 0.0, took, status, has_retry_after=False)
        for n, took in enumerate(took_s)
    ]


def test_who_was_never_slow_has_recovered_at_once() -> None:
    assert recovery_s(CALM, after([0.05] * 50), 100) == 0.0


def test_recovery_ends_with_the_last_slow_half_second() -> None:
    assert recovery_s(CALM, after([0.3] * 7 + [0.04] * 40), 100) == 1.0
    assert recovery_s(CALM, after([0.3] * 3 + [0.04] * 20 + [0.5] + [0.04] * 20), 100) == 2.5


def test_who_is_turned_away_after_the_rush_has_not_recovered() -> None:
    shots = [*after([0.01] * 8, status=503), *after([0.04] * 40)[8:]]
    assert recovery_s(CALM, shots, 100) == 1.0


def test_who_stays_slow_never_recovers() -> None:
    assert recovery_s(CALM, after([0.3] * 50), 100) is None


def test_a_percentile_of_nothing_is_nothing() -> None:
    assert percentile_ms([], 99) is None
    assert percentile_ms([0.001 * n for n in range(1, 101)], 99) == 100.0
