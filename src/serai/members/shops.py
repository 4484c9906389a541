"""Shops: a member's storefronts, opened, found and described."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec
from msgspec import UNSET

from serai.kernel import ids, money, outbox
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx
from serai.members import text
from serai.members.accounts import NAME_MAX, member_unknown
from serai.members.audit import page_size
from serai.members.brands import brand_needed
from serai.members.markets import market
from serai.members.model import Code, Market, Member, Role
from serai.members.places import place
from serai.members.roles import become
from serai.members.shop_model import NewShop, Shop, ShopEdit, ShopKind, ShopState, ShopWords

_SHOPS_MAX = 20
_DESCRIPTION_MAX = 5_000

_SELECT = (
    "select id, market_id, owner_id, slug, name, kind, currency, place_id, ship_fee,"
    " ship_free_from, state, opened_at, description, translations from members_shop"
)
_COUNT = "select count(*) from members_shop where owner_id = $1 and state <> 'closed'"
_INSERT = """
insert into members_shop (id, market_id, owner_id, slug, name, kind, currency, place_id,
    ship_fee, ship_free_from, state, opened_at, description, translations)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict do nothing
"""


async def open_shop(tx: Tx, owner_id: UUID, new: NewShop) -> Shop | Refused:
    """Open a shop; its owner becomes a seller by that. Emits `shop.opened`.

    A `brand` shop bears the name of a brand that an operator granted its owner. A
    member has twenty shops at most, closed ones not counted.
    """
    owners = await lock(tx, Member, [owner_id])
    home = await market(tx, owners[0].market_id) if owners else None
    if home is None:
        return member_unknown(owner_id)
    now = tx.clock.now()
    shop = Shop(
        id=ids.new(now),
        market_id=home.id,
        owner_id=owner_id,
        state=ShopState.OPEN,
        opened_at=now,
        **{name: getattr(new, name) for name in NewShop.__struct_fields__},
    )
    checked = await _checked(tx, home, shop)
    if isinstance(checked, Refused):
        return checked
    if await tx.value(_COUNT, owner_id) >= _SHOPS_MAX:
        return Refused(Code.LIMIT_REACHED, {"of": "shops", "max": _SHOPS_MAX})
    fields = [getattr(checked, name) for name in Shop.__struct_fields__]
    if not await tx.execute(_INSERT, *fields):
        return Refused(Code.SLUG_TAKEN, {"field": "slug", "slug": checked.slug})
    await become(tx, owners[0], Role.SELLER)
    await outbox.emit(tx, [_opened(tx, checked)])
    return checked


def _opened(tx: Tx, shop: Shop) -> outbox.Event:
    return outbox.event(
        tx,
        market_id=shop.market_id,
        subject=shop.id,
        kind="shop.opened",
        body={
            "shop_id": str(shop.id),
            "owner_id": str(shop.owner_id),
            "slug": shop.slug,
            "name": shop.name,
            "kind": str(shop.kind),
        },
        audience=[shop.owner_id],
    )


async def edit_shop(tx: Tx, shop_id: UUID, edit: ShopEdit, *, by: UUID) -> Shop | Refused:
    """Change what a shop says of itself and what it asks for shipping; its owner may.

    Slug, kind and currency stay as they were: links, trust and prices rest on them.
    """
    found = await lock(tx, Shop, [shop_id])
    if not found:
        return shop_unknown(shop_id)
    if found[0].owner_id != by:
        return Refused(Code.NOT_YOURS, {"shop_id": str(shop_id)})
    if found[0].state is ShopState.CLOSED:
        return Refused(Code.SHOP_CLOSED, {"shop_id": str(shop_id)})
    home = await market(tx, found[0].market_id)
    if home is None:
        raise AssertionError("a shop without its market")
    given = {name: getattr(edit, name) for name in ShopEdit.__struct_fields__}
    given = {name: value for name, value in given.items() if value is not UNSET}
    checked = await _checked(tx, home, msgspec.structs.replace(found[0], **given))
    if not isinstance(checked, Refused):
        await tx.execute(
            _EDIT,
            checked.id,
            checked.name,
            checked.description,
            checked.place_id,
            checked.ship_fee,
            checked.ship_free_from,
            checked.translations,
        )
    return checked


_EDIT = """
update members_shop set name = $2, description = $3, place_id = $4, ship_fee = $5,
    ship_free_from = $6, translations = $7
