from uuid import uuid4

import msgspec
import pytest

from serai import members
from serai.kernel.errors import Refused
from serai.kernel.money import AMOUNT_MAX
from serai.kernel.tx import Tx
from serai.members import (
    BrandGrant,
    Market,
    Member,
    Role,
    Shop,
    ShopEdit,
    ShopKind,
    ShopState,
    ShopWords,
)
from tests.members.conftest import HAMBURG, SHANGHAI, TEA, Join, OpenShop, founded


async def opened_events(tx: Tx) -> int:
    found = await tx.value("select count(*) from kernel_event where kind = 'shop.opened'")
    assert isinstance(found, int)
    return found


async def test_whoever_opens_a_shop_is_a_seller(tx: Tx, market: Market, join: Join) -> None:
    anna = await join("Anna")
    shop = await members.open_shop(tx, anna.id, TEA)
    assert isinstance(shop, Shop)
    assert (shop.state, shop.opened_at) == (ShopState.OPEN, tx.clock.now())
    assert shop.description == "Leaves from\ntwo hills."
    assert await members.roles_of(tx, anna.id) == {Role.BUYER, Role.SELLER}
    assert await members.shops(tx, [shop.id, uuid4()]) == {shop.id: shop}
    assert await members.shop_by_slug(tx, market.id, "tea-house") == shop
    assert await members.shops_of(tx, anna.id) == [shop]
    told = "select body ->> 'slug' from kernel_event where kind = 'shop.opened' and subject = $1"
    assert await tx.value(told, shop.id) == "tea-house"


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"slug": "Tea House"}, "field_invalid", "slug"),
        ({"slug": "tea--house"}, "field_invalid", "slug"),
        ({"name": ""}, "field_invalid", "name"),
        ({"name": "x" * 81}, "field_invalid", "name"),
        ({"description": "x" * 5001}, "field_invalid", "description"),
        ({"description": "half \ud800"}, "field_invalid", "description"),
        ({"currency": "TEA"}, "currency_unknown", "currency"),
        ({"place_id": 1}, "place_unknown", "place_id"),
        ({"ship_fee": -1}, "field_invalid", "ship_fee"),
        ({"ship_fee": AMOUNT_MAX + 1}, "field_invalid", "ship_fee"),
        ({"ship_free_from": 0}, "field_invalid", "ship_free_from"),
        ({"ship_free_from": 2**63}, "field_invalid", "ship_free_from"),
        ({"translations": {"fr": ShopWords("Thé")}}, "locale_unknown", "translations"),
        ({"translations": {"zh": ShopWords("")}}, "field_invalid", "translations.zh.name"),
    ],
)
async def test_a_shop_that_will_not_do_is_not_opened(
    tx: Tx, join: Join, said: dict[str, object], code: str, field: str
) -> None:
    anna = await join("Anna")
    refused = await members.open_shop(tx, anna.id, msgspec.structs.replace(TEA, **said))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.facts["field"]) == (code, field)
    assert await members.shops_of(tx, anna.id) == []
    assert await members.roles_of(tx, anna.id) == {Role.BUYER}
    assert await opened_events(tx) == 0


async def test_a_slug_belongs_to_one_shop_of_a_market(
    tx: Tx, join: Join, open_shop: OpenShop
) -> None:
    await open_shop(await join("Anna"))
    berta = await join("Berta")
    refused = await members.open_shop(tx, berta.id, TEA)
    assert refused == Refused("slug_taken", {"field": "slug", "slug": "tea-house"})
    assert await members.roles_of(tx, berta.id) == {Role.BUYER}
    elsewhere = (await founded(tx, "hill")).operator
    assert elsewhere is not None
    assert isinstance(await open_shop(elsewhere), Shop)


async def test_twenty_shops_are_enough_and_a_closed_one_makes_room(
    tx: Tx, join: Join, open_shop: OpenShop
) -> None:
    anna = await join("Anna")
    opened = [await open_shop(anna, slug=f"tea-{number}") for number in range(20)]
    refused = await members.open_shop(tx, anna.id, TEA)
    assert refused == Refused("limit_reached", {"of": "shops", "max": 20})
    await members.set_shop_state(tx, opened[0].id, ShopState.CLOSED, by=anna.id, reason="Enough")
    assert isinstance(await open_shop(anna), Shop)


