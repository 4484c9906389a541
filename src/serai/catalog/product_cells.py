"""The cells of a product file, one by one: what they say, or why they cannot."""

import re

from serai.catalog import product_columns as at
from serai.catalog.draft import (
    ALT_MAX,
    CONTROL,
    SEO_DESCRIPTION_MAX,
    URL_MAX,
    WEIGHT_MAX_G,
    is_address,
    is_handle,
)
from serai.catalog.model import BODY_MAX, TAGS_MAX, TEXT_MAX, State
from serai.kernel import money

QUANTITY_MAX = 1_000_000_000
CATEGORY_MAX = 1_000

_PRICE = re.compile(r"\d{1,16}(\.\d{1,10})?", re.ASCII)
_WHOLE = re.compile(r"(-?\d{1,12})(\.0{1,6})?", re.ASCII)
BROKEN_UTF8 = re.compile(r"[\udc80-\udcff]")
_LENGTHS = {
    at.BODY: BODY_MAX,
    at.CATEGORY: CATEGORY_MAX,
    at.TAGS: TAGS_MAX * TEXT_MAX,
    at.IMAGE: URL_MAX,
    at.IMAGE_ALT: ALT_MAX,
    at.SEO_DESCRIPTION: SEO_DESCRIPTION_MAX,
}


class CellError(Exception):
    """A cell that cannot be used; the message is the reason, for whoever wrote the file."""


def text(column: str, value: str) -> str:
    """Read a cell of text; a description keeps its lines."""
    # Nearly every cell is printable, and asking that first is ten times faster.
    if not value.replace("\n", "").isprintable():
        if BROKEN_UTF8.search(value):
            raise CellError("is not UTF-8; save the file as CSV in UTF-8")
        if CONTROL.search(value):
            raise CellError("has characters that are not text")
    told = value.replace("\r\n", "\n").strip() if column == at.BODY else " ".join(value.split())
    most = _LENGTHS.get(column, TEXT_MAX)
    if len(told) > most:
        raise CellError(f"has {len(told)} characters, at most {most} are kept")
    return told


def handle(value: str) -> str:
    """Read a handle; capitals are written small, as addresses are."""
    told = value.lower()
    if not is_handle(told):
        raise CellError("has letters, digits, hyphens and underscores only")
    return told


def amount(value: str, currency: str) -> int:
    """Read a price in major units with a decimal point, exactly: no separators, no signs."""
    if not _PRICE.fullmatch(value):
        raise CellError("is not an amount such as 12.50")
    try:
        return money.parse(value, currency).minor
    except money.MoneyError as error:
        raise CellError(str(error)) from None


def whole(value: str, least: int, most: int) -> int:
    """Read a whole number; some programs write `250.0`."""
    found = _WHOLE.fullmatch(value)
    if not found:
        raise CellError("is not a whole number")
    if not least <= int(found[1]) <= most:
        raise CellError(f"is not from {least} to {most}")
    return int(found[1])


def grams(value: str) -> int:
    """Read a weight in grams."""
    return whole(value, 0, WEIGHT_MAX_G)


def quantity(value: str) -> int:
    """Read how many are on the shelf."""
    return whole(value, 0, QUANTITY_MAX)


def yes_or_no(value: str) -> bool:
    """Read TRUE or FALSE, in whatever case."""
    answer = {"true": True, "false": False}.get(value.lower())
    if answer is None:
        raise CellError("is neither TRUE nor FALSE")
    return answer


def tags(value: str) -> tuple[str, ...]:
    """Read tags, separated by commas; each counts once."""
    told = tuple(dict.fromkeys(tag.strip() for tag in value.split(",") if tag.strip()))
    if len(told) > TAGS_MAX:
        raise CellError(f"has {len(told)} tags, at most {TAGS_MAX} are kept")
    if any(len(tag) > TEXT_MAX for tag in told):
        raise CellError(f"has a tag of more than {TEXT_MAX} characters")
    return told


def address(value: str) -> str:
    """Read the address of a picture; nothing is fetched from it."""
    if not is_address(value):
        raise CellError("is not an address of http or https")
    return value


def status(value: str) -> State:
    """Read Status; `active` still asks Published whether it is shown."""
    states = {"active": State.PUBLISHED, "draft": State.DRAFT, "archived": State.ARCHIVED}
    found = states.get(value.lower())
    if found is None:
        raise CellError("is none of active, draft, archived")
    return found


def position(value: str) -> int:
    """Read at which place a picture is shown."""
    return whole(value, 1, 999_999)
