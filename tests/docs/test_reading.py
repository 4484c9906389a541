"""Documents lead where they say: to headings that are there, by SQL that runs."""

import re
from itertools import chain
from pathlib import Path

from serai.kernel.tx import Tx
from tests.docs import reading

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]*)\)")
_SQL = re.compile(r"^```sql\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    """The name that a heading can be linked by, as code forges make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_link_to_a_heading_finds_it() -> None:
    lost = []
    for path in reading.documents():
        text = path.read_text(encoding="utf-8")
        for target in _LINK.findall(text):
            file, sharp, name = target.partition("#")
            if not sharp or "://" in target:
                continue
            other = (path.parent / file).read_text(encoding="utf-8") if file else text
            if name not in {anchor(heading) for heading in reading.headings(other)}:
                lost.append(f"{path.name}: {target}")

    assert lost == []


def test_every_document_is_found_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [reading.ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        targets = _LINK.findall(path.read_text(encoding="utf-8"))
        near = [t.partition("#")[0] for t in targets if "://" not in t and not t.startswith("#")]
        waiting += [(path.parent / target).resolve() for target in near]

    assert [path.name for path in reading.documents() if path not in seen] == []


async def test_every_query_that_operators_are_given_runs(tx: Tx) -> None:
    found = [_SQL.findall(path.read_text(encoding="utf-8")) for path in reading.documents()]
    statements = [one for block in chain(*found) for one in block.split(";") if one.strip()]

    for statement in statements:
        await tx.values(statement)

    assert len(statements) > 3
