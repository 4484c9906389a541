"""SVG pictures: drawings that may only draw.

An SVG opened in a browser is a document that can run scripts and load from
anywhere. One is taken as it is or not at all: nothing is repaired, because what
a cleaner and a browser read differently is how attacks get through. Elements
and attributes outside these lists are refused; so are document types (entities
that expand or reach for files), processing instructions and style sheets.
"""

import re
from typing import NoReturn
from xml.parsers import expat

from msgspec import Struct

from serai.catalog.model import Code
from serai.kernel.errors import Refused

_NAMESPACE = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset(
    {"svg", "g", "defs", "symbol", "use", "title", "desc", "metadata"}
    | {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"}
    | {"linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "marker"}
    | {"filter", "feGaussianBlur", "feOffset", "feBlend", "feColorMatrix", "feFlood"}
    | {"feComposite", "feMerge", "feMergeNode", "feDropShadow"}
)
_INSIDE = re.compile(r"#[\w.:-]+")
_REACHES_OUT = re.compile(
    r"url\s*\(\s*(?!['\"]?#)|@import|javascript:|data:|expression\s*\(|image(-set)?\s*\(|\\",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(\d{1,6})(\.\d+)?(px)?")
_DEPTH_MAX = 64
_ELEMENTS_MAX = 50_000


class Drawing(Struct, frozen=True):
    """That an SVG is safe, and its width and height where it tells them in dots."""

    size: tuple[int, int] | None


class _UnsafeError(Exception):
    """Something that a drawing does not need."""


class _Inspector:
    """Walks through one document; lives as long as its parser."""

    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None
        self._depth = 0
        self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if namespace != _NAMESPACE or local not in _ELEMENTS:
            raise _UnsafeError(f"element {local}")
        if (self._depth == 0) != (local == "svg" and self._elements == 0):
            raise _UnsafeError(f"element {local} as the outermost one")
        self._depth += 1
        self._elements += 1
        if self._depth > _DEPTH_MAX or self._elements > _ELEMENTS_MAX:
            raise _UnsafeError("too many elements")
        for attribute, value in attributes.items():
            _inspect(attribute, value)
        if self._elements == 1:
            self.size = _size(attributes)

    def end(self, _: str) -> None:
        self._depth -= 1


def check(data: bytes) -> Drawing | Refused:
    """Tell whether these bytes are an SVG that only draws."""
    inspector = _Inspector()
    # UTF-8 whatever the document claims: a browser could be told another encoding than we read.
    parser = expat.ParserCreate(encoding="UTF-8", namespace_separator=" ")
    parser.StartElementHandler = inspector.start
    parser.EndElementHandler = inspector.end
    parser.StartDoctypeDeclHandler = _forbidden
    parser.EntityDeclHandler = _forbidden
    parser.ExternalEntityRefHandler = _forbidden
    parser.ProcessingInstructionHandler = _forbidden
    parser.XmlDeclHandler = _declared
    try:
        parser.Parse(data, True)  # noqa: FBT003  the parser's own parameter: this is all of it
    except expat.ExpatError as error:
        reason = f"line {error.lineno}: {expat.ErrorString(error.code)}"
        return Refused(Code.PICTURE_UNREADABLE, {"reason": reason})
    except _UnsafeError as found:
        return Refused(Code.PICTURE_UNSAFE, {"found": str(found)})
    return Drawing(inspector.size)


def _forbidden(*_: object) -> NoReturn:
    raise _UnsafeError("document type, entity or processing instruction")


def _declared(_: str, encoding: str | None, __: int) -> None:
    if encoding is not None and encoding.upper() not in {"UTF-8", "US-ASCII"}:
        raise _UnsafeError(f"encoding {encoding}")


def _inspect(attribute: str, value: str) -> None:
    local = attribute.rpartition(" ")[2].lower()
    if local.startswith("on"):
        raise _UnsafeError(f"attribute {local}")
    if local in {"href", "src", "base"} and not _INSIDE.fullmatch(value.strip()):
        raise _UnsafeError(f"attribute {local} that leads outside")
    spoken = local in {"id", "class", "role", "lang"} or local.startswith(("aria-", "data-"))
    if not spoken and _REACHES_OUT.search(value):
        raise _UnsafeError(f"attribute {local} that leads outside")


def _size(attributes: dict[str, str]) -> tuple[int, int] | None:
    box = attributes.get("viewBox", "").replace(",", " ").split()
    sides = [attributes.get("width"), attributes.get("height")]
    if None in sides and len(box) == 4:  # noqa: PLR2004  x, y, width, height
        sides = [box[2], box[3]]
    numbers = [_NUMBER.fullmatch(side) if side else None for side in sides]
    width, height = (int(number[1]) if number else 0 for number in numbers)
    return (width, height) if width and height else None
