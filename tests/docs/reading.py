"""How documents are read by the tests that keep them true."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^ {0,3}(?:```|~~~)(\w*)")
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_HEADING = re.compile(r"^(#{1,6}) +(.+?) *$")


def documents() -> list[Path]:
    """The documents for people: those at the root, and all of docs/."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def text(name: str) -> str:
    """A document's text, by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def split(document: str) -> tuple[list[str], list[str]]:
    """The lines of a document's prose, and those inside its fenced blocks."""
    prose: list[str] = []
    fenced: list[str] = []
    inside = False
    for line in document.splitlines():
        if _FENCE.match(line):
            inside = not inside
        else:
            (fenced if inside else prose).append(line)
    return prose, fenced


def spans(document: str) -> list[str]:
    """What stands in backticks in a document's prose."""
    return [code for line in split(document)[0] for code in _SPAN.findall(line)]


def headings(document: str, level: int | None = None) -> list[str]:
    """The headings of a document, or those of one level."""
    found = [_HEADING.match(line) for line in split(document)[0]]
    return [made[2] for made in found if made and level in {None, len(made[1])}]


def sections(document: str, level: int) -> dict[str, str]:
    """What stands below each heading of a level, up to the next of it or above it."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in split(document)[0]:
        made = _HEADING.match(line)
        if made and len(made[1]) == level:
            current = found.setdefault(made[2], [])
        elif made and len(made[1]) < level:
            current = None
        elif current is not None:
            current.append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}


def table(document: str, first: str) -> list[list[str]]:
    """The rows of the table whose first column is called `first`, without its head."""
    rows: list[list[str]] = []
    inside = False
    for line in split(document)[0]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif inside:
            rows.append(cells)
        elif cells[0] == first:
            inside = True
    return [row for row in rows if set(row[0]) - set("-: ")]
