"""A market with a category tree, and two shops in it."""

import pytest

from serai import catalog
from serai.catalog import Category
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import Market, Shop
from tests.catalog.sample import open_market, open_shop


@pytest.fixture
async def market(tx: Tx) -> Market:
    return await open_market(tx)


@pytest.fixture
async def shop(tx: Tx, market: Market) -> Shop:
    return await open_shop(tx, market, "vale")


@pytest.fixture
async def neighbour(tx: Tx, market: Market) -> Shop:
    return await open_shop(tx, market, "next-door")


@pytest.fixture
async def tree(tx: Tx, market: Market) -> dict[str, Category]:
    """Home > Tableware > Bowls, and Garden."""
    made: dict[str, Category] = {}
    for position, (slug, parent, en, zh) in enumerate(
        [
            ("home", None, "Home", "家居"),
            ("tableware", "home", "Tableware", "餐具"),
            ("bowls", "tableware", "Bowls", "碗"),
            ("garden", None, "Garden", "园艺"),
        ]
    ):
        above = made[parent].id if parent else None
        names = {"en": en, "zh": zh}
        category = await catalog.ensure_category(
            tx, market.id, slug, names, parent_id=above, position=position
        )
        assert not isinstance(category, Refused)
        made[slug] = category
    return made
