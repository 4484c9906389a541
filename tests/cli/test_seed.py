"""The demo market: planned the same every time, played through the halls, made once."""

import contextlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
from msgspec.structs import replace

from serai import catalog, inventory, ledger, members, trade
from serai.cli import demo_market, rehearsal
from serai.cli.demo_market import DemoMarket
from serai.cli.rehearsal import plan as planning
from serai.cli.rehearsal.model import Paying
from serai.kernel.errors import Refused
from serai.kernel.tx import Database, Tx
from serai.members import NewMarket, Role
from serai.trade import State
from tests.cli.running import serai

UNTIL = datetime(2026, 6, 24, 9, 40, tzinfo=UTC)
ORDERS = 60


@pytest.fixture(scope="session")
def whole() -> DemoMarket:
    return demo_market.load(demo_market.folder())


@pytest.fixture(scope="session")
def content(whole: DemoMarket) -> DemoMarket:
    """A corner of the demo market: four shops with eight listings each, thirty people."""
    shops = whole.shops[:3] + whole.shops[8:9]
    listings = [
        listing
        for shop in shops
        for listing in [one for one in whole.listings if one.shop == shop.slug][:8]
    ]
    return replace(whole, shops=shops, listings=tuple(listings), people=whole.people[:30])


def silent(what: str, done: int, of: int) -> None:
    assert 0 <= done <= of


class Made(NamedTuple):
    """A demo market that was rehearsed, and where it is."""

    dsn: str
    pictures: Path
    seeded: rehearsal.Seeded


@pytest.fixture(scope="session")
async def made(
    server: str, template: str, content: DemoMarket, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Made]:
    """Rehearse once for all tests that only look."""
    pictures = tmp_path_factory.mktemp("pictures")
    async with _database(server, template) as dsn:
        seeded = await rehearsal.seed_demo(
            dsn, pictures, silent, orders=ORDERS, until=UNTIL, content=content
        )
        assert isinstance(seeded, rehearsal.Seeded)
        yield Made(dsn, pictures, seeded)


@contextlib.asynccontextmanager
async def _database(server: str, template: str) -> AsyncIterator[str]:
    name = f"serai_seed_{uuid.uuid4().hex[:12]}"
    head, _, query = server.partition("?")
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"create database {name} template {template}")
        yield f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


@pytest.fixture
async def look(made: Made) -> AsyncIterator[Tx]:
    """Read what was made."""
    database = await Database.open(made.dsn, size=1)
    async with database.snapshot() as tx:
        yield tx
    await database.close()


# ── The plan ─────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_gives_the_same_plan(whole: DemoMarket) -> None:
    first, second, other = (
        planning.draw(whole, orders=200, until=UNTIL, seed=seed) for seed in (4, 4, 5)
    )
    assert first == second
    assert first.purchases != other.purchases


def test_a_plan_has_just_the_orders_that_were_asked_for(whole: DemoMarket) -> None:
    plan = planning.draw(whole, orders=700, until=UNTIL, seed=1)
    assert sum(len(purchase.fates) for purchase in plan.purchases) == 700
    assert {len(purchase.fates) for purchase in plan.purchases} == {1, 2, 3}
    assert all(len(purchase.units) <= 4 for purchase in plan.purchases)


def test_nobody_buys_before_joining_or_more_than_the_limit(whole: DemoMarket) -> None:
    plan = planning.draw(whole, orders=3_000, until=UNTIL, seed=2)
    joined = {joining.email: joining.at for joining in plan.joinings}
    assert all(joined[purchase.email] < purchase.at < UNTIL for purchase in plan.purchases)
    had: Counter[tuple[str, str]] = Counter()
    for purchase in plan.purchases:
        for sku, units in purchase.units.items():
            had[purchase.email, sku] += units
    limits = {
        variant.sku: listing.purchase_limit
        for listing in whole.listings
        for variant in listing.variants
        if listing.purchase_limit
    }
    assert limits
    assert all(units <= limits[sku] for (_, sku), units in had.items() if sku in limits)


