import pytest
from hypothesis import given
from hypothesis import strategies as st

from serai import members
from tests.members.conftest import SHANGHAI


def test_a_place_has_coordinates_a_time_zone_and_people() -> None:
    shanghai = members.place(SHANGHAI)
    assert shanghai is not None
    assert (shanghai.name, shanghai.country) == ("Shanghai", "CN")
    assert shanghai.latitude == pytest.approx(31.2, abs=0.1)
    assert shanghai.longitude == pytest.approx(121.5, abs=0.1)
    assert shanghai.timezone == "Asia/Shanghai"
    assert shanghai.population > 20_000_000


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("shang", "Shanghai"),
        ("上海", "Shanghai"),
        ("MÜNCH", "Munich"),
        ("munch", "Munich"),
        ("sao pau", "São Paulo"),
        ("Saint Petersburg", "Saint Petersburg"),
        ("서울", "Seoul"),
        ("القاهرة", "Cairo"),
        ("  new-york ", "New York City"),
    ],
)
def test_a_place_is_found_by_the_beginning_of_a_name_in_any_language(text: str, name: str) -> None:
    assert members.find_places(text)[0].name == name


def test_the_most_populous_come_first_and_only_those_of_the_country() -> None:
    found = members.find_places("san", limit=20)
    people = [place.population for place in found]
    assert len(found) == 20
    assert people == sorted(people, reverse=True)
    american = members.find_places("san", "US", limit=20)
    assert {place.country for place in american} == {"US"}
    assert american[0].name == "San Antonio"
    assert members.find_places("shanghai", "DE") == []


@given(st.text(max_size=200), st.integers(-5, 500))
def test_any_text_finds_a_bounded_number_of_places_each_once(text: str, limit: int) -> None:
    found = members.find_places(text, limit=limit)
    assert len(found) <= max(0, min(limit, 100))
    assert len({place.id for place in found}) == len(found)
    assert all(members.place(place.id) == place for place in found)


@pytest.mark.parametrize("text", ["", " ", "-", "\x00", "nowhereville upon nothing"])
def test_nothing_finds_nothing(text: str) -> None:
    assert members.find_places(text) == []


def test_there_are_as_many_places_as_loading_says_and_no_place_without_a_country() -> None:
    assert members.load_places() > 30_000
    assert members.place(0) is None
    assert members.countries()["CN"].currency == "CNY"
    assert members.countries()["DE"].calling_code == "49"
    assert list(members.countries()) != sorted(members.countries())
    names = [country.name for country in members.countries().values()]
    assert names == sorted(names)
