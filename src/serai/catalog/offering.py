"""Listings written by their sellers: drafted, revised, priced.

There is one way to change a listing: what it is now and what is wanted are laid
side by side, and only what differs is written. So saying the same thing twice
writes nothing the second time, whoever says it: a form, a program, a file.
"""

from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from serai.catalog.draft import missing_to_sell, tidy, wrong_fields
from serai.catalog.model import (
    Category,
    Code,
    Draft,
    Listing,
    ListingRow,
    PictureDraft,
    Revision,
    State,
    TranslationDraft,
    Variant,
    VariantDraft,
)
from serai.catalog.record import amend, lay_down
from serai.catalog.shelf import listing, whole
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx, columns
from serai.members import Shop, shops


class Owned(Struct, frozen=True):
    """A listing under lock, and the shop of the member who asked for it."""

    row: ListingRow
    shop: Shop


async def owned(tx: Tx, listing_id: UUID, actor_id: UUID) -> Owned | Refused:
    """Lock a listing for its shop's owner; to everybody else it is unknown."""
    locked = await lock(tx, ListingRow, [listing_id])
    if locked:
        shop = (await shops(tx, [locked[0].shop_id])).get(locked[0].shop_id)
        if shop is not None and shop.owner_id == actor_id:
            return Owned(locked[0], shop)
    return Refused(Code.LISTING_UNKNOWN, {"listing_id": str(listing_id)})


async def draft_listing(tx: Tx, shop: Shop, draft: Draft, actor_id: UUID) -> Listing | Refused:
    """Write a new listing of the shop, in the state of a draft: nobody else sees it yet."""
    if shop.owner_id != actor_id:
        return Refused(Code.LISTING_UNKNOWN)
    new = tidy(draft)
    refused = await _refusal(tx, shop.market_id, new, State.DRAFT)
    if refused is not None:
        return refused
    variants = tuple(replace(one, id=ids.new(tx.clock.now())) for one in new.variants)
    row = await lay_down(tx, shop, replace(new, variants=variants), actor_id)
    if row is None:
        return Refused(Code.HANDLE_TAKEN, {"handle": new.handle})
    return (await whole(tx, [row]))[0]


async def revise(tx: Tx, listing_id: UUID, revision: Revision, actor_id: UUID) -> Listing | Refused:
    """Change what the revision names; one that changes nothing writes nothing.

    A listing that is for sale stays fit for it, or the revision is refused.
    """
    own = await owned(tx, listing_id, actor_id)
    if isinstance(own, Refused):
        return own
    current = (await whole(tx, [own.row]))[0]
    given = {
        name: value
        for name, value in msgspec.structs.asdict(revision).items()
        if value is not UNSET
    }
    return await rewrite(tx, own.shop, current, replace(draft_of(current), **given))


_LISTING_OF = "select listing_id from catalog_variant where id = $1 and retired_at is null"


async def set_price(
    tx: Tx,
    variant_id: UUID,
    price: int,
    actor_id: UUID,
    *,
    compare_at: int | UnsetType | None = UNSET,
) -> Listing | Refused:
    """Ask another price for a variant, in minor units; orders already placed keep theirs."""
    unknown = Refused(Code.VARIANT_UNKNOWN, {"variant_id": str(variant_id)})
    listing_id = await tx.value(_LISTING_OF, variant_id)
    own = await owned(tx, listing_id, actor_id) if listing_id is not None else unknown
    if isinstance(own, Refused):
        return unknown
    current = (await whole(tx, [own.row]))[0]
    draft = draft_of(current)
    variants = tuple(
        variant
        if variant.id != variant_id
        else replace(
            variant,
            price=price,
            compare_at=variant.compare_at if compare_at is UNSET else compare_at,
        )
        for variant in draft.variants
    )
    return await rewrite(tx, own.shop, current, replace(draft, variants=variants))


