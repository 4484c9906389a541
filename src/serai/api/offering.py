"""Listings at the machine's door, written by their sellers: drafted, revised, priced, shown.

What the catalog says of single fields is told as every wrong field is.
"""

import re
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import delete, patch, post, put
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from serai import catalog
from serai.api import owned
from serai.api.asked import TheCaller, TheHouse
from serai.api.bodies import Body
from serai.api.callers import requires
from serai.api.fields import wrong
from serai.api.says import Says, WrongFieldsError, accepted
from serai.catalog import PICTURES_MAX, VARIANTS_MAX, Kind, Listing
from serai.kernel.errors import Refused
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.tx import Tx
from serai.members import Scope

R = TypeVar("R")

Line = Annotated[str, Meta(max_length=500)]
BodyHtml = Annotated[str, Meta(max_length=200_000, description="HTML; it is sanitised.")]
Price = Annotated[int, Meta(ge=0, le=AMOUNT_MAX, description="Minor units.")]
Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Grams = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Lines = Annotated[tuple[Line, ...], Meta(max_length=300)]
Locale = Annotated[str, Meta(max_length=35)]


class WrittenVariant(Body, kw_only=True):
    """A variant; its `id` says which one is meant where there is one, its options otherwise."""

    id: UUID | None = None
    options: Lines = ()
    price: Price
    compare_at: Price | None = None
    sku: Line = ""
    barcode: Line = ""
    weight_g: Grams = 0
    limit_per_buyer: Count | None = None


class WrittenPicture(Body, kw_only=True):
    """A picture: a `file` that `/api/v1/pictures` gave, or an address elsewhere."""

    file: Line | None = None
    source_url: Annotated[str, Meta(max_length=2_000)] | None = None
    alt: Line = ""
    width: Count | None = None
    height: Count | None = None


class WrittenWords(Body):
    """Title and description in another language."""

    title: Line
    body_html: BodyHtml = ""


Variants = Annotated[tuple[WrittenVariant, ...], Meta(max_length=VARIANTS_MAX)]
Pictures = Annotated[tuple[WrittenPicture, ...], Meta(max_length=PICTURES_MAX)]
Translations = Annotated[dict[Locale, WrittenWords], Meta(max_length=50)]
Attributes = Annotated[dict[Line, Annotated[str, Meta(max_length=2_000)]], Meta(max_length=200)]


class NewListing(Body, kw_only=True):
    """A listing as its seller writes it. It begins as a draft, which nobody else sees."""

    handle: Annotated[str, Meta(max_length=500, description="Its name in addresses of pages.")]
    title: Line
    body_html: BodyHtml = ""
    vendor: Line = ""
    product_type: Line = ""
    tags: Lines = ()
    category_id: UUID | None = None
    attributes: Attributes = msgspec.field(default_factory=dict)
    kind: Kind = Kind.PHYSICAL
    option_names: Lines = ()
    seo_title: Line = ""
    seo_description: Annotated[str, Meta(max_length=1_000)] = ""
    variants: Variants = ()
    pictures: Pictures = ()
    translations: Translations = msgspec.field(default_factory=dict)


class EditListing(Body, kw_only=True):
    """What to change; what is not sent stays. `variants` and `pictures` are the whole list."""

    handle: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    title: Line | UnsetType = UNSET
    body_html: BodyHtml | UnsetType = UNSET
    vendor: Line | UnsetType = UNSET
    product_type: Line | UnsetType = UNSET
    tags: Lines | UnsetType = UNSET
    category_id: UUID | UnsetType | None = UNSET
    attributes: Attributes | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    option_names: Lines | UnsetType = UNSET
    seo_title: Line | UnsetType = UNSET
    seo_description: Annotated[str, Meta(max_length=1_000)] | UnsetType = UNSET
    variants: Variants | UnsetType = UNSET
    pictures: Pictures | UnsetType = UNSET
    translations: Translations | UnsetType = UNSET


class NewPrice(Body):
    """What a variant costs from now on, in minor units; orders already placed keep theirs."""

    price: Price
    compare_at: Annotated[Price | UnsetType | None, Meta(description="Shown struck through.")] = (
        UNSET
    )


class Why(Body):
    """Why the listing's state changes; it is kept."""

    reason: Line = ""


