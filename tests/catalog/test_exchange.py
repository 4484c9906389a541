"""Goods that move between shops as files: in, out, in again, and twice is once."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from msgspec.structs import replace

from serai import catalog
from serai.catalog import (
    Applied,
    Category,
    Code,
    Kind,
    Listing,
    PictureDraft,
    Product,
    ProductPicture,
    ProductVariant,
    Reading,
    Result,
    State,
)
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import Market, Shop
from tests.catalog.sample import list_bowl, open_shop, sell_bowl, written

FILE = Path(__file__).with_name("another_shop.csv")
PICTURES_AT = "https://market.example/pictures/"
OURS = "ab/" + "c" * 62 + ".svg"


def tee(**other: object) -> Product:
    """A shirt in two sizes that wants to be sold."""
    told = Product(
        line=2,
        handle="tee",
        title="Tee",
        currency="EUR",
        body_html="<p>Soft.</p>",
        vendor="Acme",
        tags=("cotton",),
        state=State.PUBLISHED,
        kind=Kind.PHYSICAL,
        option_names=("Size",),
        variants=(
            ProductVariant(options=("S",), price=1990, sku="T-S", grams=180, quantity=5),
            ProductVariant(options=("M",), price=1990, sku="T-M", grams=190),
        ),
        pictures=(ProductPicture("https://cdn.example.com/tee.jpg", "Front"),),
    )
    return replace(told, **other)


async def apply(tx: Tx, shop: Shop, product: Product) -> Applied:
    applied = await catalog.apply_product(tx, shop, product, shop.owner_id, pictures_at=PICTURES_AT)
    assert isinstance(applied, Applied), applied
    return applied


async def load(tx: Tx, shop: Shop, raw: bytes) -> list[Applied]:
    reading = catalog.read_products(raw.splitlines(keepends=True), shop.currency)
    assert isinstance(reading, Reading)
    return [await apply(tx, shop, one) for one in reading.products if isinstance(one, Product)]


async def dump(tx: Tx, shop: Shop, stock: Mapping[UUID, int]) -> str:
    async def stock_of(variants: list[UUID]) -> Mapping[UUID, int]:
        return {one: stock[one] for one in variants if one in stock}

    goods = catalog.products_of_shop(tx, shop, stock_of, pictures_at=PICTURES_AT)
    return catalog.csv_header() + "".join([catalog.csv_rows(product) async for product in goods])


async def test_a_product_becomes_a_listing_on_sale(
    tx: Tx, shop: Shop, tree: dict[str, Category]
) -> None:
    applied = await apply(tx, shop, tee(category="Home > Tableware"))
    made = applied.listing
    assert (applied.result, made.state, made.title) == (Result.CREATED, State.PUBLISHED, "Tee")
    assert made.category_id == tree["tableware"].id
    small, medium = made.variants
    assert applied.variants == {("S",): small.id, ("M",): medium.id}
    assert applied.stock == {small.id: 5}
    assert applied.left == {}
    assert made.pictures[0].source_url == "https://cdn.example.com/tee.jpg"
    assert made == await catalog.listing_by_handle(tx, shop.id, "tee")


async def test_a_file_applied_twice_changes_nothing(tx: Tx, shop: Shop, clock: ManualClock) -> None:
    first = await load(tx, shop, FILE.read_bytes())
    assert [one.result for one in first] == [Result.CREATED, Result.CREATED]
    before = await written(tx)
    clock.advance(timedelta(days=1))
    second = await load(tx, shop, FILE.read_bytes())
    assert [one.result for one in second] == [Result.UNCHANGED, Result.UNCHANGED]
    assert [one.listing for one in second] == [one.listing for one in first]
    assert [one.stock for one in second] == [one.stock for one in first]
    assert await written(tx) == before


async def test_an_export_loads_into_another_shop_and_is_exported_the_same(
    tx: Tx, market: Market, shop: Shop, neighbour: Shop, tree: dict[str, Category]
) -> None:
    await load(tx, shop, FILE.read_bytes())
    bowl = await sell_bowl(
        tx,
        shop,
        category_id=tree["bowls"].id,
        body_html='<pre>\n\n a,"b"\r\n</pre>',
        pictures=(PictureDraft(file=OURS, alt="Ours"),),
    )
    hidden = await sell_bowl(tx, shop, "hidden", kind=Kind.DIGITAL)
    await catalog.pause(tx, hidden.id, shop.owner_id)
    await list_bowl(tx, shop, "bare", variants=(), pictures=(), title='Bare, "very"')
    old = await sell_bowl(tx, shop, "old")
    await catalog.archive(tx, old.id, shop.owner_id)

    first = await dump(tx, shop, {bowl.variants[0].id: 7})
    assert f"{PICTURES_AT}{OURS}" in first
    loaded = await load(tx, neighbour, first.encode())
    stock = {one: quantity for applied in loaded for one, quantity in applied.stock.items()}
    assert sum(stock.values()) == 7
    second = await dump(tx, neighbour, stock)
    assert second == first

    before = await written(tx)
    again = await load(tx, shop, first.encode())
    assert {one.result for one in again} == {Result.UNCHANGED}
    assert await written(tx) == before
    ours = await catalog.listing(tx, bowl.id)
    assert ours is not None
    assert ours.pictures[0].file == OURS


async def test_what_a_file_does_not_say_stays(tx: Tx, shop: Shop) -> None:
    sold = await sell_bowl(tx, shop)
    product = Product(
        handle="blue-bowl",
        title="Bluest bowl",
        currency="EUR",
        option_names=("Size",),
        variants=(ProductVariant(options=("Large",), price=1800),),
    )
    applied = await apply(tx, shop, product)
    kept = applied.listing
    assert (applied.result, kept.title) == (Result.UPDATED, "Bluest bowl")
    assert (kept.body_html, kept.vendor, kept.tags) == (sold.body_html, sold.vendor, sold.tags)
    assert (kept.attributes, kept.translations) == (sold.attributes, sold.translations)
    assert (kept.pictures, kept.state) == (sold.pictures, State.PUBLISHED)
    large = kept.variants[0]
    assert (large.compare_at, large.limit_per_buyer, large.sku) == (2000, 2, "B-L")
    assert {v.id for v in kept.variants} == {v.id for v in sold.variants}
    assert applied.variants == {("Large",): large.id}


async def test_a_renamed_choice_is_recognised_by_its_sku(tx: Tx, shop: Shop) -> None:
    before = (await apply(tx, shop, tee())).listing
    renamed = tee(
        variants=(
            ProductVariant(options=("Small",), price=1990, sku="T-S"),
            ProductVariant(options=("M",), price=1990, sku="T-S"),
        )
    )
    after = (await apply(tx, shop, renamed)).listing
    assert [(v.id, v.options) for v in after.variants] == [
        (before.variants[0].id, ["Small"]),
        (before.variants[1].id, ["M"]),
    ]


async def test_a_changed_price_is_told_and_a_new_variant_joins(tx: Tx, shop: Shop) -> None:
    await apply(tx, shop, tee())
    steps, events = await written(tx)
    dearer = tee(
        variants=(
            ProductVariant(options=("S",), price=2090),
            ProductVariant(options=("L",), price=2190),
        )
    )
    applied = await apply(tx, shop, dearer)
    assert [(v.options, v.price) for v in applied.listing.variants] == [
        (["S"], 2090),
        (["L"], 2190),
        (["M"], 1990),
    ]
    assert await written(tx) == (steps, events + 1)


async def test_a_file_moves_a_listing_through_allowed_steps_only(tx: Tx, shop: Shop) -> None:
    for wanted, reached in (
        (State.DRAFT, State.DRAFT),
        (State.PAUSED, State.PAUSED),
        (State.DRAFT, State.PAUSED),
        (State.PUBLISHED, State.PUBLISHED),
        (State.DRAFT, State.PAUSED),
        (State.ARCHIVED, State.ARCHIVED),
        (State.PAUSED, State.PAUSED),
        (State.ARCHIVED, State.ARCHIVED),
        (State.DRAFT, State.DRAFT),
        (State.ARCHIVED, State.ARCHIVED),
        (State.PUBLISHED, State.PUBLISHED),
        (None, State.PUBLISHED),
    ):
        applied = await apply(tx, shop, tee(state=wanted))
        assert applied.listing.state is reached
        again = await apply(tx, shop, tee(state=wanted))
        assert again.result is Result.UNCHANGED


async def test_what_cannot_be_done_is_said_and_the_rest_goes_in(tx: Tx, shop: Shop) -> None:
    free = tee(category="Nowhere > Else", variants=(ProductVariant(options=("S",), price=0),))
    applied = await apply(tx, shop, free)
    assert (applied.result, applied.listing.state) == (Result.CREATED, State.DRAFT)
    assert applied.listing.category_id is None
    assert set(applied.left) == {"category", "state"}
    assert "price" in applied.left["state"]
    assert (await apply(tx, shop, free)).result is Result.UNCHANGED


async def test_an_unknown_category_leaves_the_one_there_is(
    tx: Tx, shop: Shop, tree: dict[str, Category]
) -> None:
    await apply(tx, shop, tee(category="Garden"))
    kept = await apply(tx, shop, tee(category="Apparel"))
    assert kept.listing.category_id == tree["garden"].id
    cleared = await apply(tx, shop, tee(category=""))
    assert cleared.listing.category_id is None


async def test_a_product_that_is_refused_leaves_nothing(tx: Tx, shop: Shop) -> None:
    sold = (await apply(tx, shop, tee())).listing
    before = await written(tx)
    for wrong, code, facts in (
        (tee(title="x" * 256), Code.LISTING_INVALID, {"title"}),
        (tee(handle="new", vendor="\x00"), Code.LISTING_INVALID, {"vendor"}),
        (tee(currency="USD"), Code.LISTING_INVALID, {"currency"}),
        (
            tee(option_names=(), variants=(ProductVariant(price=1),)),
            Code.LISTING_INVALID,
            {"option_names", "variants[1].options", "variants[2].options"},
        ),
    ):
        answer = await catalog.apply_product(tx, shop, wrong, shop.owner_id)
        assert isinstance(answer, Refused)
        assert answer.code == code
        assert set(answer.facts["fields"]) == facts
        assert answer.facts["line"] == 2
    gone = tee(variants=(ProductVariant(options=("S",), price=0),))
    incomplete = await catalog.apply_product(tx, shop, gone, shop.owner_id)
    assert incomplete == Refused(Code.LISTING_INCOMPLETE, {"missing": ["price"], "line": 2})
    assert await catalog.listing(tx, sold.id) == sold
    assert await catalog.listing_by_handle(tx, shop.id, "new") is None
    assert await written(tx) == before


async def test_only_the_owner_fills_a_shop(tx: Tx, shop: Shop, neighbour: Shop) -> None:
    await apply(tx, shop, tee())
    before = await written(tx)
    for stranger in (neighbour.owner_id, uuid4()):
        answer = await catalog.apply_product(tx, shop, tee(title="Mine"), stranger)
        assert answer == Refused(Code.LISTING_UNKNOWN)
    # What a neighbour loads under the same handle is a listing of his own.
    mine = await apply(tx, neighbour, tee(title="Mine"))
    assert (mine.result, mine.listing.shop_id) == (Result.CREATED, neighbour.id)
    theirs = await catalog.listing_by_handle(tx, shop.id, "tee")
    assert theirs is not None
    assert theirs.title == "Tee"
    assert (await written(tx))[0] == before[0] + 2


async def test_a_pictures_address_is_noted_and_our_own_recognised(tx: Tx, shop: Shop) -> None:
    product = tee(
        pictures=(
            ProductPicture(f"{PICTURES_AT}{OURS}", "Ours"),
            ProductPicture(f"{PICTURES_AT}../../etc/passwd", "Not ours"),
        )
    )
    made = (await apply(tx, shop, product)).listing
    assert [(p.file, p.source_url, p.alt) for p in made.pictures] == [
        (OURS, None, "Ours"),
        (None, f"{PICTURES_AT}../../etc/passwd", "Not ours"),
    ]
    reordered = tee(pictures=product.pictures[1:])
    swapped = (await apply(tx, shop, reordered)).listing
    assert [p.alt for p in swapped.pictures] == ["Not ours", "Ours"]


async def test_many_pages_are_exported_in_order(tx: Tx, market: Market) -> None:
    shop = await open_shop(tx, market, "many", currency="JPY")
    handles = [f"tee-{n:03}" for n in range(103)]
    for handle in handles:
        bare = tee(handle=handle, currency="JPY", state=State.DRAFT)
        await apply(tx, shop, replace(bare, pictures=()))
    text = await dump(tx, shop, {})
    reading = catalog.read_products(text.encode().splitlines(keepends=True), "JPY")
    assert isinstance(reading, Reading)
    exported = [one for one in reading.products if isinstance(one, Product)]
    assert [one.handle for one in exported] == handles
    assert exported[0].variants[0].price == 1990
    listing = await catalog.listing_by_handle(tx, shop.id, handles[-1])
    assert isinstance(listing, Listing)