def test_a_festival_and_weekends_stand_out(whole: DemoMarket) -> None:
    plan = planning.draw(whole, orders=3_000, until=UNTIL, seed=3)
    by_day = Counter(purchase.at.date() for purchase in plan.purchases)
    [(peak, most)] = by_day.most_common(1)
    assert 36 <= (UNTIL.date() - peak).days <= 41
    assert most > 3 * sum(by_day.values()) / len(by_day)
    by_weekday = Counter(purchase.at.weekday() for purchase in plan.purchases)
    assert by_weekday[5] > by_weekday[1]


def test_what_is_never_paid_is_paid_for_by_nobody(whole: DemoMarket) -> None:
    plan = planning.draw(whole, orders=500, until=UNTIL, seed=6)
    spent: Counter[tuple[str, str]] = Counter()
    for purchase in plan.purchases:
        if purchase.paying is not Paying.NEVER:
            for currency, total in purchase.totals.items():
                spent[purchase.email, currency] += total
    added: Counter[tuple[str, str]] = Counter()
    for adding in plan.addings:
        if adding.account != "SANDBOX-FAIL":
            added[adding.email, adding.currency] += adding.amount
    assert all(added[key] >= total for key, total in spent.items())


# ── What was played ──────────────────────────────────────────────────────────────────────


def test_every_promise_holds(made: Made) -> None:
    assert made.seeded.holds
    assert [promise.number for promise in made.seeded.promises] == list(range(1, 12))
    assert all(promise.checked for promise in made.seeded.promises if promise.number != 5)


def test_orders_stand_in_every_live_state_and_have_ended(made: Made) -> None:
    counts = made.seeded.counts
    assert counts.orders == ORDERS
    for state in (State.PLACED, State.PAID, State.SHIPPED, State.DELIVERED, State.COMPLETED):
        assert counts.orders_by_state[state] > 0, state


async def test_every_listing_is_published_with_a_picture_and_in_chinese(
    made: Made, look: Tx, content: DemoMarket
) -> None:
    counts = made.seeded.counts
    assert counts.listings == counts.pictures == len(content.listings)
    for demo in content.listings:
        shop = await members.shop_by_slug(look, made.seeded.market.id, demo.shop)
        assert shop is not None
        listing = await catalog.listing_by_handle(look, shop.id, demo.handle)
        assert listing is not None
        assert listing.state is catalog.State.PUBLISHED
        assert listing.translations["zh"].title == demo.title.zh
        [picture] = listing.pictures
        assert picture.file is not None
        path = catalog.picture_path(made.pictures, picture.file)
        assert path is not None
        assert path.read_bytes().startswith(b"<svg")


async def test_people_joined_over_time_and_live_somewhere(
    made: Made, look: Tx, content: DemoMarket
) -> None:
    staff = 3
    assert made.seeded.counts.members == len(content.people) + len(content.shops) + staff
    entries = await members.members_page(look, made.seeded.market.id, limit=200)
    joined = [entry.joined_at for entry in entries]
    assert len(set(joined)) > len(content.people)
    assert max(joined) - min(joined) > timedelta(days=60)
    homes = {person.email: person.geonameid for person in content.people}
    for entry in entries:
        if entry.email in homes:
            address = await members.default_address(look, entry.id)
            assert address is not None
            assert address.place.id == homes[entry.email]


async def test_the_shelves_are_as_the_demo_has_them_and_nothing_is_oversold(
    made: Made, look: Tx, content: DemoMarket
) -> None:
    for shop in content.shops:
        kept = await members.shop_by_slug(look, made.seeded.market.id, shop.slug)
        assert kept is not None
        for demo in (one for one in content.listings if one.shop == shop.slug):
            listing = await catalog.listing_by_handle(look, kept.id, demo.handle)
            assert listing is not None
            levels = await inventory.levels(look, [v.id for v in listing.variants])
            stocked = {variant.sku: variant.stock for variant in demo.variants}
            for variant in listing.variants:
                on_hand = sum(level.on_hand for level in levels[variant.id])
                assert on_hand >= stocked[variant.sku]


async def test_the_guarantee_stands_behind_the_market(
    made: Made, look: Tx, content: DemoMarket
) -> None:
    market_id = made.seeded.market.id
    for currency in {shop.currency for shop in content.shops}:
        name = ledger.house(market_id, ledger.Kind.GUARANTEE, currency)
        account = (await ledger.accounts(look, [name.id]))[name.id]
        assert account.balance > 0