def _plain(body: Struct) -> dict[str, Any]:
    """Give the fields of a body in the catalog's own structs."""
    kept = msgspec.structs.asdict(body)
    for name, kind in (("variants", catalog.VariantDraft), ("pictures", catalog.PictureDraft)):
        if isinstance(kept[name], tuple):
            kept[name] = tuple(kind(**msgspec.structs.asdict(one)) for one in kept[name])
    if isinstance(kept["translations"], dict):
        kept["translations"] = {
            locale: catalog.TranslationDraft(words.title, words.body_html)
            for locale, words in kept["translations"].items()
        }
    return kept


_PLACE = re.compile(r"\[(\d+)\]")


def told(outcome: R | Refused) -> R:
    """Give what was written; what is wrong with single fields is raised as such."""
    invalid = {catalog.Code.LISTING_INVALID, catalog.Code.CATEGORY_INVALID}
    if isinstance(outcome, Refused) and outcome.code in invalid:
        raise WrongFieldsError(
            [
                wrong("/" + _PLACE.sub(r".\1", name).replace(".", "/"), "invalid", reason=reason)
                for name, reason in outcome.facts["fields"].items()
            ]
        )
    return accepted(outcome)


@post("/shops/{shop_id:uuid}/listings", tags=["listings"], opt=requires(Scope.CATALOG_WRITE))
async def draft_listing(
    house: TheHouse, caller: TheCaller, shop_id: FromPath[UUID], data: JSONBody[NewListing]
) -> Listing:
    """Write a new listing of your shop; publish it to sell."""
    draft = catalog.Draft(**_plain(data))

    async def write(tx: Tx) -> Listing:
        shop = await owned.shop(tx, caller, shop_id)
        return told(await catalog.draft_listing(tx, shop, draft, caller.member_id))

    return await house.ask(write)


@patch("/listings/{listing_id:uuid}", tags=["listings"], opt=requires(Scope.CATALOG_WRITE))
async def revise_listing(
    house: TheHouse, caller: TheCaller, listing_id: FromPath[UUID], data: JSONBody[EditListing]
) -> Listing:
    """Change your listing; saying the same again changes nothing."""
    revision = catalog.Revision(**_plain(data))
    return told(await house.ask(catalog.revise, listing_id, revision, caller.member_id))


@put("/variants/{variant_id:uuid}/price", tags=["listings"], opt=requires(Scope.CATALOG_WRITE))
async def set_price(
    house: TheHouse, caller: TheCaller, variant_id: FromPath[UUID], data: JSONBody[NewPrice]
) -> Listing:
    """Ask another price for a variant."""
    return told(
        await house.ask(
            catalog.set_price,
            variant_id,
            data.price,
            caller.member_id,
            compare_at=data.compare_at,
        )
    )


@post(
    "/listings/{listing_id:uuid}/publication",
    tags=["listings"],
    opt=requires(Scope.CATALOG_WRITE),
)
async def publish_listing(
    house: TheHouse, caller: TheCaller, listing_id: FromPath[UUID], data: JSONBody[Why]
) -> Listing:
    """Put your listing on sale; it needs a title, and a variant with a price."""
    return told(await house.ask(catalog.publish, listing_id, caller.member_id, data.reason))


@delete(
    "/listings/{listing_id:uuid}/publication",
    tags=["listings"],
    opt=requires(Scope.CATALOG_WRITE),
    status_code=200,
)
async def pause_listing(house: TheHouse, caller: TheCaller, listing_id: FromPath[UUID]) -> Listing:
    """Take your listing off sale for a while; orders already placed go on."""
    return told(await house.ask(catalog.pause, listing_id, caller.member_id))


@post("/listings/{listing_id:uuid}/archival", tags=["listings"], opt=requires(Scope.CATALOG_WRITE))
async def archive_listing(
    house: TheHouse, caller: TheCaller, listing_id: FromPath[UUID], data: JSONBody[Why]
) -> Listing:
    """Put your listing away; orders already placed go on."""
    return told(await house.ask(catalog.archive, listing_id, caller.member_id, data.reason))


@delete(
    "/listings/{listing_id:uuid}/archival",
    tags=["listings"],
    opt=requires(Scope.CATALOG_WRITE),
    status_code=200,
)
async def reopen_listing(house: TheHouse, caller: TheCaller, listing_id: FromPath[UUID]) -> Listing:
    """Take an archived listing out again, as a draft."""
    return told(await house.ask(catalog.reopen, listing_id, caller.member_id))


ROUTES = [
    draft_listing,
    revise_listing,
    set_price,
    publish_listing,
    pause_listing,
    archive_listing,
    reopen_listing,
]
REFUSALS: dict[str, Says] = {}
"""None of its own: what `serai.catalog` refuses is told with `serai.api.listings`."""
