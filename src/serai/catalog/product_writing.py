"""Product files, written: CSV that other shops' programs read, and that reads back the same."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import zip_longest

from msgspec import UnsetType

from serai.catalog import product_columns as at
from serai.catalog.model import Kind, State
from serai.catalog.product import Product, ProductPicture, ProductVariant
from serai.kernel.money import Money, decimal

# Published, Status: the format knows three states and a shop window.
_STATES = {
    State.DRAFT: ("FALSE", "draft"),
    State.PUBLISHED: ("TRUE", "active"),
    State.PAUSED: ("FALSE", "active"),
    State.ARCHIVED: ("FALSE", "archived"),
}


def write_products(products: Iterable[Product]) -> Iterator[str]:
    """Write a file, one piece a product, the header first; lines end in a line feed.

    What is not known is left empty. Of the columns that other importers insist
    on, only what is true here is said: stock is never oversold (`deny`), and
    the shop sends its own goods (`manual`).
    """
    yield csv_header()
    yield from map(csv_rows, products)


def csv_header() -> str:
    """Write the first line of a file."""
    return _lines([dict(zip(at.WRITTEN, at.WRITTEN, strict=True))])


def csv_rows(product: Product) -> str:
    """Write the lines of one product."""
    return _lines(_rows(product))


def _lines(told: Iterable[dict[str, str]]) -> str:
    # Each `\r` is written as the `\n` that it means: some readers take it for the end of a row.
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in told:
        cells = (row.get(column, "") for column in at.WRITTEN)
        writer.writerow([c.replace("\r\n", "\n").replace("\r", "\n") for c in cells])
    return text.getvalue()


def _rows(product: Product) -> Iterator[dict[str, str]]:
    pairs = zip_longest(product.variants, product.pictures)
    for number, (variant, picture) in enumerate(pairs if _parts(product) else [(None, None)]):
        row = {at.HANDLE: product.handle}
        if number == 0:
            row |= _of_product(product)
        if variant is not None:
            row |= _of_variant(product, variant)
        if picture is not None:
            row |= _of_picture(number + 1, picture)
        yield row


def _parts(product: Product) -> bool:
    return bool(product.variants or product.pictures)


def _of_product(product: Product) -> dict[str, str]:
    published, status = _STATES[product.state] if product.state else ("", "")
    names = product.option_names
    if not names and product.variants:
        names = at.NO_OPTION[:1]
    return {
        at.TITLE: product.title,
        at.BODY: product.body_html or "",
        at.VENDOR: product.vendor or "",
        at.CATEGORY: product.category or "",
        at.TYPE: product.product_type or "",
        at.TAGS: ", ".join(product.tags or ()),
        at.PUBLISHED: published,
        at.STATUS: status,
        at.GIFT_CARD: "FALSE",
        at.SEO_TITLE: product.seo_title or "",
        at.SEO_DESCRIPTION: product.seo_description or "",
        **dict(zip(at.OPTION_NAMES, names, strict=False)),
        # A product without variants still says whether it would travel.
        at.SHIPPING: _SHIPPING[product.kind],
    }


_SHIPPING = {Kind.PHYSICAL: "TRUE", Kind.DIGITAL: "FALSE", None: ""}


def _of_variant(product: Product, variant: ProductVariant) -> dict[str, str]:
    values = variant.options if product.option_names else at.NO_OPTION[1:]
    return {
        **dict(zip(at.OPTION_VALUES, values, strict=False)),
        at.SKU: variant.sku or "",
        at.GRAMS: _number(variant.grams),
        at.TRACKER: "" if variant.quantity is None else "shopify",
        at.QUANTITY: _number(variant.quantity),
        at.POLICY: "deny",
        at.FULFILLMENT: "manual",
        at.PRICE: _amount(variant.price, product.currency),
        at.COMPARE_AT: _amount(variant.compare_at, product.currency),
        at.SHIPPING: _SHIPPING[product.kind],
        at.BARCODE: variant.barcode or "",
    }


def _of_picture(position: int, picture: ProductPicture) -> dict[str, str]:
    return {
        at.IMAGE: picture.url,
        at.IMAGE_POSITION: str(position),
        at.IMAGE_ALT: picture.alt,
    }


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _amount(minor: int | UnsetType | None, currency: str) -> str:
    return f"{decimal(Money(minor, currency)):f}" if isinstance(minor, int) else ""