where id = $1
"""


async def shops(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Shop]:
    """Find shops by id; one that does not exist is not among them."""
    found = await tx.fetch(Shop, _SELECT + " where id = any($1)", list(set(ids)))
    return {shop.id: shop for shop in found}


async def shop_by_slug(tx: Tx, market_id: UUID, slug: str) -> Shop | None:
    """Find a shop by its slug, whatever its state."""
    return await tx.first(Shop, _SELECT + " where market_id = $1 and slug = $2", market_id, slug)


async def shops_of(tx: Tx, owner_id: UUID) -> list[Shop]:
    """List a member's shops, the oldest first, whatever their state."""
    return await tx.fetch(Shop, _SELECT + " where owner_id = $1 order by id", owner_id)


async def shops_page(
    tx: Tx, market_id: UUID, *, before: UUID | None = None, limit: int = 50
) -> list[Shop]:
    """List a market's open shops, newest first; `before` is the last id of the page before."""
    where = " where market_id = $1 and state = 'open' and ($2::uuid is null or id < $2)"
    sql = _SELECT + where + " order by id desc limit $3"
    return await tx.fetch(Shop, sql, market_id, before, page_size(limit))


def shop_unknown(shop_id: UUID) -> Refused:
    """Refuse: there is no such shop."""
    return Refused(Code.SHOP_UNKNOWN, {"shop_id": str(shop_id)})


async def _checked(tx: Tx, home: Market, shop: Shop) -> Shop | Refused:
    """Check all that a shop says; gives it with its text cleaned."""
    words = _words(ShopWords(shop.name, shop.description))
    translations = _translations(shop.translations, home)
    refused = text.first_refusal(
        text.slug("slug", shop.slug), words, translations, _amount_refusal(shop)
    )
    if refused:
        return refused
    if not money.known(shop.currency):
        return Refused(Code.CURRENCY_UNKNOWN, {"field": "currency", "currency": shop.currency})
    if place(shop.place_id) is None:
        return Refused(Code.PLACE_UNKNOWN, {"field": "place_id", "place_id": shop.place_id})
    own = text.accepted(words)
    if shop.kind is ShopKind.BRAND and (refused := await brand_needed(tx, shop.owner_id, own.name)):
        return refused
    return msgspec.structs.replace(
        shop,
        name=own.name,
        description=own.description,
        translations=text.accepted(translations),
    )


def _amount_refusal(shop: Shop) -> Refused | None:
    for field, amount, least in (
        ("ship_fee", shop.ship_fee, 0),
        ("ship_free_from", shop.ship_free_from, 1),
    ):
        if amount is not None and not least <= amount <= money.AMOUNT_MAX:
            facts = {"field": field, "min": least, "max": money.AMOUNT_MAX}
            return Refused(Code.FIELD_INVALID, facts)
    return None


def _words(words: ShopWords, at: str = "") -> ShopWords | Refused:
    name = text.line(f"{at}name", words.name, longest=NAME_MAX)
    description = text.paragraph(f"{at}description", words.description, longest=_DESCRIPTION_MAX)
    if refused := text.first_refusal(name, description):
        return refused
    return ShopWords(text.accepted(name), text.accepted(description))


def _translations(given: Mapping[str, ShopWords], home: Market) -> dict[str, ShopWords] | Refused:
    cleaned: dict[str, ShopWords] = {}
    for locale, said in given.items():
        words = _words(said, at=f"translations.{locale}.")
        spoken = text.one_of("translations", locale, home.locales)
        if refused := text.first_refusal(spoken, words):
            return refused
        cleaned[locale] = text.accepted(words)
    return cleaned
