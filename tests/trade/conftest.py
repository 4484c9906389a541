"""The named world, in a transaction that is rolled back."""

import pytest

from serai.kernel.tx import Tx
from tests import world as worlds


@pytest.fixture
async def world(tx: Tx) -> worlds.World:
    """Give a market with its people and goods."""
    return await worlds.build(tx)
