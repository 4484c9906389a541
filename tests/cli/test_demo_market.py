"""The demo market looks like a market: enough of everything, in both languages."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from serai.cli import demo_market
from serai.cli.demo_market import DemoDataError, DemoMarket
from serai.cli.demo_pictures import TONES, draw, known

HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def market() -> DemoMarket:
    return demo_market.load(demo_market.folder())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the demo data that a test may spoil."""
    return shutil.copytree(demo_market.folder(), tmp_path / "demo")


def test_there_are_shops_in_many_countries(market: DemoMarket) -> None:
    assert len(market.shops) >= 12
    assert len({shop.country for shop in market.shops}) >= 9
    assert {shop.kind for shop in market.shops} == {"individual", "business", "brand", "supplier"}
    assert {shop.currency for shop in market.shops} == {"CNY", "USD", "EUR"}


def test_every_shop_says_that_it_is_a_sample(market: DemoMarket) -> None:
    for shop in market.shops:
        assert shop.sample
        assert "sample" in shop.description.en.lower(), shop.slug
        assert "样例" in shop.description.zh, shop.slug


def test_every_leaf_category_is_well_stocked(market: DemoMarket) -> None:
    assert len(market.listings) >= 400
    assert len(market.leaves()) == 20
    listed = Counter(listing.category for listing in market.listings)
    for leaf in market.leaves():
        assert listed[leaf.slug] >= 12, leaf.slug


def test_every_shop_has_something_to_sell(market: DemoMarket) -> None:
    listed = Counter(listing.shop for listing in market.listings)
    for shop in market.shops:
        assert listed[shop.slug] >= 12, shop.slug


def test_every_listing_is_written_in_both_languages(market: DemoMarket) -> None:
    for listing in market.listings:
        for text in (listing.title, listing.description):
            assert HAN.search(text.zh), listing.handle
            assert not HAN.search(text.en), listing.handle
        assert len(listing.description.en) > len(listing.title.en), listing.handle
    for language in demo_market.LANGUAGES:
        told = Counter(getattr(listing.description, language) for listing in market.listings)
        assert [text for text, times in told.items() if times > 1] == []


def test_a_good_part_of_the_listings_comes_in_variants(market: DemoMarket) -> None:
    chosen = [listing for listing in market.listings if len(listing.variants) > 1]
    assert len(chosen) >= len(market.listings) // 4
    assert all(listing.options for listing in chosen)
    assert any(listing.purchase_limit for listing in market.listings)


def test_two_hundred_people_live_in_many_countries(market: DemoMarket) -> None:
    assert len(market.people) >= 200
    assert len({person.country for person in market.people}) >= 15
    assert len({person.email for person in market.people}) == len(market.people)


def test_every_picture_is_plain_shapes_that_name_what_they_show(market: DemoMarket) -> None:
    for listing in market.listings:
        assert known(listing.emoji), listing.handle
        picture = draw(listing.emoji, listing.tone, listing.title.en)
        root = ET.fromstring(picture)  # noqa: S314 - our own drawing
        names = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert names <= {"svg", "title", "desc", "g", "path", "circle", "ellipse"}, listing.handle
        attributes = {name for element in root.iter() for name in element.attrib}
        assert not any(name.startswith("on") or "href" in name for name in attributes)
        assert b"url(" not in picture
        assert root.findtext("{http://www.w3.org/2000/svg}title") == listing.title.en
        assert "CC BY 4.0" in (root.findtext("{http://www.w3.org/2000/svg}desc") or "")


def test_a_picture_is_the_same_every_time_and_differs_by_listing() -> None:
    assert draw("🍵", "sage", "A bowl") == draw("🍵", "sage", "A bowl")
    assert draw("🍵", "sage", "A bowl") != draw("🍵", "sage", "Another bowl")
    assert draw("🍵", "sage", "A bowl") != draw("🍵", "clay", "A bowl")