def draft_of(current: Listing) -> Draft:
    """Give a listing back as its seller would have written it, each variant with its id."""
    return Draft(
        handle=current.handle,
        title=current.title,
        body_html=current.body_html,
        vendor=current.vendor,
        product_type=current.product_type,
        tags=tuple(current.tags),
        category_id=current.category_id,
        attributes=current.attributes,
        kind=current.kind,
        option_names=tuple(current.option_names),
        seo_title=current.seo_title,
        seo_description=current.seo_description,
        variants=tuple(_variant_draft(variant) for variant in current.variants),
        pictures=tuple(
            PictureDraft(
                file=picture.file,
                source_url=picture.source_url,
                alt=picture.alt,
                width=picture.width,
                height=picture.height,
            )
            for picture in current.pictures
        ),
        translations={
            locale: TranslationDraft(words.title, words.body_html)
            for locale, words in current.translations.items()
        },
    )


def _variant_draft(variant: Variant) -> VariantDraft:
    return VariantDraft(
        id=variant.id,
        options=tuple(variant.options),
        price=variant.price,
        compare_at=variant.compare_at,
        sku=variant.sku,
        barcode=variant.barcode,
        weight_g=variant.weight_g,
        limit_per_buyer=variant.limit_per_buyer,
    )


_ID_OF_HANDLE = "select id from catalog_listing where shop_id = $1 and handle = $2"


async def rewrite(tx: Tx, shop: Shop, current: Listing, wanted: Draft) -> Listing | Refused:
    """Make a locked listing what is wanted; gives `current` itself where it is that already."""
    before = draft_of(current)
    after = await _identified(tx, current, tidy(wanted))
    if isinstance(after, Refused):
        return after
    if after == before:
        return current
    refused = await _refusal(tx, shop.market_id, after, current.state)
    if refused is not None:
        return refused
    if after.handle != before.handle and await tx.value(_ID_OF_HANDLE, shop.id, after.handle):
        return Refused(Code.HANDLE_TAKEN, {"handle": after.handle})
    await amend(tx, shop, current, before, after)
    found = await listing(tx, current.id)
    assert found is not None
    return found


# ── What may be written ──────────────────────────────────────────────────────────────────

_RETIRED = f"""
select {columns(Variant)} from catalog_variant
where listing_id = $1 and retired_at is not null order by retired_at desc, id desc
"""  # noqa: S608  the columns are the struct's own


async def _identified(tx: Tx, current: Listing, draft: Draft) -> Draft | Refused:
    """Give every variant its id: the one it says, the one of its options, or a new one."""
    live = {variant.id for variant in current.variants}
    by_options = {tuple(variant.options): variant.id for variant in current.variants}
    said = {variant.id for variant in draft.variants if variant.id is not None}
    if not said <= live or any(
        variant.id is None and variant.options not in by_options for variant in draft.variants
    ):
        for variant in await tx.fetch(Variant, _RETIRED, current.id):
            live.add(variant.id)
            by_options.setdefault(tuple(variant.options), variant.id)
    if not said <= live:
        strange = sorted(str(one) for one in said - live)
        return Refused(Code.VARIANT_UNKNOWN, {"variant_id": strange[0]})
    variants: list[VariantDraft] = []
    for wanted in draft.variants:
        known = by_options.get(wanted.options)
        if wanted.id is not None:
            known = wanted.id
        elif known is None or known in said:
            # Its options may be those that a variant named by its id is leaving just now.
            known = ids.new(tx.clock.now())
        said.add(known)
        variants.append(replace(wanted, id=known))
    return replace(draft, variants=tuple(variants))


_CATEGORY = f"select {columns(Category)} from catalog_category where id = $1"  # noqa: S608  no input


async def _refusal(tx: Tx, market_id: UUID, draft: Draft, state: State) -> Refused | None:
    wrong = wrong_fields(draft)
    repeated = [variant.id for variant in draft.variants if variant.id is not None]
    if len(repeated) != len(set(repeated)):
        wrong.setdefault("variants", "one is there twice")
    if wrong:
        return Refused(Code.LISTING_INVALID, {"fields": wrong})
    missing = missing_to_sell(draft)
    if missing and state in {State.PUBLISHED, State.PAUSED}:
        return Refused(Code.LISTING_INCOMPLETE, {"missing": missing})
    if draft.category_id is not None:
        category = await tx.first(Category, _CATEGORY, draft.category_id)
        if category is None or category.market_id != market_id:
            return Refused(Code.CATEGORY_UNKNOWN, {"category_id": str(draft.category_id)})
    return None
