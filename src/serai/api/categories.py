"""The category tree at the machine's door: read by anyone, tended by operators."""

from typing import Annotated
from uuid import UUID

from litestar import get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from serai import catalog
from serai.api.asked import TheCaller, TheHouse, TheLocale, TheMarket
from serai.api.bodies import Body
from serai.api.callers import public, requires
from serai.api.offering import told
from serai.api.says import Says
from serai.catalog import Category
from serai.kernel.tx import Tx
from serai.members import Role, Scope

_OPERATE = requires(Scope.MARKET_OPERATE, role=Role.OPERATOR)

Names = Annotated[
    dict[Annotated[str, Meta(max_length=35)], Annotated[str, Meta(max_length=200)]],
    Meta(min_length=1, max_length=50, description="The name in each language."),
]
Position = Annotated[int, Meta(ge=0, le=1_000_000, description="Its place among its siblings.")]


class NewCategory(Body):
    """A category, below another one or at the root."""

    slug: Annotated[str, Meta(max_length=200, description="Its name in addresses of pages.")]
    names: Names
    parent_id: UUID | None = None
    position: Position = 0


class EditCategory(Body):
    """What to change; what is not sent stays. `parent_id` null hangs it at the root."""

    names: Names | UnsetType = UNSET
    parent_id: UUID | UnsetType | None = UNSET
    position: Position | UnsetType = UNSET


class ShownCategory(Struct, frozen=True):
    """A category, and its name in the reader's language."""

    id: UUID
    parent_id: UUID | None
    slug: str
    name: str
    names: dict[str, str]
    position: int


def _shown(one: Category, locale: str) -> ShownCategory:
    name = catalog.name_in(one, locale)
    return ShownCategory(one.id, one.parent_id, one.slug, name, one.names, one.position)


@get("/categories", tags=["listings"], opt=public())
async def list_categories(
    house: TheHouse, market: TheMarket, locale: TheLocale
) -> list[ShownCategory]:
    """List the whole tree; siblings stand in their order."""
    return [_shown(one, locale) for one in await house.ask(catalog.categories, market.id)]


@post("/categories", tags=["listings"], opt=_OPERATE)
async def make_category(
    house: TheHouse, caller: TheCaller, locale: TheLocale, data: JSONBody[NewCategory]
) -> ShownCategory:
    """Make a category; one whose slug is there stays as it is."""
    made = await house.ask(
        catalog.ensure_category,
        caller.market_id,
        data.slug,
        data.names,
        parent_id=data.parent_id,
        position=data.position,
    )
    return _shown(told(made), locale)


@patch("/categories/{category_id:uuid}", tags=["listings"], opt=_OPERATE)
async def edit_category(
    house: TheHouse,
    caller: TheCaller,
    locale: TheLocale,
    category_id: FromPath[UUID],
    data: JSONBody[EditCategory],
) -> ShownCategory:
    """Give a category other names, or hang it, and all below it, elsewhere."""

    async def edit(tx: Tx) -> Category:
        tree = {one.id: one for one in await catalog.categories(tx, caller.market_id)}
        was = tree.get(category_id)
        names = was.names if was and data.names is UNSET else data.names
        renamed = told(
            await catalog.rename_category(tx, caller.market_id, category_id, names or {})
        )
        if data.parent_id is UNSET and data.position is UNSET:
            return renamed
        parent_id = renamed.parent_id if data.parent_id is UNSET else data.parent_id
        position = renamed.position if data.position is UNSET else data.position
        return told(
            await catalog.move_category(tx, caller.market_id, category_id, parent_id, position)
        )

    return _shown(await house.ask(edit), locale)


ROUTES = [list_categories, make_category, edit_category]
REFUSALS: dict[str, Says] = {}
"""None of its own: what `serai.catalog` refuses is told with `serai.api.listings`."""
