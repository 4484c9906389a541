"""The rows of one product in a file, gathered one after another."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from msgspec import UNSET, Struct, UnsetType

from serai.catalog import product_cells as cells
from serai.catalog import product_columns as at
from serai.catalog.model import PICTURES_MAX, VARIANTS_MAX, Kind, State
from serai.catalog.product import Product, ProductPicture, ProductVariant
from serai.catalog.product_cells import CellError

SHOWN_MAX = 120
_UNPLACED = 1_000_000

T = TypeVar("T")


class RowError(Struct, frozen=True):
    """Something of a file that was left out; `column` is empty where it is a whole row."""

    line: int
    column: str
    value: str
    reason: str


class Row:
    """The cells of a row that say something, and what turned out to be wrong with them."""

    def __init__(self, line: int, columns: frozenset[str], said: dict[str, str]) -> None:
        self.line = line
        self.columns = columns
        """Of the file: a cell that is empty is not a column that is missing."""
        self.said = said
        self.errors: list[RowError] = []

    def read(self, column: str, how: Callable[[str], T]) -> T | None:
        """Read a cell; what is wrong with it is noted. None where it is empty, too."""
        value = self.said.get(column)
        if value is None:
            return None
        try:
            return how(cells.text(column, value))
        except CellError as error:
            self.blame(column, str(error))
            return None

    def text(self, column: str) -> str | None:
        """Read a cell of text: None where the file has no such column."""
        if column not in self.columns:
            return None
        return self.read(column, str) or ""

    def blame(self, column: str, reason: str) -> None:
        """Note what is wrong with a cell, showing as much of it as a line can hold."""
        shown = self.said.get(column, "").encode("utf-8", "replace").decode()[:SHOWN_MAX]
        self.errors.append(RowError(self.line, column, shown, reason))


class Group:
    """A product being read. What is wrong is noted on the row, and that part is left out."""

    def __init__(self, handle: str, currency: str, *, repeated: bool) -> None:
        self.handle = handle
        self._currency = currency
        self._line = 0
        self._left_out = "stands apart from the rows above with this handle" if repeated else ""
        self._told: dict[str, str] = {}
        self._of_product: dict[str, Any] = {}
        self._names: tuple[str, ...] = ()
        self._kind: Kind | None = None
        self._variants: dict[tuple[str, ...], ProductVariant] = {}
        self._pictures: list[tuple[int, ProductPicture]] = []

    def add(self, row: Row) -> None:
        """Take what the row tells: the product on the first one, a variant, a picture."""
        first = not self._line
        if first:
            self._line = row.line
        if self._left_out:
            row.blame(at.HANDLE, self._left_out)
            return
        if first:
            self._begin(row)
            if row.errors:
                self._left_out = f"belongs to the product of line {self._line}, left out"
                return
        else:
            self._repeat(row)
        tells = [self._add_variant(row), self._add_picture(row)]
        if not first and not any(tells) and not row.errors:
            row.blame(at.HANDLE, "tells of neither a variant nor a picture")

    def products(self) -> Iterator[Product]:
        """Give what came together, unless it was left out."""
        if self._left_out:
            return
        names, variants = self._names, tuple(self._variants.values())
        if names == at.NO_OPTION[:1] and {v.options for v in variants} == {at.NO_OPTION[1:]}:
            # One variant and nothing to choose, in the format's words.
            names = ()
            variants = (_without_options(variants[0]),)
        yield Product(
            line=self._line,
            handle=self.handle,
            currency=self._currency,
            kind=self._kind,
            option_names=names,
            variants=variants,
            pictures=tuple(p for _, p in sorted(self._pictures, key=lambda placed: placed[0])),
            **self._of_product,
        )

    def _begin(self, row: Row) -> None:
        """Read what is told of the product; an error here leaves all of it out."""
        self._told = {name: told for name, told in row.said.items() if name in at.OF_PRODUCT}
        if at.TITLE not in row.said:
            row.blame(at.TITLE, "is empty on the first row of a product")
        tags = row.read(at.TAGS, cells.tags)
        if row.read(at.GIFT_CARD, cells.yes_or_no):
            row.blame(at.GIFT_CARD, "gift cards are not goods")
        self._names = _option_names(row)
        self._of_product = {
            "title": row.text(at.TITLE),
            "body_html": row.text(at.BODY),
            "vendor": row.text(at.VENDOR),
            "category": row.text(at.CATEGORY),
            "product_type": row.text(at.TYPE),
            "tags": (tags or ()) if at.TAGS in row.columns else None,
            "state": _state(row),
            "seo_title": row.text(at.SEO_TITLE),
            "seo_description": row.text(at.SEO_DESCRIPTION),
        }

    def _repeat(self, row: Row) -> None:
        for column, told in row.said.items():
            if column in at.OF_PRODUCT and told != self._told.get(column):
                row.blame(column, f"differs from line {self._line}; told once for a product")

    def _add_variant(self, row: Row) -> bool:
        if at.OF_VARIANT.isdisjoint(row.said):
            return False
        before = len(row.errors)
        options = self._options(row)
        shipping = row.read(at.SHIPPING, cells.yes_or_no)
        kind = None if shipping is None else Kind.PHYSICAL if shipping else Kind.DIGITAL
        if kind and self._kind and kind is not self._kind:
            row.blame(at.SHIPPING, "differs from the variants above")
        price = row.read(at.PRICE, self._amount)
        if at.PRICE not in row.said:
            row.blame(at.PRICE, "is empty")
        compare_at: int | UnsetType | None = UNSET
        if at.COMPARE_AT in row.columns:
            compare_at = row.read(at.COMPARE_AT, self._amount)
        grams, quantity = row.read(at.GRAMS, cells.grams), row.read(at.QUANTITY, cells.quantity)
        sku, barcode = row.text(at.SKU), row.text(at.BARCODE)
        if len(self._variants) >= VARIANTS_MAX:
            row.blame(at.HANDLE, f"has more than {VARIANTS_MAX} variants")
        if len(row.errors) == before and price is not None:
            self._kind = self._kind or kind
            self._variants[options] = ProductVariant(
                options=options,
                price=price,
                compare_at=compare_at,
                sku=sku,
                barcode=barcode,
                grams=grams,
                quantity=quantity,
            )
        return True

    def _amount(self, value: str) -> int:
        return cells.amount(value, self._currency)

    def _options(self, row: Row) -> tuple[str, ...]:
        """Read one value for each option name, and none without one."""
        values: list[str] = []
        for number, column in enumerate(at.OPTION_VALUES):
            value = row.read(column, str) or ""
            if number < len(self._names):
                values.append(value)
                if column not in row.said:
                    row.blame(column, f"is empty; {self._names[number]} needs a value")
            elif value and (value,) != at.NO_OPTION[1:]:
                row.blame(column, f"has no {at.OPTION_NAMES[number]}")
        options = tuple(values)
        if options in self._variants:
            row.blame(at.OPTION_VALUES[0], "a row above has the same option values")
        return options

    def _add_picture(self, row: Row) -> bool:
        if at.IMAGE not in row.said:
            if at.IMAGE_ALT in row.said:
                row.blame(at.IMAGE_ALT, "comes without a picture")
            return False
        before = len(row.errors)
        url = row.read(at.IMAGE, cells.address)
        alt = row.read(at.IMAGE_ALT, str) or ""
        position = row.read(at.IMAGE_POSITION, cells.position) or _UNPLACED
        known = any(picture.url == url for _, picture in self._pictures)
        if not known and len(self._pictures) >= PICTURES_MAX:
            row.blame(at.IMAGE, f"is more than {PICTURES_MAX} pictures")
        if url and not known and len(row.errors) == before:
            self._pictures.append((position, ProductPicture(url, alt)))
        return True


def _without_options(variant: ProductVariant) -> ProductVariant:
    return ProductVariant(
        price=variant.price,
        compare_at=variant.compare_at,
        sku=variant.sku,
        barcode=variant.barcode,
        grams=variant.grams,
        quantity=variant.quantity,
    )


def _option_names(row: Row) -> tuple[str, ...]:
    names = [row.read(column, str) for column in at.OPTION_NAMES]
    told = tuple(name for name in names if name)
    for column, name, before in zip(at.OPTION_NAMES[1:], names[1:], names, strict=False):
        if name and not before:
            row.blame(column, "comes without the option before it")
        elif name and names.index(name) != at.OPTION_NAMES.index(column):
            row.blame(column, "is there twice")
    return told


def _state(row: Row) -> State | None:
    """Read where it stands: the format tells it in two columns, of which one may be missing."""
    published = row.read(at.PUBLISHED, cells.yes_or_no)
    status = row.read(at.STATUS, cells.status)
    if status is State.PUBLISHED:
        return State.PAUSED if published is False else State.PUBLISHED
    if status is not None or published is None:
        return status
    return State.PUBLISHED if published else State.DRAFT
