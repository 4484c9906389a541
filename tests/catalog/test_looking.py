"""Lists and searches: complete, in order, each listing once."""

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serai import catalog
from serai.catalog import (
    Card,
    Category,
    Code,
    Filters,
    Page,
    Sort,
    State,
    TranslationDraft,
    VariantDraft,
)
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import Market, Shop
from tests.catalog.sample import list_bowl, sell_bowl


async def every(tx: Tx, filters: Filters, limit: int = 24, locale: str | None = None) -> list[Card]:
    """Walk through all pages of a list."""
    cards: list[Card] = []
    cursor: str | None = None
    while True:
        page = await catalog.listings(tx, filters, cursor, limit, locale)
        assert isinstance(page, Page)
        assert len(page.cards) <= limit
        cards += page.cards
        if page.next is None:
            return cards
        cursor = page.next


async def stock(tx: Tx, shop: Shop, prices: list[int]) -> None:
    for n, price in enumerate(prices):
        await sell_bowl(
            tx,
            shop,
            f"bowl-{n}",
            variants=(VariantDraft(options=("One",), price=price),),
        )


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("sort", list(Sort))
async def test_pages_add_up_to_the_list_in_its_order(
    tx: Tx, shop: Shop, sort: Sort, limit: int
) -> None:
    await stock(tx, shop, [500, 300, 500, 100, 500, 300, 900])
    await list_bowl(tx, shop, "unpriced", variants=(), option_names=())
    cards = await every(tx, Filters(shop_id=shop.id, sort=sort), limit)
    assert len(cards) == len({card.id for card in cards}) == 8
    keys = [(card.price_from or 0, card.id) for card in cards]
    expected = {
        Sort.NEWEST: sorted(keys, key=lambda key: key[1], reverse=True),
        Sort.CHEAPEST: sorted(keys),
        Sort.DEAREST: sorted(keys, reverse=True),
    }
    assert keys == expected[sort]


async def test_a_listing_that_arrives_between_two_pages_repeats_none(tx: Tx, shop: Shop) -> None:
    await stock(tx, shop, [100, 200, 300])
    filters = Filters(shop_id=shop.id)
    first = await catalog.listings(tx, filters, limit=2)
    assert isinstance(first, Page)
    await sell_bowl(tx, shop, "latecomer")
    second = await catalog.listings(tx, filters, first.next, limit=2)
    assert isinstance(second, Page)
    assert [c.handle for c in (*first.cards, *second.cards)] == ["bowl-2", "bowl-1", "bowl-0"]
    assert second.next is None


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cursor=st.one_of(
        st.text(max_size=40),
        st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    )
)
async def test_a_cursor_that_was_not_given_out_is_refused(tx: Tx, cursor: str) -> None:
    answer = await catalog.listings(tx, Filters(), cursor)
    assert answer == Refused(Code.CURSOR_UNKNOWN)


async def test_the_cursor_of_another_order_is_refused(tx: Tx, shop: Shop) -> None:
    await stock(tx, shop, [100, 200])
    page = await catalog.listings(tx, Filters(sort=Sort.NEWEST), limit=1)
    assert isinstance(page, Page)
    answer = await catalog.listings(tx, Filters(sort=Sort.CHEAPEST), page.next, limit=1)
    assert answer == Refused(Code.CURSOR_UNKNOWN)


async def test_a_shelf_shows_what_lies_below_it_too(
    tx: Tx, shop: Shop, tree: dict[str, Category]
) -> None:
    for slug in ("bowls", "tableware", "garden"):
        await sell_bowl(tx, shop, f"in-{slug}", category_id=tree[slug].id)
    await sell_bowl(tx, shop, "nowhere")

    async def shown(slug: str) -> set[str]:
        cards = await every(tx, Filters(category_id=tree[slug].id))
        return {card.handle for card in cards}

    assert await shown("home") == {"in-bowls", "in-tableware"}
    assert await shown("bowls") == {"in-bowls"}
    assert await shown("garden") == {"in-garden"}
    filters = Filters(category_id=tree["home"].id)
    assert await catalog.count(tx, filters) == 2


