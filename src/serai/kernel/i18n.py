"""Speaking the reader's language: which locale, and what a message is in it.

English is written in the code and is the key of every other language. A
catalog is `locale/<language>/LC_MESSAGES/serai.po`, read as it is when first
needed: no compiled file to forget. A message holds its facts by name, and says
how a fact is to be told: `{missing:money}`, `{deadline:moment}`, `{left:number}`.
"""

import string
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, negotiate_locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from serai.kernel import money
from serai.kernel.money import Money

LOCALES = ("en", "zh")
"""The languages that the house speaks; the first is what it speaks to strangers."""

_HEADER_MAX = 500
_RANGES_MAX = 20


def folder() -> Path:
    """Find the catalogs: beside the package when installed, at the root of a checkout."""
    packaged = Path(__file__).parent.parent / "locale"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "locale"


def negotiate(accept_language: str | None, *, otherwise: str = LOCALES[0]) -> str:
    """Choose the locale that an `Accept-Language` header (RFC 9110) likes best."""
    wanted = _ranges(accept_language or "")
    return negotiate_locale(wanted, LOCALES, sep="-") or _by_language(wanted) or otherwise


def _ranges(header: str) -> list[str]:
    """Read language ranges, the most wanted first; what cannot be read is passed over."""
    weighed: list[tuple[float, str]] = []
    for part in header[:_HEADER_MAX].split(",")[:_RANGES_MAX]:
        tag, _, parameter = part.strip().partition(";")
        name, _, weight = parameter.strip().partition("=")
        try:
            quality = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if tag and 0 < quality <= 1:
            weighed.append((quality, tag.strip()))
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]


def _by_language(wanted: Sequence[str]) -> str | None:
    """Take `zh-Hant-TW` for `zh`: a neighbour's dialect before a stranger's language."""
    for tag in wanted:
        language = tag.partition("-")[0].lower()
        if language in LOCALES:
            return language
    return None


def say(locale: str, message: str, /, **facts: Any) -> str:  # noqa: ANN401  facts are of any type
    """Say a message in a locale; one that is not translated is said in English.

    A fact that is missing or of the wrong kind is told as "…": a reader is
    better served by a sentence with a gap than by no answer.
    """
    template = catalog(locale).get(message) or message
    if "{" not in template:
        return template
    return _Teller(locale, facts).vformat(template, (), facts)


@cache
def catalog(locale: str) -> Mapping[str, str]:
    """Give what is translated into a locale: English to its language."""
    path = folder() / locale / "LC_MESSAGES" / "serai.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        entries = read_po(file, locale=locale, abort_invalid=True)
    return {
        entry.id: entry.string
        for entry in entries
        if isinstance(entry.id, str) and isinstance(entry.string, str) and entry.id and entry.string
    }


class _Teller(string.Formatter):
    """Puts facts into a message, as people of a locale write them."""

    def __init__(self, locale: str, facts: Mapping[str, Any]) -> None:
        super().__init__()
        self._locale = locale
        self._facts = facts

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return kwargs.get(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401
        try:
            return self._tell(value, format_spec)
        except (TypeError, ValueError, LookupError, ArithmeticError):
            return "…"

    def _tell(self, value: Any, spec: str) -> str:  # noqa: ANN401
        if value is None:
            return "…"
        if spec == "money":
            amount = value if isinstance(value, Money) else Money(value, self._facts["currency"])
            return money.show(amount, self._locale)
        if spec == "number":
            return str(format_decimal(value, locale=self._locale))
        if spec == "moment":
            return moment(value, self._locale)
        if isinstance(value, Mapping):
            return ", ".join(f"{name}: {one}" for name, one in value.items())
        if isinstance(value, list | tuple):
            return ", ".join(map(str, value))
        return str(value)


def moment(at: datetime | str, locale: str, zone: tzinfo = UTC) -> str:
    """Write a moment to the minute, with its zone; text must be ISO 8601."""
    when = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(zone)
    day = format_date(when, "medium", locale=Locale.parse(locale, sep="-"))
    return f"{day} {when:%H:%M %Z}"
