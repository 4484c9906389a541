"""Python files as the rules read them: their text, their tree, their own folder."""

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Breach(NamedTuple):
    """One place where the tree is not as the house wants it."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


class Source:
    """One Python file; `path` is relative to the root of the tree."""

    def __init__(self, root: Path, path: Path) -> None:
        self.path = path.relative_to(root)
        self.text = path.read_text(encoding="utf-8")

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the file's tree."""
        return tuple(ast.walk(ast.parse(self.text, filename=str(self.path))))

    @cached_property
    def docstrings(self) -> dict[ast.Constant, str]:
        """The constants that are docstrings: of the file, classes, functions and fields."""
        return {
            statement.value: statement.value.value
            for node in self.nodes
            if isinstance(node, ast.Module | ast.ClassDef | Function)
            for statement in node.body
            if isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        }

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        for node in self.nodes:
            if isinstance(node, Function):
                yield node

    def strings(self) -> Iterator[tuple[int, str]]:
        """Every string that the program uses, docstrings left out, with its line."""
        for node in self.nodes:
            if not isinstance(node, ast.Constant) or node in self.docstrings:
                continue
            if isinstance(node.value, str):
                yield node.lineno, node.value

    def comments(self) -> Iterator[tuple[int, str]]:
        """Every comment with its line."""
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string

    def breach(self, line: int, reason: str) -> Breach:
        """Say what is wrong in this file."""
        return Breach(self.path, line, reason)


@cache
def _read(root: Path, path: Path, changed_ns: int, size: int) -> Source:
    """Read a file once for all rules; its change time and size tell versions apart."""
    del changed_ns, size
    return Source(root, path)


def sources(root: Path, *folders: str) -> Iterator[Source]:
    """Every Python file under the named folders of the tree, in order."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            state = path.stat()
            yield _read(root, path, state.st_mtime_ns, state.st_size)
