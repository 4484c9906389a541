"""Product files, read: row by row, keeping nothing but the product at hand.

A file is hardly ever right as a whole. Each row either becomes a part of a
product or is reported with its line, column and reason, and the rows beside it
are read as if it were not there.
"""

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from msgspec import Struct

from serai.catalog import product_cells as cells
from serai.catalog import product_columns as at
from serai.catalog.model import Code
from serai.catalog.product import Product
from serai.catalog.product_rows import SHOWN_MAX, Group, Row, RowError
from serai.kernel.errors import Refused

LINE_MAX_BYTES = 1024 * 1024


class Reading(Struct, frozen=True):
    """A file whose header makes sense: what it will be read for, and what it holds."""

    ignored: tuple[str, ...]
    """Columns that mean nothing here; nothing is made of them."""
    products: Iterator[Product | RowError]


def read_products(lines: Iterable[bytes], currency: str) -> Reading | Refused:
    """Read a file's header, then, as the answer is walked through, its products.

    `lines` is an open binary file or anything else that gives lines of bytes;
    prices are amounts of `currency`. Products come in the order of the file, and
    what is wrong with one comes before it.
    """
    text = _Lines(lines)
    reader = csv.reader(text, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        return _unreadable(f"the header is no CSV: {error}")
    reason = _wrong_header(header)
    if reason:
        return _unreadable(reason)
    columns = [_CANONICAL.get(name.casefold(), name) for name in header]
    kept = frozenset(at.WRITTEN) - at.WITHOUT_MEANING
    ignored = tuple(column for column in columns if column and column not in kept)
    return Reading(ignored, _products(_rows(reader, text, columns), currency))


def file_lines(file: BinaryIO) -> Iterator[bytes]:
    """Give a file's lines; one without end comes in pieces, so that it fills no memory."""
    while line := file.readline(LINE_MAX_BYTES):
        yield line


_CANONICAL = {column.casefold(): column for column in at.WRITTEN}
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class _Lines:
    """Bytes turned into lines of text, counted as they are taken.

    Bytes that are no UTF-8 stay marked as such, for their own cell to tell.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.count = 0
        self._lines = self._decoded(lines)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.count += 1
        return line

    @staticmethod
    def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
        mark = "\ufeff"
        for line in lines:
            yield from _LINES.findall(line.decode("utf-8", "surrogateescape").removeprefix(mark))
            mark = ""


def _unreadable(reason: str) -> Refused:
    return Refused(Code.FILE_UNREADABLE, {"reason": reason})


def _wrong_header(header: list[str]) -> str | None:
    if any(cells.BROKEN_UTF8.search(name) or "\x00" in name for name in header):
        return "the file is not UTF-8; save it as CSV in UTF-8"
    names = [name.casefold() for name in header if name]
    missing = [name for name in (at.HANDLE, at.TITLE) if name.casefold() not in names]
    if missing:
        return f"the first line has no column {' and no column '.join(missing)}"
    twice = sorted({name for name in header if name and names.count(name.casefold()) > 1})
    return f"the column {twice[0]} is there twice" if twice else None


def _rows(
    reader: Iterator[list[str]], text: _Lines, columns: list[str]
) -> Iterator[Row | RowError]:
    """Give the rows that are not empty, each with the line on which it begins."""
    width, named = len(columns), frozenset(columns)
    while True:
        line = text.count + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RowError(line, "", "", f"is no CSV: {error}")
            continue
        beyond = [value for value in values[width:] if value]
        if beyond:
            shown = beyond[0].encode("utf-8", "replace").decode()[:SHOWN_MAX]
            yield RowError(line, "", shown, "has more cells than the header has columns")
            continue
        told = {name: value.strip() for name, value in zip(columns, values, strict=False) if value}
        said = {name: value for name, value in told.items() if name and value}
        if said:
            yield Row(line, named, said)


def _products(rows: Iterable[Row | RowError], currency: str) -> Iterator[Product | RowError]:
    group: Group | None = None
    # Rows of one product stand together. What is kept of those behind us are a few bytes each.
    behind: set[bytes] = set()
    for row in rows:
        if isinstance(row, RowError):
            yield row
            continue
        handle = row.read(at.HANDLE, cells.handle)
        if handle is None:
            if not row.errors:
                row.blame(at.HANDLE, "is empty")
            yield from row.errors
            continue
        if group is None or handle != group.handle:
            if group is not None:
                yield from group.products()
            name = hashlib.blake2b(handle.encode(), digest_size=12).digest()
            group = Group(handle, currency, repeated=name in behind)
            behind.add(name)
        group.add(row)
        yield from row.errors
    if group is not None:
        yield from group.products()
