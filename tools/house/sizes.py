"""Caps on size: past them, a file is two ideas and a function two functions."""

from collections.abc import Iterator
from pathlib import Path

from tools.house.source import Breach, sources

FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

_CODE = ("src", "tests", "benchmarks", "tools")


def files_are_one_idea(root: Path) -> Iterator[Breach]:
    """No Python file is longer than its cap; a test file may list a little more."""
    for source in sources(root, *_CODE):
        cap = TEST_FILE_LINES_MAX if source.path.parts[0] == "tests" else FILE_LINES_MAX
        length = len(source.text.splitlines())
        if length > cap:
            yield source.breach(cap + 1, f"{length} lines; past {cap} it is two ideas")


def functions_are_one_idea(root: Path) -> Iterator[Breach]:
    """No function is longer than its cap, its docstring counted."""
    for source in sources(root, *_CODE):
        for function in source.functions():
            length = (function.end_lineno or function.lineno) - function.lineno + 1
            if length > FUNCTION_LINES_MAX:
                reason = f"{function.name} has {length} lines; past {FUNCTION_LINES_MAX} it is two"
                yield source.breach(function.lineno, reason)
