"""Documents name only what exists: a path that has moved misleads for years."""

import re
from collections.abc import Iterator
from pathlib import Path

from tools.house.source import Breach

_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_OUTSIDE = re.compile(r"^[a-z][a-z0-9+.-]*:|^//", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2,}(?![A-Za-z0-9])")
_LITERAL = re.compile(r"^[\w.*/-]+$")
_ROOTS = frozenset(
    ["src", "tests", "benchmarks", "tools", "migrations", "locale", "demo", "docs", ".ci"]
)
_FILES = frozenset(["Makefile", "LICENSE", "NOTICE", ".gitignore", ".editorconfig"])
_SUFFIXES = (".md", ".py", ".sql", ".toml", ".lock", ".sh")


def paths_in_documents_exist(root: Path) -> Iterator[Breach]:
    """Every link, and every path in backticks, of every document leads to a file."""
    for document in _documents(root):
        fenced = False
        for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), start=1):
            if _FENCE.match(line):
                fenced = not fenced
            elif not fenced:
                for path in _missing(root, document, line):
                    reason = f"{path} does not exist"
                    yield Breach(document.relative_to(root), number, reason)


def _documents(root: Path) -> list[Path]:
    """The documents of the project: at its root and in its folders, not in what it installed."""
    inside = [path for name in sorted(_ROOTS) for path in sorted((root / name).rglob("*.md"))]
    return [*sorted(root.glob("*.md")), *inside]


def _missing(root: Path, document: Path, line: str) -> Iterator[str]:
    for target in _LINK.findall(line):
        path = target.partition("#")[0].partition("?")[0]
        if path and not _OUTSIDE.match(target):
            base = root if path.startswith("/") else document.parent
            if not (base / path.lstrip("/")).exists():
                yield target
    for code in _CODE.findall(line):
        if _looks_like_a_path(code) and not _is_found(root, document, code):
            yield code


def _looks_like_a_path(code: str) -> bool:
    """`src/serai`, `kernel/lock.py`, `Makefile`; not `POST /orders`, `data/` or `text/html`."""
    if not _LITERAL.match(code) or code.startswith("/"):
        return False
    first, slash, _ = code.partition("/")
    if first in _ROOTS and slash:
        return True
    return code in _FILES or (code.endswith(_SUFFIXES) and code not in _SUFFIXES)


def _is_found(root: Path, document: Path, code: str) -> bool:
    """A path is said from the root, from the document, or from the package.

    A word in capitals stands for any name, as in `listings/SHOP.toml`.
    """
    pattern = code.rstrip("/")
    if not code.endswith(".md"):
        pattern = _PLACEHOLDER.sub("*", pattern)
    package = root / "src" / "serai"
    for base in (root, document.parent, package):
        if (base / code).exists() or any(base.glob(pattern)):
            return True
    # A bare name, such as `lock.py`, is said within a talk of its room.
    return "/" not in code and any(package.rglob(pattern))