async def test_four_people_come_in_with_what_was_printed(made: Made) -> None:
    database = await Database.open(made.dsn, size=2)
    roles = {}
    for login in made.seeded.logins:
        assert login.password not in repr(login)
        async with database.tx() as tx:
            signed = await members.sign_in(tx, made.seeded.market.id, login.email, login.password)
            assert isinstance(signed, members.SignedIn)
            roles[login.role] = await members.roles_of(tx, signed.member.id)
    await database.close()
    assert roles == {
        "buyer": {Role.BUYER},
        "seller": {Role.BUYER, Role.SELLER},
        "courier": {Role.BUYER, Role.COURIER},
        "operator": {Role.BUYER, Role.OPERATOR},
    }
    assert len({login.password for login in made.seeded.logins}) == len(roles)


async def test_the_market_says_that_it_is_sample_data(made: Made, look: Tx) -> None:
    assert "sample data" in made.seeded.market.name
    actions = await members.actions_page(look, made.seeded.market.id, subject=made.seeded.market.id)
    assert {"sample.begun", "sample.finished"} <= {action.action for action in actions}


# ── Once, and beside nothing else ────────────────────────────────────────────────────────


async def _rows(dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "select tablename from pg_tables where schemaname = 'public'"
        )
        names = [row[0] for row in tables if row[0] not in {"members_session", "members_attempt"}]
        return {name: await connection.fetchval(f"select count(*) from {name}") for name in names}
    finally:
        await connection.close()


async def test_a_second_run_changes_nothing(made: Made, content: DemoMarket) -> None:
    before = await _rows(made.dsn)
    again = await rehearsal.seed_demo(made.dsn, made.pictures, silent, content=content)
    assert isinstance(again, rehearsal.Seeded)
    assert not again.new
    assert again.logins == ()
    assert again.counts == made.seeded.counts
    assert await _rows(made.dsn) == before


async def test_one_that_was_stopped_is_told_apart_and_made_anew(
    dsn: str, content: DemoMarket, tmp_path: Path
) -> None:
    class Pulled(Exception):  # noqa: N818  the plug, not an error
        pass

    def pull(what: str, done: int, of: int) -> None:
        if what == "orders" and done:
            raise Pulled

    few = replace(content, listings=content.listings[::4], people=content.people[:6])
    with pytest.raises(Pulled):
        await rehearsal.seed_demo(dsn, tmp_path, pull, orders=10, until=UNTIL, content=few)
    refused = await rehearsal.seed_demo(dsn, tmp_path, silent, orders=10, content=few)
    assert isinstance(refused, Refused)
    assert refused.code == rehearsal.UNFINISHED
    anew = await rehearsal.seed_demo(
        dsn, tmp_path, silent, orders=10, until=UNTIL + timedelta(days=200), content=few, fresh=True
    )
    assert isinstance(anew, rehearsal.Seeded)
    assert anew.new
    assert anew.holds
    assert anew.counts.orders == 10


@pytest.mark.parametrize("fresh", [False, True])
async def test_another_market_is_left_alone(
    dsn: str, database: Database, tmp_path: Path, *, fresh: bool
) -> None:
    async with database.tx() as tx:
        new = NewMarket(slug="real", name="A real one", currency="EUR", country="PT")
        await members.found_market(tx, new)
    before = await _rows(dsn)
    refused = await rehearsal.seed_demo(dsn, tmp_path, silent, fresh=fresh)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.facts) == (rehearsal.OCCUPIED, {"market": "A real one"})
    assert await _rows(dsn) == before


async def test_two_cannot_seed_at_once(made: Made, content: DemoMarket) -> None:
    other = await asyncpg.connect(made.dsn)
    await other.execute("select pg_advisory_lock(hashtextextended('serai seed', 0))")
    refused = await rehearsal.seed_demo(made.dsn, made.pictures, silent, content=content)
    await other.close()
    assert isinstance(refused, Refused)
    assert refused.code == rehearsal.BUSY


def test_without_demo_it_says_what_it_can_make(data: Path) -> None:
    ran = serai("seed", data=data)
    assert ran.returncode == 2
    assert "serai seed --demo" in ran.stderr
    assert not data.exists()


def test_trade_knows_every_state_that_is_counted(made: Made) -> None:
    assert set(made.seeded.counts.orders_by_state) == set(trade.State)
