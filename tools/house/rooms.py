"""Who may enter a room, and by which door.

The layers of the house are a contract of import-linter in `pyproject.toml`.
Here is what it cannot say: that a hall is known by its face alone, and which
library from outside belongs to which room, for rooms that may not exist yet.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.house.source import Breach, Source, sources

_GROUND = "kernel"
_DOORS = frozenset({"api", "web", "worker", "cli"})
_DOOR_LIBRARIES = frozenset({"litestar", "httpx", "uvicorn", "click", "rich", "rich_click"})
_GROUND_HTTPX = "serai.kernel.webhooks"
"""The one file below the doors that calls the outside: it delivers webhooks."""


class Import(NamedTuple):
    """One thing named by an import statement, as if it were a module."""

    line: int
    module: str
    name: str | None
    """What is taken from the module; None where the module itself is imported."""


def halls_are_entered_by_their_face(root: Path) -> Iterator[Breach]:
    """From outside a hall only `serai.HALL` is imported, never a file of its inside.

    A hall's own tests, `tests/HALL/`, belong to the hall.
    """
    halls = _halls(root)
    for source in sources(root, "src", "tests", "benchmarks"):
        home = _room(source)
        for found in _imports(source):
            hall = _hall_of(found.module)
            if hall in halls and hall != home and _goes_past_the_face(root, found, hall):
                inside = found.module if found.name is None else f"{found.module}.{found.name}"
                reason = f"{inside} is private to its hall; ask serai.{hall}"
                yield source.breach(found.line, reason)


def _halls(root: Path) -> frozenset[str]:
    """The names of the halls: the rooms that are neither doors nor ground."""
    rooms = {path.parent.name for path in (root / "src" / "serai").glob("*/__init__.py")}
    return frozenset(rooms - _DOORS - {_GROUND})


def _room(source: Source) -> str | None:
    """The room that a file of the program or its tests stands in."""
    match source.path.parts:
        case ("src", "serai", room, _, *_) | ("tests", room, _, *_):
            return room
        case _:
            return None


def _hall_of(module: str) -> str | None:
    match module.split("."):
        case ["serai", room, *_]:
            return room
        case _:
            return None


def _goes_past_the_face(root: Path, found: Import, hall: str) -> bool:
    if found.module != f"serai.{hall}":
        return True
    inside = root / "src" / "serai" / hall
    if found.name is None or found.name in _exports(inside / "__init__.py"):
        return False
    return (inside / f"{found.name}.py").exists() or (inside / found.name).is_dir()


def _exports(face: Path) -> frozenset[str]:
    """The names in a face's `__all__`."""
    for statement in ast.parse(face.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=names):
                return frozenset(ast.literal_eval(names))
            case _:
                continue
    return frozenset()


def outside_libraries_stay_at_the_doors(root: Path) -> Iterator[Breach]:
    """HTTP and the terminal are spoken by the doors; halls and ground know neither."""
    for source in sources(root, "src"):
        room = _room(source)
        if room is None or room in _DOORS:
            continue
        for found in _imports(source):
            library = found.module.partition(".")[0]
            if library in _DOOR_LIBRARIES and not _delivers_webhooks(source, library):
                yield source.breach(found.line, f"{library} belongs to the doors, not to {room}")


def _delivers_webhooks(source: Source, library: str) -> bool:
    module = _dotted(source)
    inside = module == _GROUND_HTTPX or module.startswith(f"{_GROUND_HTTPX}.")
    return inside and library == "httpx"


def _dotted(source: Source) -> str:
    """The module's full name, as imports write it."""
    parts = source.path.relative_to("src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(source: Source) -> Iterator[Import]:
    """Every import of a file, inside functions and under TYPE_CHECKING too."""
    for node in source.nodes:
        match node:
            case ast.Import(names=names):
                yield from (Import(node.lineno, name.name, None) for name in names)
            case ast.ImportFrom(names=names, level=level):
                module = _absolute(source, node.module, level)
                yield from (Import(node.lineno, module, name.name) for name in names)
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield Import(node.lineno, module, None)
            case _:
                continue


def _absolute(source: Source, module: str | None, level: int) -> str:
    """What a relative import means: one dot is the package that the file stands in."""
    if level == 0:
        return module or ""
    folders = source.path.parts[1:] if source.path.parts[0] == "src" else source.path.parts
    package = folders[: len(folders) - level]
    return ".".join([*package, *([module] if module else [])])