def test_a_description_cannot_break_out_of_its_picture() -> None:
    hostile = '"><script>alert(1)</script>'
    root = ET.fromstring(draw("🍵", "sage", hostile))  # noqa: S314 - our own drawing
    assert root.attrib["aria-label"] == hostile
    assert not any(element.tag.endswith("script") for element in root.iter())


@pytest.mark.parametrize("emoji", ["", "x", "tea", "../72x72/1f375", "🍵🍵"])
def test_what_is_not_one_emoji_has_no_picture(emoji: str) -> None:
    assert not known(emoji)
    with pytest.raises(ValueError, match="no artwork"):
        draw(emoji, next(iter(TONES)), "Nothing")


def test_an_unknown_tone_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown tone"):
        draw("🍵", "neon", "A bowl")


LISTINGS = "listings/lakeside-leaf.toml"


@pytest.mark.parametrize(
    ("file", "spoil", "complaint"),
    [
        (LISTINGS, lambda t: t.replace('category = "tea"', 'category = "food"', 1), "leaf"),
        (LISTINGS, lambda t: t.replace('category = "tea"', 'category = "tee"', 1), "'tee'"),
        (LISTINGS, lambda t: re.sub(r"LL-TEA-02\b", "LL-TEA-03", t, count=1), "LL-TEA-03"),
        (LISTINGS, lambda t: re.sub(r"price = \d+", "price = 0", t, count=1), "price"),
        (LISTINGS, lambda t: re.sub(r"grams = \d+", "grams = -5", t, count=1), "grams"),
        (LISTINGS, lambda t: re.sub(r'\nzh = ".*"', "", t, count=1), "`zh`"),
        (LISTINGS, lambda t: re.sub(r'\nzh = ".*"', '\nzh = ""', t, count=1), "title.zh"),
        (LISTINGS, lambda t: re.sub(r'emoji = ".*"', 'emoji = "?"', t, count=1), "picture"),
        (LISTINGS, lambda t: re.sub(r'tone = ".*"', 'tone = "neon"', t, count=1), "tone"),
        (LISTINGS, lambda t: t.replace("vendor =", "vender =", 1), "vender"),
        (LISTINGS, lambda t: t.replace('"50 g tin"', '"100 g tin"', 1), "100 g tin"),
        (LISTINGS, lambda t: t.replace('values = ["50 g tin"], ', "", 1), "options"),
        ("shops.toml", lambda t: re.sub(r"geonameid = \d+", "geonameid = 7", t, count=1), "id 7"),
        ("shops.toml", lambda t: t.replace('"Hangzhou"', '"Hangchow"', 1), "Hangchow"),
        ("shops.toml", lambda t: t.replace("sample = true", "sample = false", 1), "sample"),
        ("people.toml", lambda t: t.replace("@example.com", "@gmail.com", 1), "email"),
        ("categories.toml", lambda t: t.replace('parent = "food"', 'parent = "fud"', 1), "fud"),
    ],
)
def test_a_wrong_row_is_named_by_file_and_reason(
    copy: Path, file: str, spoil: Callable[[str], str], complaint: str
) -> None:
    before = (copy / file).read_text(encoding="utf-8")
    after = spoil(before)
    assert after != before
    (copy / file).write_text(after, encoding="utf-8")
    with pytest.raises(DemoDataError) as refused:
        demo_market.load(copy)
    said = str(refused.value)
    assert re.match(rf"{re.escape(file)}, (shop|category|listing|person) \d+ \(.+\): ", said), said
    assert complaint in said


def test_a_file_that_is_missing_or_not_toml_is_named(copy: Path) -> None:
    (copy / "people.toml").write_text("[[person]\n", encoding="utf-8")
    with pytest.raises(DemoDataError, match=r"people\.toml: not TOML"):
        demo_market.load(copy)
    (copy / "people.toml").unlink()
    with pytest.raises(DemoDataError, match=r"people\.toml: the file is missing"):
        demo_market.load(copy)


def test_listings_without_a_shop_are_refused(copy: Path) -> None:
    shutil.copy(copy / LISTINGS, copy / "listings/nobody.toml")
    with pytest.raises(DemoDataError, match="'nobody'"):
        demo_market.load(copy)
