"""What the catalog speaks of: categories, listings, variants, pictures, offers."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType, field

from serai.kernel.tx import Row

VARIANTS_MAX = 100
PICTURES_MAX = 20
OPTIONS_MAX = 3
TAGS_MAX = 250
TEXT_MAX = 255
"""Characters of a title, a name, a value: of any text on one line."""
ATTRIBUTES_MAX = 100
BODY_MAX = 100_000
"""Characters of a description, after it was sanitised."""


class Code(StrEnum):
    """Why the catalog declines."""

    LISTING_UNKNOWN = "listing_unknown"
    """No such listing, or not one of the actor's own shop: whose it is stays private."""
    LISTING_INVALID = "listing_invalid"
    """`fields` maps the name of every wrong field to the reason."""
    LISTING_INCOMPLETE = "listing_incomplete"
    """It cannot be published yet; `missing` says what it lacks: title, variant, price."""
    TRANSITION_UNKNOWN = "transition_unknown"
    """A listing does not go `from` that state `to` that one."""
    HANDLE_TAKEN = "handle_taken"
    VARIANT_UNKNOWN = "variant_unknown"
    CATEGORY_UNKNOWN = "category_unknown"
    CATEGORY_INVALID = "category_invalid"
    """`fields` maps the name of every wrong field to the reason."""
    CATEGORY_CIRCLE = "category_circle"
    """It would become a part of itself."""
    CURSOR_UNKNOWN = "cursor_unknown"
    """Not a cursor that this list gave out."""
    PICTURE_TOO_LARGE = "picture_too_large"
    PICTURE_UNREADABLE = "picture_unreadable"
    """Not PNG, JPEG, WebP, GIF or a well-formed SVG; `reason` says what is wrong."""
    PICTURE_UNSAFE = "picture_unsafe"
    """An SVG with something that could run or reach outside; `found` names it."""
    FILE_UNREADABLE = "file_unreadable"
    """A product file whose header cannot be used; `reason` says why."""


class State(StrEnum):
    """Where a listing stands. Only a published one can be bought."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"
    ARCHIVED = "archived"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.PUBLISHED, State.ARCHIVED}),
    State.PUBLISHED: frozenset({State.PAUSED, State.ARCHIVED}),
    State.PAUSED: frozenset({State.PUBLISHED, State.ARCHIVED}),
    State.ARCHIVED: frozenset({State.DRAFT}),
}


class Kind(StrEnum):
    """Whether a parcel travels."""

    PHYSICAL = "physical"
    DIGITAL = "digital"


class Sort(StrEnum):
    """The order of a list of listings; ties are broken by id, so pages never overlap."""

    NEWEST = "newest"
    CHEAPEST = "cheapest"
    DEAREST = "dearest"


# ── Rows ─────────────────────────────────────────────────────────────────────────────────


class Category(Row, frozen=True):
    """A shelf of a market's tree; `names` maps a locale to the name in it."""

    table: ClassVar[str] = "catalog_category"

    id: UUID
    market_id: UUID
    parent_id: UUID | None
    slug: str
    names: dict[str, str]
    position: int


class ListingRow(Row, frozen=True):
    """A listing without what hangs on it; `Listing` is the whole."""

    table: ClassVar[str] = "catalog_listing"

    id: UUID
    market_id: UUID
    shop_id: UUID
    category_id: UUID | None
    handle: str
    title: str
    body_html: str
    vendor: str
    product_type: str
    tags: list[str]
    attributes: dict[str, str]
    kind: Kind
    state: State
    currency: str
    option_names: list[str]
    seo_title: str
    seo_description: str
    price_from: int | None
    words: str
    created_at: datetime
    revised_at: datetime
    published_at: datetime | None


class ListingChange(Row, frozen=True):
    """One step of a listing's state: who took it, when and why."""

    table: ClassVar[str] = "catalog_listing_change"

    id: UUID
    market_id: UUID
    listing_id: UUID
    actor_id: UUID
    at: datetime
    from_state: State | None
    """None for the row that tells of its beginning."""
    to_state: State
    reason: str


class Variant(Row, frozen=True):
    """What is bought: one choice of every option.

    Prices are in minor units of the listing's currency.
    """

    table: ClassVar[str] = "catalog_variant"

    id: UUID
    market_id: UUID
    listing_id: UUID
    position: int
    sku: str
    barcode: str
    options: list[str]
    """One value for each of the listing's option names."""
    price: int
    compare_at: int | None
    """A former or recommended price, shown struck through."""
    weight_g: int
    limit_per_buyer: int | None
    retired_at: datetime | None
    """Since when it is no longer offered; it stays for the orders that name it."""


class Translation(Row, frozen=True):
    """Title and description in another locale."""

    table: ClassVar[str] = "catalog_translation"
    key: ClassVar[tuple[str, ...]] = ("listing_id", "locale")

    listing_id: UUID
    locale: str
    market_id: UUID
    title: str
    body_html: str


