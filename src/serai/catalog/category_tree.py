"""The category tree of a market: where things are looked for.

Who may tend the tree is its door's question: the role of an operator, not the
ownership of a listing, decides it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from serai.catalog.model import Category, Code
from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx

SLUG_MAX = 100
NAME_MAX = 100
CATEGORIES_MAX = 5_000
"""Of one market: the tree is read as a whole."""

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")

_ALL = """
select id, market_id, parent_id, slug, names, position from catalog_category
where market_id = $1 order by position, slug
"""


async def categories(tx: Tx, market_id: UUID) -> list[Category]:
    """Read the whole tree; siblings stand in their order."""
    return await tx.fetch(Category, _ALL, market_id)


_BY_SLUG = """
select id, market_id, parent_id, slug, names, position from catalog_category
where market_id = $1 and slug = $2
"""


async def ensure_category(
    tx: Tx,
    market_id: UUID,
    slug: str,
    names: Mapping[str, str],
    *,
    parent_id: UUID | None = None,
    position: int = 0,
) -> Category | Refused:
    """Make the category unless its slug is there; one that is there stays as it is."""
    found = await tx.first(Category, _BY_SLUG, market_id, slug)
    if found is not None:
        return found
    wrong = _wrong(slug, names, position)
    if wrong:
        return Refused(Code.CATEGORY_INVALID, {"fields": wrong})
    tree = await categories(tx, market_id)
    if parent_id is not None and parent_id not in {category.id for category in tree}:
        return Refused(Code.CATEGORY_UNKNOWN, {"category_id": str(parent_id)})
    if len(tree) >= CATEGORIES_MAX:
        return Refused(Code.CATEGORY_INVALID, {"fields": {"slug": f"at most {CATEGORIES_MAX}"}})
    made = Category(ids.new(tx.clock.now()), market_id, parent_id, slug, dict(names), position)
    await tx.ensure([made])
    # Another transaction may have made it while this one looked.
    return await tx.first(Category, _BY_SLUG, market_id, slug) or made


_RENAME = "update catalog_category set names = $2 where id = $1"


async def rename_category(
    tx: Tx, market_id: UUID, category_id: UUID, names: Mapping[str, str]
) -> Category | Refused:
    """Give it other names; its slug, and so its address, stays."""
    locked = await lock(tx, Category, [category_id])
    if not locked or locked[0].market_id != market_id:
        return Refused(Code.CATEGORY_UNKNOWN, {"category_id": str(category_id)})
    wrong = _wrong(locked[0].slug, names, locked[0].position)
    if wrong:
        return Refused(Code.CATEGORY_INVALID, {"fields": wrong})
    await tx.execute(_RENAME, category_id, dict(names))
    was = locked[0]
    return Category(was.id, market_id, was.parent_id, was.slug, dict(names), was.position)


_MOVE = "update catalog_category set parent_id = $2, position = $3 where id = $1"


async def move_category(
    tx: Tx, market_id: UUID, category_id: UUID, parent_id: UUID | None, position: int = 0
) -> Category | Refused:
    """Hang it, and all below it, elsewhere; never below itself.

    The whole tree is locked: two moves that are harmless apart could close a
    circle together.
    """
    tree = await categories(tx, market_id)
    locked = await lock(tx, Category, [category.id for category in tree])
    by_id = {category.id: category for category in locked}
    for wanted in (category_id, parent_id):
        if wanted is not None and wanted not in by_id:
            return Refused(Code.CATEGORY_UNKNOWN, {"category_id": str(wanted)})
    was = by_id[category_id]
    wrong = _wrong(was.slug, was.names, position)
    if wrong:
        return Refused(Code.CATEGORY_INVALID, {"fields": wrong})
    above = parent_id
    while above is not None:
        if above == category_id:
            return Refused(Code.CATEGORY_CIRCLE, {"category_id": str(category_id)})
        above = by_id[above].parent_id
    await tx.execute(_MOVE, category_id, parent_id, position)
    return Category(was.id, market_id, parent_id, was.slug, was.names, position)


_SUBTREE = """
with recursive below as (
    select id from catalog_category where id = $1
    union
    select c.id from catalog_category as c join below on c.parent_id = below.id
)
select id from below
"""


async def subtree(tx: Tx, category_id: UUID) -> list[UUID]:
    """Name the category and everything below it; nothing if there is no such one."""
    return await tx.values(_SUBTREE, category_id)


def name_in(category: Category, locale: str) -> str:
    """Say its name in a locale, else in the locale's language, in English, in any."""
    names = category.names
    for wanted in (locale, locale.partition("-")[0], "en"):
        if wanted in names:
            return names[wanted]
    return names[min(names)]


def path_of(tree: Sequence[Category], category_id: UUID, locale: str = "en") -> str:
    """Write the way from the root, as `Apparel > Shirts`."""
    by_id = {category.id: category for category in tree}
    names: list[str] = []
    step: UUID | None = category_id
    while step is not None:
        names.append(name_in(by_id[step], locale))
        step = by_id[step].parent_id
    return " > ".join(reversed(names))


def find_path(tree: Sequence[Category], path: str) -> UUID | None:
    """Find the category that such a way leads to, in whatever locale its names are."""
    level: set[UUID | None] = {None}
    for part in path.split(">"):
        wanted = part.strip().casefold()
        level = {
            category.id
            for category in tree
            if category.parent_id in level and wanted in _called(category)
        }
    # Of several that are called the same, the first in the tree's order: always the same one.
    return next((category.id for category in tree if category.id in level), None)


def _called(category: Category) -> Iterable[str]:
    return {category.slug, *(name.casefold() for name in category.names.values())}


def _wrong(slug: str, names: Mapping[str, str], position: int) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not _SLUG.fullmatch(slug) or len(slug) > SLUG_MAX:
        wrong["slug"] = f"lower-case letters, digits and hyphens, at most {SLUG_MAX}"
    if not names:
        wrong["names"] = "at least one"
    for locale, name in names.items():
        if not LOCALE.fullmatch(locale):
            wrong[f"names.{locale}"] = "not a language tag"
        elif not name.strip() or len(name) > NAME_MAX or ">" in name or not name.isprintable():
            wrong[f"names.{locale}"] = f"1 to {NAME_MAX} printable characters, none of them >"
    if not 0 <= position <= 1_000_000:  # noqa: PLR2004  more siblings than a tree may have
        wrong["position"] = "0 to 1000000"
    return wrong
