"""The category tree: a shelf is never below itself, and its address stays."""

from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serai import catalog
from serai.catalog import Category, Code
from serai.catalog.category_tree import find_path, path_of, subtree
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import Market
from tests.catalog.sample import open_market

Tree = dict[str, Category]


async def test_a_category_that_is_there_stays_as_it_is(tx: Tx, market: Market, tree: Tree) -> None:
    again = await catalog.ensure_category(tx, market.id, "bowls", {"en": "Soup plates"})
    assert again == tree["bowls"]
    assert len(await catalog.categories(tx, market.id)) == 4


async def test_a_tree_is_its_markets_own(tx: Tx, market: Market, tree: Tree) -> None:
    elsewhere = await open_market(tx, "elsewhere")
    assert await catalog.categories(tx, elsewhere.id) == []
    stranger = tree["home"].id
    for answer in (
        await catalog.ensure_category(tx, elsewhere.id, "x", {"en": "X"}, parent_id=stranger),
        await catalog.rename_category(tx, elsewhere.id, stranger, {"en": "Mine"}),
        await catalog.move_category(tx, elsewhere.id, stranger, None),
        await catalog.move_category(tx, market.id, stranger, uuid4()),
    ):
        assert isinstance(answer, Refused)
        assert answer.code == Code.CATEGORY_UNKNOWN
    assert await catalog.categories(tx, market.id) == list(tree.values())


async def test_a_shelf_moves_with_all_that_is_below_it(tx: Tx, market: Market, tree: Tree) -> None:
    moved = await catalog.move_category(
        tx, market.id, tree["tableware"].id, tree["garden"].id, position=2
    )
    assert isinstance(moved, Category)
    assert (moved.parent_id, moved.position) == (tree["garden"].id, 2)
    below = await subtree(tx, tree["garden"].id)
    assert set(below) == {tree[slug].id for slug in ("garden", "tableware", "bowls")}
    assert await subtree(tx, tree["home"].id) == [tree["home"].id]


@pytest.mark.parametrize(("moved", "under"), [("home", "home"), ("home", "bowls")])
async def test_a_shelf_never_hangs_below_itself(
    tx: Tx, market: Market, tree: Tree, moved: str, under: str
) -> None:
    answer = await catalog.move_category(tx, market.id, tree[moved].id, tree[under].id)
    assert isinstance(answer, Refused)
    assert answer.code == Code.CATEGORY_CIRCLE
    assert await catalog.categories(tx, market.id) == list(tree.values())


async def test_a_shelf_gets_other_names_and_keeps_its_slug(
    tx: Tx, market: Market, tree: Tree
) -> None:
    renamed = await catalog.rename_category(tx, market.id, tree["bowls"].id, {"de": "Schalen"})
    assert isinstance(renamed, Category)
    assert (renamed.slug, renamed.names) == ("bowls", {"de": "Schalen"})
    assert renamed in await catalog.categories(tx, market.id)


@pytest.mark.parametrize(
    ("slug", "names", "position", "wrong"),
    [
        ("Bowls!", {"en": "Bowls"}, 0, {"slug"}),
        ("x" * 101, {"en": "Bowls"}, 0, {"slug"}),
        ("bowls2", {}, 0, {"names"}),
        (
            "bowls2",
            {"en": "  ", "no locale": "x", "de": "a > b"},
            -1,
            {"names.en", "names.no locale", "names.de", "position"},
        ),
        ("bowls2", {"en": "x\x00"}, 0, {"names.en"}),
    ],
)
async def test_what_is_wrong_with_a_category_is_named(
    tx: Tx, market: Market, slug: str, names: dict[str, str], position: int, wrong: set[str]
) -> None:
    answer = await catalog.ensure_category(tx, market.id, slug, names, position=position)
    assert isinstance(answer, Refused)
    assert answer.code == Code.CATEGORY_INVALID
    assert set(answer.facts["fields"]) == wrong


def test_a_name_is_said_in_the_locale_or_the_nearest_one(tree: Tree) -> None:
    assert catalog.name_in(tree["bowls"], "zh") == "碗"
    assert catalog.name_in(tree["bowls"], "zh-Hant-TW") == "碗"
    assert catalog.name_in(tree["bowls"], "sw") == "Bowls"


async def test_a_way_leads_where_it_came_from(tx: Tx, market: Market, tree: Tree) -> None:
    shelves = await catalog.categories(tx, market.id)
    assert path_of(shelves, tree["bowls"].id) == "Home > Tableware > Bowls"
    for shelf in tree.values():
        for locale in ("en", "zh"):
            assert find_path(shelves, path_of(shelves, shelf.id, locale)) == shelf.id
    assert find_path(shelves, "home>餐具>BOWLS") == tree["bowls"].id
    for nowhere in ("Bowls", "Home > Bowls", "", ">", "Home >"):
        assert find_path(shelves, nowhere) is None


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3)), max_size=8))
async def test_whatever_is_moved_where_the_tree_stays_a_tree(
    tx: Tx, market: Market, tree: Tree, moves: list[tuple[int, int]]
) -> None:
    shelves = sorted(tree.values(), key=lambda shelf: shelf.slug)
    for moved, under in moves:
        parent = shelves[under].id if under >= 0 else None
        await catalog.move_category(tx, market.id, shelves[moved].id, parent)
    parents = {c.id: c.parent_id for c in await catalog.categories(tx, market.id)}
    for start in parents:
        seen: set[UUID] = set()
        step: UUID | None = start
        while step is not None:
            assert step not in seen
            seen.add(step)
            step = parents[step]
