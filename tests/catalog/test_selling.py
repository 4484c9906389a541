"""Listings as their sellers write, publish, price and put them away."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from serai import catalog
from serai.catalog import (
    Category,
    Code,
    Draft,
    Listing,
    PictureDraft,
    Revision,
    State,
    TranslationDraft,
    VariantDraft,
)
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.outbox import Event
from serai.kernel.tx import Tx, columns
from serai.members import Market, Shop
from tests.catalog.sample import bowl, list_bowl, open_market, sell_bowl, written


async def events(tx: Tx) -> list[Event]:
    sql = f"select {columns(Event)} from kernel_event where kind like 'listing.%' order by id"
    return await tx.fetch(Event, sql)


async def test_a_draft_keeps_all_that_was_said_and_nobody_can_buy_it(tx: Tx, shop: Shop) -> None:
    made = await list_bowl(tx, shop)
    assert made == await catalog.listing(tx, made.id)
    assert (made.state, made.currency, made.price_from) == (State.DRAFT, "EUR", 1250)
    assert [v.options for v in made.variants] == [["Small"], ["Large"]]
    assert made.variants[1].limit_per_buyer == 2
    assert made.pictures[0].source_url == "https://example.com/b.jpg"
    offers = await catalog.offers(tx, [v.id for v in made.variants])
    assert not any(offer.on_sale for offer in offers.values())
    assert await events(tx) == []
    [begun] = await catalog.changes(tx, made.id)
    assert (begun.from_state, begun.to_state, begun.actor_id) == (
        None,
        State.DRAFT,
        shop.owner_id,
    )


async def test_every_step_of_a_life_is_a_row_and_an_event(tx: Tx, shop: Shop) -> None:
    made = await list_bowl(tx, shop)
    for move, reason in (
        (catalog.publish, "spring"),
        (catalog.pause, "kiln broke"),
        (catalog.publish, ""),
        (catalog.archive, "sold out"),
        (catalog.reopen, ""),
    ):
        assert isinstance(await move(tx, made.id, shop.owner_id, reason), Listing)
    steps = await catalog.changes(tx, made.id)
    assert [(s.from_state, s.to_state) for s in steps[1:]] == [
        ("draft", "published"),
        ("published", "paused"),
        ("paused", "published"),
        ("published", "archived"),
        ("archived", "draft"),
    ]
    assert [s.reason for s in steps[1:4]] == ["spring", "kiln broke", ""]
    told = await events(tx)
    assert [event.kind for event in told] == [
        "listing.published",
        "listing.paused",
        "listing.published",
        "listing.archived",
        "listing.reopened",
    ]
    assert {event.subject for event in told} == {made.id}
    assert {tuple(event.audience) for event in told} == {(shop.owner_id,)}


@pytest.mark.parametrize(
    ("through", "refused"),
    [
        ([], catalog.pause),
        ([], catalog.reopen),
        (["publish"], catalog.publish),
        (["publish"], catalog.reopen),
        (["publish", "pause"], catalog.pause),
        (["archive"], catalog.publish),
        (["archive"], catalog.pause),
        (["archive"], catalog.archive),
    ],
)
async def test_no_other_step_is_taken(
    tx: Tx, shop: Shop, through: list[str], refused: object
) -> None:
    made = await list_bowl(tx, shop)
    for name in through:
        await getattr(catalog, name)(tx, made.id, shop.owner_id)
    before = await written(tx)
    answer = await refused(tx, made.id, shop.owner_id)  # type: ignore[operator]
    assert isinstance(answer, Refused)
    assert answer.code == Code.TRANSITION_UNKNOWN
    assert await written(tx) == before


@pytest.mark.parametrize(
    ("draft", "missing"),
    [
        (bowl(title="  "), ["title"]),
        (bowl(variants=(), option_names=()), ["variant"]),
        (bowl(variants=(VariantDraft(options=("S",), price=0),)), ["price"]),
        (Draft(handle="x", title=""), ["title", "variant"]),
    ],
)
async def test_publishing_needs_a_title_a_variant_and_prices(
    tx: Tx, shop: Shop, draft: Draft, missing: list[str]
) -> None:
    made = await catalog.draft_listing(tx, shop, draft, shop.owner_id)
    assert isinstance(made, Listing)
    answer = await catalog.publish(tx, made.id, shop.owner_id)
    assert answer == Refused(Code.LISTING_INCOMPLETE, {"missing": missing})
    again = await catalog.listing(tx, made.id)
    assert again is not None
    assert again.state is State.DRAFT


async def test_what_is_on_sale_stays_fit_for_sale(tx: Tx, shop: Shop) -> None:
    sold = await sell_bowl(tx, shop)
    free = await catalog.set_price(tx, sold.variants[0].id, 0, shop.owner_id)
    assert free == Refused(Code.LISTING_INCOMPLETE, {"missing": ["price"]})
    bare = await catalog.revise(tx, sold.id, Revision(variants=()), shop.owner_id)
    assert bare == Refused(Code.LISTING_INCOMPLETE, {"missing": ["variant"]})
    assert await catalog.listing(tx, sold.id) == sold


async def test_to_others_a_listing_cannot_be_written_and_is_unknown(
    tx: Tx, shop: Shop, neighbour: Shop
) -> None:
    sold = await sell_bowl(tx, shop)
    before = await written(tx)
    variant = sold.variants[0].id
    for stranger in (neighbour.owner_id, uuid4()):
        for answer in (
            await catalog.draft_listing(tx, shop, bowl("theirs"), stranger),
            await catalog.revise(tx, sold.id, Revision(title="Mine"), stranger),
            await catalog.publish(tx, sold.id, stranger),
            await catalog.pause(tx, sold.id, stranger),
            await catalog.archive(tx, sold.id, stranger),
            await catalog.reopen(tx, sold.id, stranger),
        ):
            assert isinstance(answer, Refused)
            assert answer.code == Code.LISTING_UNKNOWN
        priced = await catalog.set_price(tx, variant, 1, stranger)
        assert priced == await _unknown_variant(tx, variant, stranger)
    assert await catalog.listing(tx, sold.id) == sold
    assert await catalog.listing_by_handle(tx, shop.id, "theirs") is None
    assert await written(tx) == before


async def _unknown_variant(tx: Tx, variant_id: UUID, actor_id: UUID) -> Refused:
    """The answer about a variant that is nowhere, with the id of this one in it."""
    answer = await catalog.set_price(tx, uuid4(), 1, actor_id)
    assert isinstance(answer, Refused)
    return Refused(answer.code, {"variant_id": str(variant_id)})


async def test_a_price_change_is_told_once_with_both_prices(tx: Tx, shop: Shop) -> None:
    sold = await sell_bowl(tx, shop)
    small = sold.variants[0]
    for _ in range(2):
        dearer = await catalog.set_price(tx, small.id, 1300, shop.owner_id, compare_at=1500)
        assert isinstance(dearer, Listing)
        assert (dearer.price_from, dearer.variants[0].compare_at) == (1300, 1500)
    [told] = [e for e in await events(tx) if e.kind == "listing.price_changed"]
    assert told.body["from"] == 1250
    assert told.body["to"] == 1300
    assert told.body["variant_id"] == str(small.id)
    kept = await catalog.set_price(tx, small.id, 1300, shop.owner_id)
    assert isinstance(kept, Listing)
    assert kept.variants[0].compare_at == 1500


async def test_a_revision_changes_what_it_names_and_nothing_else(tx: Tx, shop: Shop) -> None:
    sold = await sell_bowl(tx, shop)
    before = await written(tx)
    revised = await catalog.revise(
        tx, sold.id, Revision(title="Bluer bowl", tags=("blue", "blue ", "new")), shop.owner_id
    )
    assert isinstance(revised, Listing)
    assert (revised.title, revised.tags) == ("Bluer bowl", ["blue", "new"])
    assert (revised.variants, revised.pictures) == (sold.variants, sold.pictures)
    assert revised.translations == sold.translations
    assert await written(tx) == before


async def test_a_revision_that_changes_nothing_writes_nothing(
    tx: Tx, shop: Shop, clock: ManualClock
) -> None:
    sold = await sell_bowl(tx, shop)
    clock.advance(timedelta(hours=1))
    same = await catalog.revise(tx, sold.id, Revision(title=" Blue  bowl "), shop.owner_id)
    assert same == sold


async def test_a_variant_that_leaves_is_retired_and_keeps_its_id_for_its_return(
    tx: Tx, shop: Shop
) -> None:
    sold = await sell_bowl(tx, shop)
    small, large = sold.variants
    only_large = (VariantDraft(id=large.id, options=("Large",), price=1800),)
    revised = await catalog.revise(tx, sold.id, Revision(variants=only_large), shop.owner_id)
    assert isinstance(revised, Listing)
    assert [v.id for v in revised.variants] == [large.id]
    offers = await catalog.offers(tx, [small.id, large.id])
    assert (offers[small.id].on_sale, offers[large.id].on_sale) == (False, True)
    back = (*only_large, VariantDraft(options=("Small",), price=1250))
    returned = await catalog.revise(tx, sold.id, Revision(variants=back), shop.owner_id)
    assert isinstance(returned, Listing)
    assert [v.id for v in returned.variants] == [large.id, small.id]


async def test_two_variants_exchange_their_sizes(tx: Tx, shop: Shop) -> None:
    sold = await sell_bowl(tx, shop)
    small, large = sold.variants
    swapped = (
        VariantDraft(id=small.id, options=("Large",), price=small.price),
        VariantDraft(id=large.id, options=("Small",), price=large.price),
    )
    revised = await catalog.revise(tx, sold.id, Revision(variants=swapped), shop.owner_id)
    assert isinstance(revised, Listing)
    assert [(v.id, v.options) for v in revised.variants] == [
        (small.id, ["Large"]),
        (large.id, ["Small"]),
    ]


async def test_a_variant_that_takes_the_size_of_a_renamed_one_is_new(tx: Tx, shop: Shop) -> None:
    sold = await sell_bowl(tx, shop)
    small, large = sold.variants
    wanted = (
        VariantDraft(id=small.id, options=("Tiny",), price=1000),
        VariantDraft(options=("Small",), price=1250),
        VariantDraft(options=("Large",), price=1800),
    )
    revised = await catalog.revise(tx, sold.id, Revision(variants=wanted), shop.owner_id)
    assert isinstance(revised, Listing)
    tiny, new, still_large = revised.variants
    assert (tiny.id, still_large.id) == (small.id, large.id)
    assert new.id not in {small.id, large.id}


async def test_the_variant_of_another_listing_is_unknown(tx: Tx, shop: Shop) -> None:
    sold = await sell_bowl(tx, shop)
    other = await sell_bowl(tx, shop, "red-bowl")
    stolen = (VariantDraft(id=other.variants[0].id, options=("Small",), price=1),)
    answer = await catalog.revise(tx, sold.id, Revision(variants=stolen), shop.owner_id)
    assert isinstance(answer, Refused)
    assert answer.code == Code.VARIANT_UNKNOWN
    assert await catalog.listing(tx, other.id) == other


async def test_a_handle_is_one_listing_of_a_shop(tx: Tx, shop: Shop, neighbour: Shop) -> None:
    first = await list_bowl(tx, shop)
    again = await catalog.draft_listing(tx, shop, bowl(), shop.owner_id)
    assert again == Refused(Code.HANDLE_TAKEN, {"handle": "blue-bowl"})
    second = await list_bowl(tx, shop, "red-bowl")
    taken = await catalog.revise(tx, second.id, Revision(handle="blue-bowl"), shop.owner_id)
    assert isinstance(taken, Refused)
    assert taken.code == Code.HANDLE_TAKEN
    assert (await list_bowl(tx, neighbour)).handle == first.handle


async def test_everything_wrong_is_named_at_once(tx: Tx, shop: Shop) -> None:
    draft = Draft(
        handle="No Such Handle",
        title="x" * 256,
        tags=("a,b",),
        attributes={"": "nothing"},
        option_names=("Size", "Size"),
        variants=(
            VariantDraft(options=("S", "S"), price=-1, weight_g=-1, limit_per_buyer=0),
            VariantDraft(options=("S", "S"), price=AMOUNT_MAX + 1),
            VariantDraft(options=("S",), price=1, sku="\x00"),
        ),
        pictures=(
            PictureDraft(source_url="javascript:alert(1)"),
            PictureDraft(file="../../etc/passwd"),
            PictureDraft(),
        ),
        translations={"english please": TranslationDraft("")},
    )
    answer = await catalog.draft_listing(tx, shop, draft, shop.owner_id)
    assert isinstance(answer, Refused)
    assert answer.code == Code.LISTING_INVALID
    assert set(answer.facts["fields"]) == {
        "handle",
        "title",
        "tags",
        "attributes",
        "option_names",
        "variants",
        "variants[0].price",
        "variants[0].weight_g",
        "variants[0].limit_per_buyer",
        "variants[1].price",
        "variants[2].options",
        "variants[2].sku",
        "pictures[0].source_url",
        "pictures[1].file",
        "pictures[2]",
        "translations.english please",
        "translations.english please.title",
    }
    assert await tx.value("select count(*) from catalog_listing") == 0


async def test_a_listing_has_at_most_100_variants_and_20_pictures(tx: Tx, shop: Shop) -> None:
    def draft(variants: int, pictures: int) -> Draft:
        return bowl(
            variants=tuple(VariantDraft(options=(str(n),), price=1) for n in range(variants)),
            pictures=tuple(
                PictureDraft(source_url=f"https://example.com/{n}") for n in range(pictures)
            ),
        )

    too_many = await catalog.draft_listing(tx, shop, draft(101, 21), shop.owner_id)
    assert isinstance(too_many, Refused)
    assert set(too_many.facts["fields"]) == {"variants", "pictures"}
    most = await catalog.draft_listing(tx, shop, draft(100, 20), shop.owner_id)
    assert isinstance(most, Listing)
    assert (len(most.variants), len(most.pictures)) == (100, 20)


async def test_a_category_of_another_market_is_unknown(
    tx: Tx, shop: Shop, tree: dict[str, Category]
) -> None:
    elsewhere = await open_market(tx, "elsewhere")
    foreign = await catalog.ensure_category(tx, elsewhere.id, "bowls", {"en": "Bowls"})
    assert isinstance(foreign, Category)
    for strange in (foreign.id, uuid4()):
        answer = await catalog.draft_listing(tx, shop, bowl(category_id=strange), shop.owner_id)
        assert isinstance(answer, Refused)
        assert answer.code == Code.CATEGORY_UNKNOWN
    assert (await list_bowl(tx, shop, category_id=tree["bowls"].id)).category_id == tree["bowls"].id


async def test_offers_say_what_an_order_needs_and_know_no_strange_variants(
    tx: Tx, shop: Shop, market: Market
) -> None:
    sold = await sell_bowl(tx, shop)
    large = sold.variants[1]
    offers = await catalog.offers(tx, [large.id, uuid4()])
    assert list(offers) == [large.id]
    offer = offers[large.id]
    assert (offer.shop_id, offer.market_id, offer.listing_id) == (shop.id, market.id, sold.id)
    assert (offer.title, offer.sku, offer.options) == ("Blue bowl", "B-L", ["Large"])
    assert (offer.price, offer.currency, offer.limit_per_buyer) == (1800, "EUR", 2)
    assert (offer.digital, offer.on_sale) == (False, True)
    await catalog.pause(tx, sold.id, shop.owner_id)
    assert not (await catalog.offers(tx, [large.id]))[large.id].on_sale
    assert await catalog.offers(tx, []) == {}


async def test_a_description_is_made_safe_when_it_is_written(tx: Tx, shop: Shop) -> None:
    hostile = "<p onclick=x>a</p><script>b</script>"
    made = await list_bowl(
        tx, shop, body_html=hostile, translations={"zh": TranslationDraft("碗", hostile)}
    )
    assert made.body_html == made.translations["zh"].body_html == "<p>a</p>"
    revised = await catalog.revise(tx, made.id, Revision(body_html=hostile), shop.owner_id)
    assert revised == made
