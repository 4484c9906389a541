"""Founding a market: its name, currency, languages, terms, and perhaps its first operator."""

from collections.abc import Sequence

from babel import Locale, UnknownLocaleError
from msgspec import Struct

from serai.kernel import ids, money
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import text
from serai.members.accounts import Accepted, accept, join
from serai.members.markets import checked_terms, market_by_slug
from serai.members.model import Code, Market, Member, Newcomer, Role, Terms
from serai.members.places import countries
from serai.members.roles import become

_NAME_MAX = 120
_LOCALES_MAX = 50


class NewMarket(Struct, frozen=True, kw_only=True):
    """What somebody says to found a market; the first locale is the market's own."""

    slug: str
    name: str
    currency: str
    country: str
    locales: Sequence[str] = ("en",)
    terms: Terms = Terms()


class Founded(Struct, frozen=True):
    """A new market, and its first operator if one was named."""

    market: Market
    operator: Member | None


async def found_market(
    tx: Tx, new: NewMarket, *, operator: Newcomer | None = None
) -> Founded | Refused:
    """Found a market. Its first operator joins as a buyer too, like everybody.

    Without an operator one is made on the command line later. A refusal of the
    operator leaves no market behind.
    """
    checked = _checked(tx, new)
    if isinstance(checked, Refused):
        return checked
    accepted = accept(checked, operator) if operator else None
    if isinstance(accepted, Refused):
        return accepted
    if await market_by_slug(tx, checked.slug):
        return Refused(Code.SLUG_TAKEN, {"field": "slug", "slug": checked.slug})
    await tx.insert([checked])
    return Founded(checked, await _first_operator(tx, checked, accepted) if accepted else None)


async def _first_operator(tx: Tx, market: Market, accepted: Accepted) -> Member:
    joined = await join(tx, market, accepted)
    if isinstance(joined, Refused):
        message = f"nobody can be in the way in a new market: {joined.code}"
        raise TypeError(message)
    await become(tx, joined, Role.OPERATOR)
    return joined


def _checked(tx: Tx, new: NewMarket) -> Market | Refused:
    slug = text.slug("slug", new.slug)
    name = text.line("name", new.name, longest=_NAME_MAX)
    terms = checked_terms(new.terms)
    if refused := text.first_refusal(slug, name, terms):
        return refused
    if not money.known(new.currency):
        return Refused(Code.CURRENCY_UNKNOWN, {"field": "currency", "currency": new.currency})
    if new.country not in countries():
        return Refused(Code.COUNTRY_UNKNOWN, {"field": "country", "country": new.country})
    locales = list(dict.fromkeys(new.locales))
    if not 1 <= len(locales) <= _LOCALES_MAX:
        facts = {"field": "locales", "min": 1, "max": _LOCALES_MAX}
        return Refused(Code.FIELD_INVALID, facts)
    for locale in locales:
        if not _spoken(locale):
            return Refused(Code.LOCALE_UNKNOWN, {"field": "locales", "locale": locale})
    now = tx.clock.now()
    return Market(
        id=ids.new(now),
        slug=new.slug,
        name=text.accepted(name),
        currency=new.currency,
        country=new.country,
        locales=locales,
        terms=new.terms,
        founded_at=now,
    )


def _spoken(locale: str) -> bool:
    """Tell whether CLDR knows a language tag."""
    try:
        Locale.parse(locale, sep="-")
    except (ValueError, UnknownLocaleError):
        return False
    return True
