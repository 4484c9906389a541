"""Looking: one listing with all that hangs on it, lists of them, and the prices an order needs."""

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from serai.catalog.category_tree import subtree
from serai.catalog.model import (
    Card,
    Code,
    Filters,
    Listing,
    ListingChange,
    ListingRow,
    Offer,
    Page,
    Picture,
    Sort,
    Translation,
    Variant,
)
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx, columns

PAGE_MAX = 100
TERMS_MAX = 16

_OFFERS = """
select v.id as variant_id, l.id as listing_id, l.market_id, l.shop_id, l.title, v.sku, v.options,
    v.price, l.currency, v.weight_g, l.kind = 'digital' as digital, v.limit_per_buyer,
    l.state = 'published' and v.retired_at is null as on_sale
from catalog_variant as v join catalog_listing as l on l.id = v.listing_id
where v.id = any($1)
"""


async def offers(tx: Tx, variant_ids: Iterable[UUID]) -> dict[UUID, Offer]:
    """Read what is asked for these variants now; an unknown one is not among the answers.

    `on_sale` speaks for the listing; whether its shop is open is the shop's affair.
    """
    found = await tx.fetch(Offer, _OFFERS, list(variant_ids))
    return {offer.variant_id: offer for offer in found}


_BY_ID = f"select {columns(ListingRow)} from catalog_listing where id = $1"  # noqa: S608  no input
_BY_HANDLE = (
    f"select {columns(ListingRow)} from catalog_listing "  # noqa: S608  no input
    "where shop_id = $1 and handle = $2"
)


async def listing(tx: Tx, listing_id: UUID, locale: str | None = None) -> Listing | None:
    """Read one, in a locale where it was translated: whoever may see it is asked elsewhere."""
    rows = await tx.fetch(ListingRow, _BY_ID, listing_id)
    return (await whole(tx, rows, locale))[0] if rows else None


async def listing_by_handle(
    tx: Tx, shop_id: UUID, handle: str, locale: str | None = None
) -> Listing | None:
    """Read the one that a shop has under this handle."""
    if "\x00" in handle:
        return None
    rows = await tx.fetch(ListingRow, _BY_HANDLE, shop_id, handle)
    return (await whole(tx, rows, locale))[0] if rows else None


_OF_SHOP = (
    f"select {columns(ListingRow)} from catalog_listing "  # noqa: S608  no input
    "where shop_id = $1 and ($2::uuid is null or id > $2) order by id limit $3"
)


async def listings_of_shop(
    tx: Tx, shop_id: UUID, after: UUID | None = None, limit: int = PAGE_MAX
) -> list[Listing]:
    """Read a shop's listings of every state, oldest first; for exports, page by page."""
    return await whole(tx, await tx.fetch(ListingRow, _OF_SHOP, shop_id, after, limit))


_CHANGES = """
select id, market_id, listing_id, actor_id, at, from_state, to_state, reason
from catalog_listing_change where listing_id = $1 order by id
"""


async def changes(tx: Tx, listing_id: UUID) -> list[ListingChange]:
    """Read through which states it came here: who, when, why."""
    return await tx.fetch(ListingChange, _CHANGES, listing_id)


_VARIANTS = """
select id, market_id, listing_id, position, sku, barcode, options, price, compare_at, weight_g,
    limit_per_buyer, retired_at
from catalog_variant where listing_id = any($1) and retired_at is null order by position, id
"""
_PICTURES = """
select listing_id, position, market_id, file, source_url, alt, width, height
from catalog_picture where listing_id = any($1) order by position
"""
_TRANSLATIONS = """
select listing_id, locale, market_id, title, body_html
from catalog_translation where listing_id = any($1) order by locale
"""


async def whole(tx: Tx, rows: Sequence[ListingRow], locale: str | None = None) -> list[Listing]:
    """Put to each row what hangs on it: three queries, however many there are."""
    wanted = [row.id for row in rows]
    variants: defaultdict[UUID, list[Variant]] = defaultdict(list)
    pictures: defaultdict[UUID, list[Picture]] = defaultdict(list)
    translations: defaultdict[UUID, dict[str, Translation]] = defaultdict(dict)
    if wanted:
        for variant in await tx.fetch(Variant, _VARIANTS, wanted):
            variants[variant.listing_id].append(variant)
        for picture in await tx.fetch(Picture, _PICTURES, wanted):
            pictures[picture.listing_id].append(picture)
        for words in await tx.fetch(Translation, _TRANSLATIONS, wanted):
            translations[words.listing_id][words.locale] = words
    return [
        _join(row, variants[row.id], pictures[row.id], translations[row.id], locale) for row in rows
    ]


def _join(
    row: ListingRow,
    variants: list[Variant],
    pictures: list[Picture],
    translations: dict[str, Translation],
    locale: str | None,
) -> Listing:
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    del fields["words"]
    spoken = next((translations[one] for one in _heard(locale) if one in translations), None)
    if spoken is not None:
        fields["title"] = spoken.title
        # A translator may have left the description to the seller's own words.
        fields["body_html"] = spoken.body_html or row.body_html
    return Listing(
        **fields,
        locale=spoken.locale if spoken else None,
        variants=variants,
        pictures=pictures,
        translations=translations,
    )


