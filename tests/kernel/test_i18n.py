"""Languages: chosen as the reader likes, and facts told as the reader writes them."""

import pytest

from serai.kernel import i18n
from serai.kernel.money import Money


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("*", "en"),
        ("zh", "zh"),
        ("zh-CN,en;q=0.5", "zh"),
        ("en;q=0.5, zh-Hant-TW", "zh"),
        ("fr, en-GB;q=0.8, zh;q=0.7", "en"),
        ("zh;q=0, fr", "en"),
        ("zh;q=x, en;q=2, ,;;q=", "en"),
        ("zh" + ",x" * 5_000, "zh"),
    ],
)
def test_the_locale_is_the_one_that_is_liked_best(header: str | None, locale: str) -> None:
    assert i18n.negotiate(header) == locale


def test_what_is_not_translated_is_said_in_english() -> None:
    assert i18n.say("zh", "Nobody translated this {n}.", n=1) == "Nobody translated this 1."
    assert i18n.say("xx", "There is nothing here") == "There is nothing here"
    assert i18n.say("zh", "There is nothing here") != "There is nothing here"


def test_facts_are_told_as_people_of_the_locale_write_them() -> None:
    message = "{missing:money} by {at:moment}, {left:number} left"
    facts = {"missing": 123456, "currency": "CNY", "at": "2026-12-03T14:20:00Z", "left": 12000}
    english = "CN¥1,234.56 by Dec 3, 2026 14:20 UTC, 12,000 left"
    assert i18n.say("en", message, **facts) == english
    assert i18n.say("zh", message, **facts) == ("¥1,234.56 by 2026年12月3日 14:20 UTC, 12,000 left")
    assert i18n.say("en", "{paid:money}", paid=Money(5, "JPY")) == "¥5"


def test_a_fact_that_is_missing_or_strange_leaves_a_gap_and_not_an_error() -> None:
    message = "{nothing} {sum:money} {at:moment} {count:number} {at}"
    assert i18n.say("en", message, sum=5, at="soon", count="many") == "… … … … soon"
    assert i18n.say("en", "{text}", text="{other.__class__}") == "{other.__class__}"


def test_every_catalog_is_found_and_read() -> None:
    assert all(len(i18n.catalog(locale)) > 100 for locale in i18n.LOCALES if locale != "en")