class Picture(Row, frozen=True):
    """A picture of a listing: kept in our store as `file`, or only named by its address."""

    table: ClassVar[str] = "catalog_picture"
    key: ClassVar[tuple[str, ...]] = ("listing_id", "position")

    listing_id: UUID
    position: int
    market_id: UUID
    file: str | None
    source_url: str | None
    alt: str
    width: int | None
    height: int | None


# ── What is read ─────────────────────────────────────────────────────────────────────────


class Listing(Struct, frozen=True, kw_only=True):
    """A listing with all that hangs on it, title and description in the locale asked for."""

    id: UUID
    market_id: UUID
    shop_id: UUID
    category_id: UUID | None
    handle: str
    title: str
    body_html: str
    vendor: str
    product_type: str
    tags: list[str]
    attributes: dict[str, str]
    kind: Kind
    state: State
    currency: str
    option_names: list[str]
    seo_title: str
    seo_description: str
    price_from: int | None
    created_at: datetime
    revised_at: datetime
    published_at: datetime | None
    locale: str | None
    """Of the title and description shown; None when they are the seller's original."""
    variants: list[Variant]
    """Those on offer, in their order; retired ones are left out."""
    pictures: list[Picture]
    translations: dict[str, Translation]


class Card(Struct, frozen=True):
    """A listing as a list shows it."""

    id: UUID
    market_id: UUID
    shop_id: UUID
    category_id: UUID | None
    handle: str
    title: str
    kind: Kind
    state: State
    currency: str
    price_from: int | None
    variants: int
    picture_file: str | None
    picture_url: str | None
    picture_alt: str | None
    created_at: datetime
    published_at: datetime | None


class Page(Struct, frozen=True):
    """A part of a list, and the cursor that continues it."""

    cards: list[Card]
    next: str | None


class Filters(Struct, frozen=True, kw_only=True):
    """Which listings a list shows; what is None does not matter."""

    market_id: UUID | None = None
    shop_id: UUID | None = None
    category_id: UUID | None = None
    """With everything below it in the tree."""
    state: State | None = None
    text: str = ""
    sort: Sort = Sort.NEWEST


class Offer(Struct, frozen=True):
    """A variant and its price now, as an order needs them."""

    variant_id: UUID
    listing_id: UUID
    market_id: UUID
    shop_id: UUID
    title: str
    sku: str
    options: list[str]
    price: int
    currency: str
    weight_g: int
    digital: bool
    limit_per_buyer: int | None
    on_sale: bool


# ── What is written ──────────────────────────────────────────────────────────────────────


class VariantDraft(Struct, frozen=True, kw_only=True):
    """A variant as its seller writes it.

    Its `id` tells which one is meant where there is one, its options otherwise.
    """

    id: UUID | None = None
    options: tuple[str, ...] = ()
    price: int
    compare_at: int | None = None
    sku: str = ""
    barcode: str = ""
    weight_g: int = 0
    limit_per_buyer: int | None = None


class PictureDraft(Struct, frozen=True, kw_only=True):
    """A picture as its seller names it; kept as `file`, or named by `source_url`."""

    file: str | None = None
    source_url: str | None = None
    alt: str = ""
    width: int | None = None
    height: int | None = None


class TranslationDraft(Struct, frozen=True):
    """Title and description in one locale; the description is sanitised when written."""

    title: str
    body_html: str = ""


class Draft(Struct, frozen=True, kw_only=True):
    """A listing as its seller writes it. Variants and pictures stand in their order."""

    handle: str
    title: str
    body_html: str = ""
    vendor: str = ""
    product_type: str = ""
    tags: tuple[str, ...] = ()
    category_id: UUID | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    kind: Kind = Kind.PHYSICAL
    option_names: tuple[str, ...] = ()
    seo_title: str = ""
    seo_description: str = ""
    variants: tuple[VariantDraft, ...] = ()
    pictures: tuple[PictureDraft, ...] = ()
    translations: dict[str, TranslationDraft] = field(default_factory=dict)


class Revision(Struct, frozen=True, kw_only=True):
    """What its seller wants otherwise; what is unset stays as it is.

    `variants` is the whole list: one that is missing is retired, and one that
    was retired and is back keeps its id.
    """

    handle: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    body_html: str | UnsetType = UNSET
    vendor: str | UnsetType = UNSET
    product_type: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    category_id: UUID | UnsetType | None = UNSET
    attributes: dict[str, str] | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    option_names: tuple[str, ...] | UnsetType = UNSET
    seo_title: str | UnsetType = UNSET
    seo_description: str | UnsetType = UNSET
    variants: tuple[VariantDraft, ...] | UnsetType = UNSET
    pictures: tuple[PictureDraft, ...] | UnsetType = UNSET
    translations: dict[str, TranslationDraft] | UnsetType = UNSET
