"""How a listing is laid down in its tables: the row, its variants, pictures, translations."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from serai.catalog.model import (
    Draft,
    Kind,
    Listing,
    ListingChange,
    ListingRow,
    Picture,
    PictureDraft,
    State,
    Translation,
    TranslationDraft,
    Variant,
    VariantDraft,
)
from serai.kernel import ids, outbox
from serai.kernel.tx import Tx
from serai.members import Shop

_ID_OF_HANDLE = "select id from catalog_listing where shop_id = $1 and handle = $2"


async def lay_down(tx: Tx, shop: Shop, draft: Draft, actor_id: UUID) -> ListingRow | None:
    """Write a new listing in the state of a draft; None where the handle is taken.

    Also by a transaction that runs beside this one: the table decides.
    """
    now = tx.clock.now()
    row = ListingRow(
        id=ids.new(now),
        market_id=shop.market_id,
        shop_id=shop.id,
        state=State.DRAFT,
        currency=shop.currency,
        price_from=_price_from(draft),
        words=_words(draft),
        created_at=now,
        revised_at=now,
        published_at=None,
        **_columns(draft),
    )
    await tx.ensure([row])
    if await tx.value(_ID_OF_HANDLE, shop.id, draft.handle) != row.id:
        return None
    await _write_variants(tx, row.market_id, row.id, (), draft.variants)
    await _write_pictures(tx, row.market_id, row.id, draft.pictures)
    await _write_translations(tx, row.market_id, row.id, {}, draft.translations)
    begun = ListingChange(ids.new(now), row.market_id, row.id, actor_id, now, None, State.DRAFT, "")
    await tx.insert([begun])
    return row


_UPDATE = """
update catalog_listing set category_id = $2, handle = $3, title = $4, body_html = $5, vendor = $6,
    product_type = $7, tags = $8, attributes = $9, kind = $10, option_names = $11,
    seo_title = $12, seo_description = $13, price_from = $14, words = $15, revised_at = $16
where id = $1
"""


async def amend(tx: Tx, shop: Shop, current: Listing, before: Draft, after: Draft) -> None:
    """Write where `after` differs from `before`; its variants all have their ids.

    An event tells of every price that changed.
    """
    columns = _columns(after).values()
    now = tx.clock.now()
    await tx.execute(_UPDATE, current.id, *columns, _price_from(after), _words(after), now)
    market_id, listing_id = current.market_id, current.id
    await _write_variants(tx, market_id, listing_id, before.variants, after.variants)
    if after.pictures != before.pictures:
        await _write_pictures(tx, market_id, listing_id, after.pictures)
    translations = (before.translations, after.translations)
    await _write_translations(tx, market_id, listing_id, *translations)
    await _tell_prices(tx, shop, current, before.variants, after.variants)


def _columns(draft: Draft) -> dict[str, Any]:
    """Give what a seller writes of the row itself, in the order of `_UPDATE`."""
    return {
        "category_id": draft.category_id,
        "handle": draft.handle,
        "title": draft.title,
        "body_html": draft.body_html,
        "vendor": draft.vendor,
        "product_type": draft.product_type,
        "tags": list(draft.tags),
        "attributes": draft.attributes,
        "kind": Kind(draft.kind),
        "option_names": list(draft.option_names),
        "seo_title": draft.seo_title,
        "seo_description": draft.seo_description,
    }


def _price_from(draft: Draft) -> int | None:
    return min((variant.price for variant in draft.variants), default=None)


def _words(draft: Draft) -> str:
    """Gather what a search looks in."""
    translated = [words.title for words in draft.translations.values()]
    skus = [variant.sku for variant in draft.variants]
    said = [draft.title, *translated, draft.vendor, draft.product_type, *draft.tags, *skus]
    return "\n".join(dict.fromkeys(text for text in said if text))


_RETIRE = """
update catalog_variant set retired_at = $2
where id = any($1) and retired_at is null
"""
_CHANGE = """
update catalog_variant as v
set position = new.position, sku = new.sku, barcode = new.barcode, options = new.options,
    price = new.price, compare_at = new.compare_at, weight_g = new.weight_g,
    limit_per_buyer = new.limit_per_buyer, retired_at = null