async def test_a_brand_shop_needs_an_operators_word_for_that_brand(
    tx: Tx, market: Market, operator: Member, join: Join
) -> None:
    anna, berta = await join("Anna"), await join("Berta")
    brand = msgspec.structs.replace(TEA, kind=ShopKind.BRAND)
    refused = Refused("brand_not_granted", {"field": "kind", "brand": "Tea House"})
    assert await members.open_shop(tx, anna.id, brand) == refused
    only = Refused("operator_only", {"needs": "operator"})
    own_word = await members.grant_brand(tx, anna.id, "Tea House", by=anna.id, reason="I am it")
    assert own_word == only
    other = await members.grant_brand(tx, anna.id, "Coffee House", by=operator.id, reason="Seen")
    assert isinstance(other, BrandGrant)
    assert await members.open_shop(tx, anna.id, brand) == refused
    await members.grant_brand(tx, anna.id, "TEA house", by=operator.id, reason="Papers seen")
    assert await members.open_shop(tx, berta.id, brand) == refused
    shop = await members.open_shop(tx, anna.id, brand)
    assert isinstance(shop, Shop)
    assert shop.kind is ShopKind.BRAND
    done = [(a.action, a.subject) for a in await members.actions_page(tx, market.id)]
    assert done == [("brand.granted", anna.id)] * 2


async def test_a_brand_shop_does_not_take_another_name(
    tx: Tx, operator: Member, join: Join, open_shop: OpenShop
) -> None:
    anna = await join("Anna")
    first = await members.grant_brand(tx, anna.id, "Tea House", by=operator.id, reason="Seen")
    again = await members.grant_brand(tx, anna.id, "tea house", by=operator.id, reason="Again")
    assert again == first
    shop = await open_shop(anna, kind=ShopKind.BRAND)
    refused = await members.edit_shop(tx, shop.id, ShopEdit(name="Gold House"), by=anna.id)
    assert refused == Refused("brand_not_granted", {"field": "kind", "brand": "Gold House"})
    assert await members.shops(tx, [shop.id]) == {shop.id: shop}


async def test_a_shop_speaks_the_languages_it_was_given(
    tx: Tx, join: Join, open_shop: OpenShop
) -> None:
    zh = ShopWords("茶馆", "两座山的茶叶。")
    shop = await open_shop(await join("Anna"), translations={"zh": zh})
    found = (await members.shops(tx, [shop.id]))[shop.id]
    assert found == shop
    assert found.words("zh") == found.words("zh-CN") == zh
    assert found.words("de") == ShopWords("Tea House", "Leaves from\ntwo hills.")


async def test_an_owner_changes_what_is_given_and_nothing_else(
    tx: Tx, join: Join, open_shop: OpenShop
) -> None:
    anna = await join("Anna")
    shop = await open_shop(anna)
    edit = ShopEdit(name=" Tea  Room ", ship_free_from=None, place_id=SHANGHAI)
    edited = await members.edit_shop(tx, shop.id, edit, by=anna.id)
    assert edited == msgspec.structs.replace(
        shop, name="Tea Room", ship_free_from=None, place_id=SHANGHAI
    )
    assert await members.shops(tx, [shop.id]) == {shop.id: edited}


async def test_nobody_else_changes_a_shop_not_even_an_operator(
    tx: Tx, operator: Member, join: Join, open_shop: OpenShop
) -> None:
    shop = await open_shop(await join("Anna"))
    berta = await join("Berta")
    for by in (berta.id, operator.id, uuid4()):
        refused = await members.edit_shop(tx, shop.id, ShopEdit(name="Mine"), by=by)
        assert refused == Refused("not_yours", {"shop_id": str(shop.id)})
    assert await members.shops(tx, [shop.id]) == {shop.id: shop}