def _heard(locale: str | None) -> list[str]:
    """Name the locales that will do: the one asked for, then its language."""
    return [] if locale is None else list(dict.fromkeys([locale, locale.partition("-")[0]]))


# ── Lists ────────────────────────────────────────────────────────────────────────────────


class _Cursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page ended."""

    sort: Sort
    price: int
    id: UUID


_CARDS = """
select l.id, l.market_id, l.shop_id, l.category_id, l.handle,
    coalesce((
        select t.title from catalog_translation as t
        where t.listing_id = l.id and t.locale = any({heard})
        order by array_position({heard}, t.locale) limit 1), l.title) as title,
    l.kind, l.state, l.currency, l.price_from,
    (select count(*) from catalog_variant as v
        where v.listing_id = l.id and v.retired_at is null) as variants,
    p.file as picture_file, p.source_url as picture_url, p.alt as picture_alt,
    l.created_at, l.published_at
from catalog_listing as l
left join catalog_picture as p on p.listing_id = l.id and p.position = 1
where {where}
order by {order} limit {limit}
"""
_PRICE = "coalesce(l.price_from, 0)"
_ORDER = {
    Sort.NEWEST: "l.id desc",
    Sort.CHEAPEST: f"{_PRICE}, l.id",
    Sort.DEAREST: f"{_PRICE} desc, l.id desc",
}


async def listings(
    tx: Tx,
    filters: Filters,
    cursor: str | None = None,
    limit: int = 24,
    locale: str | None = None,
) -> Page | Refused:
    """Read a page of the list, at most 100 cards; its `next` continues it.

    A page begins strictly behind the last card of the one before, so a listing
    is never shown twice because another was added in between.
    """
    limit = max(1, min(limit, PAGE_MAX))
    query = await _query(tx, filters)
    if cursor is not None:
        end = _read_cursor(cursor, filters.sort)
        if end is None:
            return Refused(Code.CURSOR_UNKNOWN)
        query.behind(end)
    heard = f"{query.put(_heard(locale))}::text[]"
    order, most = _ORDER[filters.sort], query.put(limit + 1)
    sql = _CARDS.format(heard=heard, where=query.where(), order=order, limit=most)
    cards = await tx.fetch(Card, sql, *query.arguments)
    if len(cards) <= limit:
        return Page(cards, None)
    last = cards[limit - 1]
    end = _Cursor(filters.sort, last.price_from or 0, last.id)
    return Page(cards[:limit], _write_cursor(end))


async def count(tx: Tx, filters: Filters) -> int:
    """Count what such a list holds in all."""
    query = await _query(tx, filters)
    sql = f"select count(*) from catalog_listing as l where {query.where()}"  # noqa: S608  ours
    return int(await tx.value(sql, *query.arguments))


def _write_cursor(end: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(end)).rstrip(b"=").decode()


def _read_cursor(cursor: str, sort: Sort) -> _Cursor | None:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        end = msgspec.json.decode(raw, type=_Cursor)
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return end if end.sort is sort and 0 <= end.price < 1 << 63 else None


class _Query:
    """Conditions being gathered, and what stands behind their numbers.

    Every piece of SQL is written here; what comes from outside is an argument.
    """

    def __init__(self) -> None:
        self.arguments: list[object] = []
        self._conditions: list[str] = ["true"]

    def put(self, value: object) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def add(self, condition: str, value: object) -> None:
        self._conditions.append(condition.format(self.put(value)))

    def behind(self, end: _Cursor) -> None:
        if end.sort is Sort.NEWEST:
            self.add("l.id < {}", end.id)
            return
        price, last = self.put(end.price), self.put(end.id)
        sign = ">" if end.sort is Sort.CHEAPEST else "<"
        self._conditions.append(f"({_PRICE}, l.id) {sign} ({price}::bigint, {last}::uuid)")

    def where(self) -> str:
        return " and ".join(self._conditions)


async def _query(tx: Tx, filters: Filters) -> _Query:
    query = _Query()
    if filters.market_id is not None:
        query.add("l.market_id = {}", filters.market_id)
    if filters.shop_id is not None:
        query.add("l.shop_id = {}", filters.shop_id)
    if filters.category_id is not None:
        query.add("l.category_id = any({}::uuid[])", await subtree(tx, filters.category_id))
    if filters.state is not None:
        query.add("l.state = {}", filters.state)
    _add_text(query, filters.text)
    return query


# Scripts that put no blanks between words: PostgreSQL's parser takes a phrase for one word.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\U00020000-\U0003ffff]"
)
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def _add_text(query: _Query, text: str) -> None:
    """Ask that every term is found: as a word, or anywhere where words are not spaced."""
    terms = _UNSTORABLE.sub(" ", text).split()[:TERMS_MAX]
    anywhere = [term for term in terms if _UNSPACED.search(term)]
    words = [term for term in terms if not _UNSPACED.search(term)]
    if anywhere:
        escaped = [re.sub(r"([\\%_])", r"\\\1", term) for term in anywhere]
        query.add("l.words ilike all({}::text[])", [f"%{term}%" for term in escaped])
    if words:
        query.add(
            "to_tsvector('simple', l.words) @@ websearch_to_tsquery('simple', {})", " ".join(words)
        )
