"""A market, a shop, and a bowl that it lists."""

from msgspec.structs import replace

from serai import catalog, members
from serai.catalog import Draft, Listing, PictureDraft, TranslationDraft, VariantDraft
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import Market, Newcomer, NewMarket, NewShop, Shop, ShopKind

LISBON = 2267057


async def open_market(tx: Tx, slug: str = "harbour") -> Market:
    new = NewMarket(slug=slug, name="Harbour", currency="EUR", country="PT", locales=("en", "zh"))
    founded = await members.found_market(tx, new)
    assert not isinstance(founded, Refused)
    return founded.market


async def open_shop(tx: Tx, market: Market, slug: str, currency: str = "EUR") -> Shop:
    newcomer = Newcomer(
        name="Inês Vale", email=f"{slug}@example.com", password="a kiln by the river"
    )
    owner = await members.sign_up(tx, market.id, newcomer)
    assert not isinstance(owner, Refused)
    new = NewShop(
        slug=slug, name="Vale", kind=ShopKind.BUSINESS, currency=currency, place_id=LISBON
    )
    shop = await members.open_shop(tx, owner.id, new)
    assert not isinstance(shop, Refused)
    return shop


def bowl(handle: str = "blue-bowl", **other: object) -> Draft:
    """A bowl in two sizes, at 12.50 and 18.00."""
    told = Draft(
        handle=handle,
        title="Blue bowl",
        body_html="<p>Thrown by hand.</p>",
        vendor="Vale",
        product_type="Bowl",
        tags=("stoneware", "blue"),
        attributes={"material": "stoneware"},
        option_names=("Size",),
        variants=(
            VariantDraft(options=("Small",), price=1250, sku="B-S", weight_g=300),
            VariantDraft(
                options=("Large",), price=1800, compare_at=2000, sku="B-L", limit_per_buyer=2
            ),
        ),
        pictures=(PictureDraft(source_url="https://example.com/b.jpg", alt="A bowl"),),
        translations={"zh": TranslationDraft("蓝色的碗", "<p>手工拉坯。</p>")},
    )
    return replace(told, **other)


async def list_bowl(tx: Tx, shop: Shop, handle: str = "blue-bowl", **other: object) -> Listing:
    made = await catalog.draft_listing(tx, shop, bowl(handle, **other), shop.owner_id)
    assert isinstance(made, Listing), made
    return made


async def sell_bowl(tx: Tx, shop: Shop, handle: str = "blue-bowl", **other: object) -> Listing:
    made = await list_bowl(tx, shop, handle, **other)
    published = await catalog.publish(tx, made.id, shop.owner_id)
    assert isinstance(published, Listing), published
    return published


async def written(tx: Tx) -> tuple[int, int]:
    """Count the rows that tell of changes: the steps of listings, and events about them."""
    steps = await tx.value("select count(*) from catalog_listing_change")
    events = await tx.value("select count(*) from kernel_event where kind like 'listing.%'")
    return int(steps), int(events)
