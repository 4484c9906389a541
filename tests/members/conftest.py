"""A market with an operator, and people to trade in it."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from serai import members
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import (
    Founded,
    Market,
    Member,
    Newcomer,
    NewMarket,
    NewShop,
    Shop,
    ShopKind,
)

PASSWORD = "a long walk by the river"

PATIENCE_S = 0.3
"""How long a test lets another transaction run into a lock before it lets go."""

HAMBURG, SHANGHAI = 2911298, 1796236

TEA = NewShop(
    slug="tea-house",
    name="Tea House",
    kind=ShopKind.INDIVIDUAL,
    currency="EUR",
    place_id=HAMBURG,
    description="Leaves from\ntwo hills.",
    ship_fee=490,
    ship_free_from=5_000,
)

Join = Callable[..., Awaitable[Member]]
OpenShop = Callable[..., Awaitable[Shop]]


async def founded(tx: Tx, slug: str = "harbour") -> Founded:
    new = NewMarket(
        slug=slug, name="Harbour Market", currency="EUR", country="DE", locales=("en", "de", "zh")
    )
    first = Newcomer(name="Olga Operator", email=f"olga@{slug}.example.com", password=PASSWORD)
    answer = await members.found_market(tx, new, operator=first)
    assert not isinstance(answer, Refused)
    return answer


@pytest.fixture
async def opening(tx: Tx) -> Founded:
    return await founded(tx)


@pytest.fixture
def market(opening: Founded) -> Market:
    return opening.market


@pytest.fixture
def operator(opening: Founded) -> Member:
    assert opening.operator is not None
    return opening.operator


@pytest.fixture
def join(tx: Tx, market: Market) -> Join:
    """Sign somebody up under a first name, which the e-mail address follows from."""

    async def sign_up(name: str = "Berta") -> Member:
        email = f"{name.lower()}@example.com"
        newcomer = Newcomer(name=name, email=email, password=PASSWORD)
        member = await members.sign_up(tx, market.id, newcomer)
        assert not isinstance(member, Refused)
        return member

    return sign_up


@pytest.fixture
def open_shop(tx: Tx) -> OpenShop:
    """Open a shop in Hamburg; what is said of it may be other than here."""

    async def opened(owner: Member, **said: object) -> Shop:
        shop = await members.open_shop(tx, owner.id, msgspec.structs.replace(TEA, **said))
        assert isinstance(shop, Shop)
        return shop

    return opened
