"""Amounts of money: whole minor units of one currency, never a fraction, never a float."""

import re
from decimal import Decimal

from babel import Locale
from babel.numbers import parse_pattern
from iso4217 import Currency
from msgspec import Struct

AMOUNT_MAX = 10**15
"""The most one amount may be, in minor units: ten trillion dollars.

A thousand times smaller than a PostgreSQL bigint, so sums of thousands of the
largest amounts still fit.
"""


_DECIMAL = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,8})?")


class MoneyError(ValueError):
    """Text that is not an amount of that currency; the message says why."""


class Money(Struct, frozen=True, order=True):
    """An amount in minor units (cents, fen, fils) of an ISO 4217 currency."""

    minor: int
    currency: str


def known(currency: str) -> bool:
    """Tell whether that is the code of a currency that has minor units at all."""
    try:
        return Currency(currency).exponent is not None
    except ValueError:
        return False


def exponent(currency: str) -> int:
    """Count the decimal digits of a currency's minor unit: 2 for CNY, 0 for JPY, 3 for KWD.

    Source: ISO 4217 through the `iso4217` package.
    """
    digits = Currency(currency).exponent
    if digits is None:
        message = f"{currency} has no minor unit"
        raise MoneyError(message)
    return int(digits)


def parse(text: str, currency: str) -> Money:
    """Read a decimal such as `12.50`, exactly.

    Plain digits with a point, nothing else; more decimal places than the
    currency has are refused rather than rounded.
    """
    plain_text = text.strip()
    if not _DECIMAL.fullmatch(plain_text):
        message = f"{text[:40]!r} is not an amount"
        raise MoneyError(message)
    whole, _, places = plain_text.partition(".")
    digits = exponent(currency)
    if len(places) > digits:
        message = f"{currency} has {digits} decimal places, {text!r} has more"
        raise MoneyError(message)
    minor = int(whole + places.ljust(digits, "0"))
    if abs(minor) > AMOUNT_MAX:
        message = f"{text!r} is more than an amount can be"
        raise MoneyError(message)
    return Money(minor, currency)


def decimal(money: Money) -> Decimal:
    """Give the amount in major units, exactly."""
    return Decimal(money.minor).scaleb(-exponent(money.currency))


def plain(money: Money) -> str:
    """Write `12.50 CNY`: for machines, logs and the terminal."""
    digits = exponent(money.currency)
    return f"{decimal(money):,.{digits}f} {money.currency}"


def show(money: Money, locale: str) -> str:
    """Write the amount as people of a locale do, with all its minor digits.

    The digits are ISO 4217's; CLDR's own count differs for some currencies.
    """
    spoken = Locale.parse(locale, sep="-" if "-" in locale else "_")
    digits = exponent(money.currency)
    # A pattern of our own: the locale's belongs to everybody and must not be changed.
    pattern = parse_pattern(spoken.currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    text: str = pattern.apply(
        decimal(money), spoken, currency=money.currency, currency_digits=False
    )
    return text


def share(amount: int, basis_points: int) -> int:
    """Take so many hundredths of a percent, rounding half up to a minor unit."""
    return (amount * basis_points + 5_000) // 10_000
