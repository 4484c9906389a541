"""Words that must not be found in code, tests and SQL, each with its reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.house.source import Breach, Source, sources

_LATER = re.compile(r"\b(TODO|FIXME|XXX)\b")
_SKIPS = frozenset({"skip", "skipif", "xfail", "importorskip", "skipTest", "SkipTest"})
_LOCKS = re.compile(r"\bfor\s+(no\s+key\s+update|update|key\s+share|share)\b", re.IGNORECASE)
_LOCK_ROOM = Path("src/serai/kernel/lock.py")
_MONEY = ("src/serai/ledger", "src/serai/payments")
_MONEY_FILE = Path("src/serai/kernel/money.py")
_SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_UNFIT = {
    re.compile(r"\btrigger\b", re.IGNORECASE): "a trigger; hot statements stay plain",
    re.compile(
        r"\b(small|big)?serial[248]?\b|\bas\s+identity\b|\b(create|alter)\s+sequence\b|\bnextval\b",
        re.IGNORECASE,
    ): "a serial number; ids are made by kernel.ids, so that rows may live on any machine",
}


def nothing_is_left_for_later(root: Path) -> Iterator[Breach]:
    """No comment or docstring promises work; `XXX` may stand in strings, ISO 4217 has it."""
    for source in sources(root, "src", "tests", "benchmarks", "tools"):
        words = [(node.lineno, text) for node, text in source.docstrings.items()]
        for line, text in [*source.comments(), *words]:
            if found := _LATER.search(text.replace("`XXX`", "")):
                yield source.breach(line, f"{found[0]}: finish it, or open an issue")
    for path in sorted((root / "migrations").glob("*.sql")):
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if found := _LATER.search(text):
                reason = f"{found[0]}: finish it, or open an issue"
                yield Breach(path.relative_to(root), number, reason)


def no_test_is_skipped(root: Path) -> Iterator[Breach]:
    """A test runs and passes everywhere, or it is not a test."""
    for source in sources(root, "tests"):
        for node in source.nodes:
            if isinstance(node, ast.Attribute) and node.attr in _SKIPS and _of_test_tool(node):
                yield source.breach(node.lineno, f"{ast.unparse(node)}: a test that may not run")
            elif isinstance(node, ast.ImportFrom) and node.module in {"pytest", "unittest"}:
                for name in node.names:
                    if name.name in _SKIPS:
                        yield source.breach(node.lineno, f"{name.name}: a test that may not run")


def _of_test_tool(node: ast.Attribute) -> bool:
    return ast.unparse(node.value) in {"pytest", "pytest.mark", "mark", "unittest", "self"}


def rows_are_locked_in_one_place(root: Path) -> Iterator[Breach]:
    """`for update` and its kin stand in kernel/lock.py, where the order of locks is kept."""
    for source in sources(root, "src"):
        if source.path != _LOCK_ROOM:
            for line, text in source.strings():
                if found := _LOCKS.search(text):
                    yield source.breach(line, f"{found[0]!r}: rows are locked by kernel/lock.py")


def money_is_never_a_float(root: Path) -> Iterator[Breach]:
    """`float` is not called, annotated or tested for where money is counted."""
    for source in sources(root, *_MONEY, str(_MONEY_FILE.parent)):
        if source.path.parent == _MONEY_FILE.parent and source.path != _MONEY_FILE:
            continue
        for line in _floats(source):
            yield source.breach(line, "float: money is integer minor units")


def _floats(source: Source) -> Iterator[int]:
    """Lines that name `float`, also inside an annotation that is written as a string."""
    for node in source.nodes:
        if isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno
        annotation = getattr(node, "annotation", None) or getattr(node, "returns", None)
        if isinstance(annotation, ast.Constant) and re.search(r"\bfloat\b", str(annotation.value)):
            yield annotation.lineno


def migrations_stay_fit_for_many_machines(root: Path) -> Iterator[Breach]:
    """Migrations hold no trigger and no serial number: either ties a row to one machine."""
    for path in sorted((root / "migrations").glob("*.sql")):
        text = _SQL_COMMENT.sub(_blank, path.read_text(encoding="utf-8"))
        for number, line in enumerate(text.splitlines(), start=1):
            for word, reason in _UNFIT.items():
                if word.search(line):
                    yield Breach(path.relative_to(root), number, reason)


def _blank(comment: re.Match[str]) -> str:
    """Keep the lines of a comment that is taken out, so that numbers stay right."""
    return "\n" * comment[0].count("\n")