from jsonb_to_recordset($1) as new (
    id uuid, position integer, sku text, barcode text, options text[], price bigint,
    compare_at bigint, weight_g integer, limit_per_buyer integer)
where v.id = new.id
returning v.id
"""


async def _write_variants(
    tx: Tx,
    market_id: UUID,
    listing_id: UUID,
    before: Sequence[VariantDraft],
    after: Sequence[VariantDraft],
) -> None:
    was = {variant.id: (position, variant) for position, variant in enumerate(before, start=1)}
    touched = [
        _variant(market_id, listing_id, position, variant)
        for position, variant in enumerate(after, start=1)
        if was.get(variant.id) != (position, variant)
    ]
    # All that change leave first, so that two may exchange their option values.
    leaving = {row.id for row in touched} & was.keys() | was.keys() - {v.id for v in after}
    if leaving:
        await tx.execute(_RETIRE, sorted(one for one in leaving if one), tx.now)
    if touched:
        known = set(await tx.values(_CHANGE, touched))
        await tx.insert([row for row in touched if row.id not in known])


def _variant(market_id: UUID, listing_id: UUID, position: int, variant: VariantDraft) -> Variant:
    assert variant.id is not None
    return Variant(
        id=variant.id,
        market_id=market_id,
        listing_id=listing_id,
        position=position,
        sku=variant.sku,
        barcode=variant.barcode,
        options=list(variant.options),
        price=variant.price,
        compare_at=variant.compare_at,
        weight_g=variant.weight_g,
        limit_per_buyer=variant.limit_per_buyer,
        retired_at=None,
    )


_DROP_PICTURES = "delete from catalog_picture where listing_id = $1"


async def _write_pictures(
    tx: Tx, market_id: UUID, listing_id: UUID, pictures: Sequence[PictureDraft]
) -> None:
    await tx.execute(_DROP_PICTURES, listing_id)
    await tx.insert(
        [
            Picture(
                listing_id=listing_id,
                position=position,
                market_id=market_id,
                file=picture.file,
                source_url=picture.source_url,
                alt=picture.alt,
                width=picture.width,
                height=picture.height,
            )
            for position, picture in enumerate(pictures, start=1)
        ]
    )


_DROP_TRANSLATIONS = "delete from catalog_translation where listing_id = $1 and locale = any($2)"


async def _write_translations(
    tx: Tx,
    market_id: UUID,
    listing_id: UUID,
    before: Mapping[str, TranslationDraft],
    after: Mapping[str, TranslationDraft],
) -> None:
    outdated = [locale for locale in before if after.get(locale) != before[locale]]
    if outdated:
        await tx.execute(_DROP_TRANSLATIONS, listing_id, outdated)
    await tx.insert(
        [
            Translation(listing_id, locale, market_id, words.title, words.body_html)
            for locale, words in after.items()
            if words != before.get(locale)
        ]
    )


async def _tell_prices(
    tx: Tx,
    shop: Shop,
    current: Listing,
    before: Sequence[VariantDraft],
    after: Sequence[VariantDraft],
) -> None:
    was = {variant.id: variant.price for variant in before}
    await outbox.emit(
        tx,
        [
            outbox.event(
                tx,
                market_id=current.market_id,
                subject=current.id,
                kind="listing.price_changed",
                body={
                    "listing_id": str(current.id),
                    "shop_id": str(shop.id),
                    "variant_id": str(variant.id),
                    "from": was[variant.id],
                    "to": variant.price,
                    "currency": current.currency,
                },
                audience=[shop.owner_id],
            )
            for variant in after
            if was.get(variant.id, variant.price) != variant.price
        ],
    )
