"""The catalog: a market's category tree and what its shops list in it.

What is listed is looked at, priced and searched here; how many there are of it
is the inventory's affair, and who may buy it the trade's.
"""

from serai.catalog.category_tree import (
    categories,
    ensure_category,
    move_category,
    name_in,
    rename_category,
)
from serai.catalog.exchange import Applied, Result, apply_product, products_of_shop
from serai.catalog.model import (
    PICTURES_MAX,
    VARIANTS_MAX,
    Card,
    Category,
    Code,
    Draft,
    Filters,
    Kind,
    Listing,
    ListingChange,
    Offer,
    Page,
    Picture,
    PictureDraft,
    Revision,
    Sort,
    State,
    Translation,
    TranslationDraft,
    Variant,
    VariantDraft,
)
from serai.catalog.offering import draft_listing, revise, set_price
from serai.catalog.pictures import (
    PICTURE_MAX_BYTES,
    Stored,
    media_type,
    picture_path,
    store_picture,
)
from serai.catalog.product import Product, ProductPicture, ProductVariant
from serai.catalog.product_reading import Reading, file_lines, read_products
from serai.catalog.product_rows import RowError
from serai.catalog.product_writing import csv_header, csv_rows, write_products
from serai.catalog.shelf import changes, count, listing, listing_by_handle, listings, offers
from serai.catalog.state import archive, pause, publish, reopen

__all__ = [
    "PICTURES_MAX",
    "PICTURE_MAX_BYTES",
    "VARIANTS_MAX",
    "Applied",
    "Card",
    "Category",
    "Code",
    "Draft",
    "Filters",
    "Kind",
    "Listing",
    "ListingChange",
    "Offer",
    "Page",
    "Picture",
    "PictureDraft",
    "Product",
    "ProductPicture",
    "ProductVariant",
    "Reading",
    "Result",
    "Revision",
    "RowError",
    "Sort",
    "State",
    "Stored",
    "Translation",
    "TranslationDraft",
    "Variant",
    "VariantDraft",
    "apply_product",
    "archive",
    "categories",
    "changes",
    "count",
    "csv_header",
    "csv_rows",
    "draft_listing",
    "ensure_category",
    "file_lines",
    "listing",
    "listing_by_handle",
    "listings",
    "media_type",
    "move_category",
    "name_in",
    "offers",
    "pause",
    "picture_path",
    "products_of_shop",
    "publish",
    "read_products",
    "rename_category",
    "reopen",
    "revise",
    "set_price",
    "store_picture",
    "write_products",
]
