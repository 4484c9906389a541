"""The small words every hall shares: ids, money, clocks, settings."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serai.kernel import ids, money, settings
from serai.kernel.clock import ManualClock, SystemClock
from serai.kernel.money import Money, MoneyError

MOMENT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@given(st.lists(st.integers(-(10**6), 10**6), max_size=50))
def test_ids_are_in_the_order_they_were_made_whatever_the_clock_does(steps: list[int]) -> None:
    made = [ids.new(MOMENT + timedelta(microseconds=step)) for step in steps]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(id.version == 7 and id.variant == UUID(int=0x8 << 60).variant for id in made)


def test_an_id_tells_its_millisecond() -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert ids.new(later).int >> 80 == int(later.timestamp() * 1000)


@given(st.uuids(), st.text(max_size=20), st.text(max_size=20))
def test_a_derived_id_is_the_same_for_the_same_names_only(id: UUID, one: str, two: str) -> None:
    assert ids.derive(id, one) == ids.derive(id, one)
    assert (ids.derive(id, one) == ids.derive(id, two)) == (one == two)
    assert ids.derive(id, one).version == 8
    assert ids.derive(id, one).int >> 80 == id.int >> 80


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.50", "CNY", 1250), ("-3", "CNY", -300), ("12", "JPY", 12), ("0.125", "KWD", 125)],
)
def test_amounts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text",
    [
        "12.505",
        "1e30",
        "1e999999",
        "1_0",
        "٣",
        "0.100000000000000000000000000001",
        "NaN",
        "inf",
        "twelve",
        "",
        "1,5",
    ],
)
def test_what_is_no_amount_is_refused_in_words(text: str) -> None:
    with pytest.raises(MoneyError, match=r"\w+"):
        money.parse(text, "CNY")


@given(st.integers(-money.AMOUNT_MAX, money.AMOUNT_MAX), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    amount = Money(minor, currency)
    assert money.parse(str(money.decimal(amount)), currency) == amount


def test_amounts_are_shown_with_every_minor_digit() -> None:
    assert money.show(Money(123_450, "CNY"), "zh") == "¥1,234.50"
    assert money.show(Money(1_234, "JPY"), "en") == "¥1,234"
    assert money.plain(Money(5, "KWD")) == "0.005 KWD"


@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_a_share_is_never_more_than_the_whole(amount: int, basis_points: int) -> None:
    part = money.share(amount, basis_points)
    assert 0 <= part <= amount
    assert abs(part * 10_000 - amount * basis_points) <= 5_000


def test_a_manual_clock_only_goes_forward() -> None:
    clock = ManualClock(MOMENT)
    clock.advance(timedelta(hours=1))
    clock.move_to(MOMENT)
    assert clock.now() == MOMENT + timedelta(hours=1)
    with pytest.raises(ValueError, match="back"):
        clock.advance(timedelta(seconds=-1))


def test_the_system_clock_never_goes_back() -> None:
    clock = SystemClock()
    told = [clock.now() for _ in range(100)]
    assert told == sorted(told)


def test_settings_are_read_from_the_environment() -> None:
    read = settings.read({"SERAI_DATA": "/srv/x", "SERAI_PORT": "9000", "PATH": "/bin"})
    assert (read.data, read.port) == (Path("/srv/x"), 9000)


@pytest.mark.parametrize("wrong", [{"SERAI_PORT": "many"}, {"SERAI_PROT": "8000"}])
def test_a_setting_that_cannot_be_meant_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(settings.SettingsError, match="SERAI_"):
        settings.read(wrong)
