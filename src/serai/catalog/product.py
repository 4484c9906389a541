"""A product as shops exchange it in files: independent of any market, shop or id.

What a file does not say is `None`, which is not the same as empty. Between a
product and a listing stand two translations, `product_of` and `merged`; what
one side does not know the other keeps.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from serai.catalog.category_tree import find_path, path_of
from serai.catalog.model import (
    Category,
    Draft,
    Kind,
    Listing,
    PictureDraft,
    State,
    VariantDraft,
)
from serai.catalog.pictures import FILE


class ProductVariant(Struct, frozen=True, kw_only=True):
    """A variant in a file. Amounts are minor units of the product's currency."""

    options: tuple[str, ...] = ()
    price: int
    compare_at: int | UnsetType | None = UNSET
    sku: str | None = None
    barcode: str | None = None
    grams: int | None = None
    quantity: int | None = None
    """How many the file says are on the shelf."""


class ProductPicture(Struct, frozen=True):
    """A picture in a file: where it is, and what it shows."""

    url: str
    alt: str = ""


class Product(Struct, frozen=True, kw_only=True):
    """One product of a file, with the line on which it began."""

    line: int = 0
    handle: str
    title: str
    currency: str
    body_html: str | None = None
    vendor: str | None = None
    category: str | None = None
    """The way to it in a tree, as `Apparel > Shirts`."""
    product_type: str | None = None
    tags: tuple[str, ...] | None = None
    state: State | None = None
    kind: Kind | None = None
    option_names: tuple[str, ...] = ()
    variants: tuple[ProductVariant, ...] = ()
    pictures: tuple[ProductPicture, ...] = ()
    seo_title: str | None = None
    seo_description: str | None = None


def product_of(
    listing: Listing, tree: Sequence[Category], stock: Mapping[UUID, int], pictures_at: str
) -> Product:
    """Write a listing as a product of a file.

    `stock` is how many of each variant are on the shelf; one that is not in it
    is not counted. `pictures_at` is the address under which the files of the
    picture store are served.
    """
    return Product(
        handle=listing.handle,
        title=listing.title,
        currency=listing.currency,
        body_html=listing.body_html,
        vendor=listing.vendor,
        category=path_of(tree, listing.category_id) if listing.category_id else "",
        product_type=listing.product_type,
        tags=tuple(listing.tags),
        state=listing.state,
        kind=listing.kind,
        option_names=tuple(listing.option_names),
        variants=tuple(
            ProductVariant(
                options=tuple(variant.options),
                price=variant.price,
                compare_at=variant.compare_at,
                sku=variant.sku,
                barcode=variant.barcode,
                grams=variant.weight_g,
                quantity=stock.get(variant.id),
            )
            for variant in listing.variants
        ),
        pictures=tuple(
            ProductPicture(picture.source_url or f"{pictures_at}{picture.file}", picture.alt)
            for picture in listing.pictures
        ),
        seo_title=listing.seo_title,
        seo_description=listing.seo_description,
    )


def merged(before: Draft, product: Product, tree: Sequence[Category], pictures_at: str) -> Draft:
    """Lay a product over a draft: what the product says counts, the rest stays.

    Variants and pictures that the file does not mention stay too, behind those
    it mentions: a file that was cut off takes nothing away.
    """
    category = before.category_id
    if product.category is not None:
        found = find_path(tree, product.category) if product.category else None
        category = found if found or not product.category else category
    says_options = product.option_names or product.variants
    return replace(
        before,
        handle=product.handle,
        title=product.title,
        body_html=_said(product.body_html, before.body_html),
        vendor=_said(product.vendor, before.vendor),
        category_id=category,
        product_type=_said(product.product_type, before.product_type),
        tags=before.tags if product.tags is None else product.tags,
        kind=product.kind or before.kind,
        option_names=(product.option_names if says_options else before.option_names),
        variants=_merged_variants(before.variants, product.variants),
        pictures=_merged_pictures(before.pictures, product.pictures, pictures_at),
        seo_title=_said(product.seo_title, before.seo_title),
        seo_description=_said(product.seo_description, before.seo_description),
    )


def _said(text: str | None, before: str) -> str:
    return before if text is None else text


def _merged_variants(
    before: Sequence[VariantDraft], wanted: Sequence[ProductVariant]
) -> tuple[VariantDraft, ...]:
    """Recognise a variant by its option values, else by a SKU that only one has."""
    by_options = {variant.options: variant for variant in before}
    skus = [variant.sku for variant in before]
    by_sku = {v.sku: v for v in before if v.sku and skus.count(v.sku) == 1}
    taken = {variant.options for variant in wanted if variant.options in by_options}
    result: list[VariantDraft] = []
    for variant in wanted:
        known = by_options.get(variant.options)
        if known is None and variant.sku in by_sku:
            known = by_sku[variant.sku]
            known = None if known.options in taken else known
        if known is not None:
            taken.add(known.options)
        result.append(_merged_variant(known, variant))
    return (*result, *(variant for variant in before if variant.options not in taken))


def _merged_variant(known: VariantDraft | None, wanted: ProductVariant) -> VariantDraft:
    base = known or VariantDraft(price=wanted.price)
    return VariantDraft(
        id=base.id,
        options=wanted.options,
        price=wanted.price,
        compare_at=base.compare_at if wanted.compare_at is UNSET else wanted.compare_at,
        sku=_said(wanted.sku, base.sku),
        barcode=_said(wanted.barcode, base.barcode),
        weight_g=base.weight_g if wanted.grams is None else wanted.grams,
        limit_per_buyer=base.limit_per_buyer,
    )


def _merged_pictures(
    before: Sequence[PictureDraft], wanted: Sequence[ProductPicture], pictures_at: str
) -> tuple[PictureDraft, ...]:
    by_place = {(picture.file, picture.source_url): picture for picture in before}
    result: list[PictureDraft] = []
    for picture in wanted:
        place = _place(picture.url, pictures_at)
        known = by_place.pop(place, None) or PictureDraft(file=place[0], source_url=place[1])
        result.append(replace(known, alt=picture.alt))
    return (*result, *by_place.values())


def _place(url: str, pictures_at: str) -> tuple[str | None, str | None]:
    """Tell a picture of our own store, by its served address, from one named elsewhere."""
    file = url.removeprefix(pictures_at)
    if pictures_at and file != url and FILE.fullmatch(file):
        return file, None
    return None, url