async def test_an_owner_pauses_reopens_and_closes_for_good(
    tx: Tx, market: Market, join: Join, open_shop: OpenShop
) -> None:
    anna = await join("Anna")
    shop = await open_shop(anna)
    states = [ShopState.PAUSED, ShopState.PAUSED, ShopState.OPEN, ShopState.CLOSED]
    for state in states:
        answer = await members.set_shop_state(tx, shop.id, state, by=anna.id, reason="Holidays")
        assert isinstance(answer, Shop)
        assert answer.state is state
    closed = Refused("shop_closed", {"shop_id": str(shop.id)})
    for state in ShopState:
        again = await members.set_shop_state(tx, shop.id, state, by=anna.id, reason="Come back")
        assert again == closed
    assert await members.edit_shop(tx, shop.id, ShopEdit(name="New"), by=anna.id) == closed
    changes = await members.shop_changes(tx, shop.id)
    assert [(c.before, c.after) for c in changes] == [
        (ShopState.OPEN, ShopState.PAUSED),
        (ShopState.PAUSED, ShopState.OPEN),
        (ShopState.OPEN, ShopState.CLOSED),
    ]
    assert {(c.by_id, c.by_operator, c.reason) for c in changes} == {(anna.id, False, "Holidays")}
    assert await members.actions_page(tx, market.id) == []


async def test_what_an_operator_paused_its_owner_does_not_reopen(
    tx: Tx, market: Market, operator: Member, join: Join, open_shop: OpenShop
) -> None:
    anna = await join("Anna")
    shop = await open_shop(anna)
    await members.set_shop_state(tx, shop.id, ShopState.PAUSED, by=anna.id, reason="Holidays")
    await members.set_shop_state(tx, shop.id, ShopState.PAUSED, by=operator.id, reason="Complaints")
    refused = await members.set_shop_state(
        tx, shop.id, ShopState.OPEN, by=anna.id, reason="Back from holidays"
    )
    facts = {"shop_id": str(shop.id), "reason": "Complaints"}
    assert refused == Refused("paused_by_operator", facts)
    assert (await members.shops(tx, [shop.id]))[shop.id].state is ShopState.PAUSED
    reopened = await members.set_shop_state(
        tx, shop.id, ShopState.OPEN, by=operator.id, reason="Settled"
    )
    assert isinstance(reopened, Shop)
    done = [(a.action, a.reason) for a in await members.actions_page(tx, market.id)]
    assert done == [("shop.reopened", "Settled"), ("shop.paused", "Complaints")]


async def test_a_stranger_does_not_pause_a_shop(tx: Tx, join: Join, open_shop: OpenShop) -> None:
    shop = await open_shop(await join("Anna"))
    elsewhere = (await founded(tx, "hill")).operator
    assert elsewhere is not None
    for by in ((await join("Berta")).id, elsewhere.id):
        refused = await members.set_shop_state(tx, shop.id, ShopState.PAUSED, by=by, reason="Rival")
        assert refused == Refused("not_yours", {"shop_id": str(shop.id)})
    assert await members.shops(tx, [shop.id]) == {shop.id: shop}
    assert await members.shop_changes(tx, shop.id) == []


async def test_the_market_lists_open_shops_newest_first(
    tx: Tx, market: Market, join: Join, open_shop: OpenShop
) -> None:
    anna = await join("Anna")
    opened = [await open_shop(anna, slug=f"tea-{n}", place_id=HAMBURG) for n in range(4)]
    await members.set_shop_state(tx, opened[1].id, ShopState.PAUSED, by=anna.id, reason="Ill")
    first = await members.shops_page(tx, market.id, limit=2)
    rest = await members.shops_page(tx, market.id, before=first[-1].id, limit=2)
    assert [*first, *rest] == [opened[3], opened[2], opened[0]]


async def test_an_unknown_shop_is_refused_by_name(tx: Tx, operator: Member) -> None:
    unknown = uuid4()
    refused = Refused("shop_unknown", {"shop_id": str(unknown)})
    assert await members.edit_shop(tx, unknown, ShopEdit(), by=operator.id) == refused
    answer = await members.set_shop_state(
        tx, unknown, ShopState.PAUSED, by=operator.id, reason="Where"
    )
    assert answer == refused
    assert await members.shop_by_slug(tx, operator.market_id, "tea-house") is None