async def test_a_list_keeps_to_its_state_shop_and_market(
    tx: Tx, shop: Shop, neighbour: Shop, market: Market
) -> None:
    await sell_bowl(tx, shop, "sold")
    await list_bowl(tx, shop, "drafted")
    await sell_bowl(tx, neighbour, "theirs")
    on_sale = Filters(market_id=market.id, state=State.PUBLISHED)
    assert {c.handle for c in await every(tx, on_sale)} == {"sold", "theirs"}
    assert await catalog.count(tx, on_sale) == 2
    drafts = Filters(shop_id=shop.id, state=State.DRAFT)
    assert {c.handle for c in await every(tx, drafts)} == {"drafted"}
    assert await every(tx, Filters(market_id=shop.id)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("blue", {"blue", "wild"}),
        ("BLUE bowl", {"blue", "wild"}),
        ("stoneware", {"blue", "red", "wild"}),
        ("R-7", {"red"}),
        ("碗", {"blue", "red", "wild"}),
        ("蓝色", {"blue"}),
        ("蓝色 碗 bowl", {"blue"}),
        ("100%碗", {"wild"}),
        ("bow", set()),
        ("%", set()),
        ("_碗", set()),
        ("\\碗", set()),
        ("blue -red", {"blue", "wild"}),
        ("'; drop table catalog_listing; --", set()),
        ("\x00", {"blue", "red", "wild"}),
        ("  ", {"blue", "red", "wild"}),
    ],
)
async def test_a_search_finds_words_and_parts_of_unspaced_phrases(
    tx: Tx, shop: Shop, text: str, found: set[str]
) -> None:
    def zh(title: str) -> dict[str, TranslationDraft]:
        return {"zh": TranslationDraft(title)}

    red = (VariantDraft(options=("S",), price=1, sku="R-7"),)
    tags = ("stoneware",)
    await sell_bowl(tx, shop, "blue", tags=tags, translations=zh("蓝色的碗"))
    await sell_bowl(
        tx, shop, "red", title="Red bowl", tags=tags, variants=red, translations=zh("红碗")
    )
    await sell_bowl(tx, shop, "wild", tags=tags, translations=zh("100%碗"))
    filters = Filters(shop_id=shop.id, text=text)
    assert {card.handle for card in await every(tx, filters)} == found
    assert await catalog.count(tx, filters) == len(found)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=60))
async def test_no_search_is_an_error(tx: Tx, text: str) -> None:
    assert await catalog.count(tx, Filters(text=text)) == 0 or not text.strip()


async def test_titles_are_shown_in_the_locale_asked_for(tx: Tx, shop: Shop) -> None:
    made = await sell_bowl(tx, shop)
    for locale, title, spoken in (
        ("zh", "蓝色的碗", "zh"),
        ("zh-CN", "蓝色的碗", "zh"),
        ("pt", "Blue bowl", None),
        (None, "Blue bowl", None),
    ):
        listing = await catalog.listing(tx, made.id, locale)
        assert listing is not None
        assert (listing.title, listing.locale) == (title, spoken)
        [card] = await every(tx, Filters(shop_id=shop.id), locale=locale)
        assert card.title == title
        by_handle = await catalog.listing_by_handle(tx, shop.id, "blue-bowl", locale)
        assert by_handle == listing


async def test_a_card_shows_the_first_picture_and_counts_variants(tx: Tx, shop: Shop) -> None:
    await sell_bowl(tx, shop)
    [card] = await every(tx, Filters(shop_id=shop.id))
    assert (card.picture_url, card.picture_alt) == ("https://example.com/b.jpg", "A bowl")
    assert (card.variants, card.price_from) == (2, 1250)
