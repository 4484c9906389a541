"""Shops: each opens with all that it lists, pictured in both languages, and is stocked."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from html import escape
from pathlib import Path

from serai import catalog, inventory, members
from serai.cli import demo_pictures
from serai.cli.demo_market import DemoListing, DemoMarket, DemoShop
from serai.cli.rehearsal.agenda import Entry
from serai.cli.rehearsal.coming import newcomer
from serai.cli.rehearsal.model import Opening, Restocking
from serai.cli.rehearsal.stage import Progress, Stage, agreed, things
from serai.kernel.tx import Tx

_LISTING_EVERY = timedelta(minutes=17)


def draw_pictures(content: DemoMarket, folder: Path) -> Mapping[str, catalog.Stored]:
    """Draw every listing's picture into the store; gives them by handle."""
    stored = [
        catalog.store_picture(folder, demo_pictures.draw(one.emoji, one.tone, one.title.en))
        for one in content.listings
    ]
    handles = [listing.handle for listing in content.listings]
    return dict(zip(handles, agreed(stored, "storing a picture"), strict=True))


async def open_shops(stage: Stage, progress: Progress, due: Sequence[Entry]) -> None:
    """Open the shops that are due; what they list comes in the hours after."""
    shops = {shop.slug: shop for shop in stage.content.shops}
    for opening in things(due, Opening):
        async with stage.database.tx() as tx:
            await _open(tx, stage, shops[opening.shop], progress)


async def _open(tx: Tx, stage: Stage, demo: DemoShop, progress: Progress) -> None:
    login = stage.login("seller", demo.owner, demo.email)
    locale = "zh" if demo.country == "CN" else "en"
    joined = await members.sign_up(tx, stage.market.id, newcomer(login, locale))
    [owner] = agreed([joined], demo.email)
    if demo.kind == "brand":
        reason = "papers of the workshop were seen"
        granted = await members.grant_brand(
            tx, owner.id, demo.name, by=stage.operator_id, reason=reason
        )
        agreed([granted], f"granting {demo.name}")
    [shop] = agreed([await members.open_shop(tx, owner.id, _new(demo))], demo.slug)
    stage.shops[demo.slug] = shop
    await inventory.ensure_location(tx, stage.market.id, shop.id, place_id=demo.geonameid)
    listings = [one for one in stage.content.listings if one.shop == demo.slug]
    for listing in listings:
        stage.clock.advance(_LISTING_EVERY)
        await _list(tx, stage, shop, listing)
        progress("listings", len(stage.listed), len(stage.content.listings))
    units = {v.sku: v.stock for listing in listings for v in listing.variants if v.stock}
    await _stock(tx, stage, [Restocking(stage.clock.now(), demo.slug, units)], "first stock")


def _new(demo: DemoShop) -> members.NewShop:
    return members.NewShop(
        slug=demo.slug,
        name=demo.name,
        kind=members.ShopKind(demo.kind),
        currency=demo.currency,
        place_id=demo.geonameid,
        description=demo.description.en,
        ship_fee=demo.shipping_fee,
        ship_free_from=demo.free_shipping_from,
        translations={"zh": members.ShopWords(demo.name, demo.description.zh)},
    )


async def _list(tx: Tx, stage: Stage, shop: members.Shop, listing: DemoListing) -> None:
    drafted = await catalog.draft_listing(tx, shop, _draft(stage, listing), shop.owner_id)
    [made] = agreed([drafted], listing.handle)
    agreed([await catalog.publish(tx, made.id, shop.owner_id)], listing.handle)
    stage.listed.append(made.id)
    stage.variants.update((variant.sku, variant.id) for variant in made.variants)


def _draft(stage: Stage, listing: DemoListing) -> catalog.Draft:
    picture = stage.pictures[listing.handle]
    return catalog.Draft(
        handle=listing.handle,
        title=listing.title.en,
        body_html=_paragraph(listing.description.en),
        vendor=listing.vendor,
        tags=listing.tags,
        category_id=stage.categories[listing.category],
        attributes=dict(listing.attributes),
        option_names=listing.options,
        variants=tuple(
            catalog.VariantDraft(
                options=variant.values,
                price=variant.price,
                sku=variant.sku,
                weight_g=variant.grams,
                limit_per_buyer=listing.purchase_limit,
            )
            for variant in listing.variants
        ),
        pictures=(
            catalog.PictureDraft(
                file=picture.file,
                alt=listing.title.en,
                width=picture.width,
                height=picture.height,
            ),
        ),
        translations={
            "zh": catalog.TranslationDraft(listing.title.zh, _paragraph(listing.description.zh))
        },
    )


def _paragraph(text: str) -> str:
    return f"<p>{escape(text, quote=False)}</p>"


async def restock(stage: Stage, due: Sequence[Entry]) -> None:
    """Put what arrives on the shelves."""
    async with stage.database.tx() as tx:
        await _stock(tx, stage, things(due, Restocking), "weekly delivery")


async def _stock(tx: Tx, stage: Stage, arriving: Sequence[Restocking], reason: str) -> None:
    commands = [
        inventory.Restock(
            **stage.command(stage.shops[one.shop].owner_id),
            variant_id=stage.variants[sku],
            shop_id=stage.shops[one.shop].id,
            quantity=units,
            reason=reason,
        )
        for one in arriving
        for sku, units in one.units.items()
    ]
    agreed(await inventory.restock(tx, commands), reason)
