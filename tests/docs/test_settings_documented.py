"""docs/operations.md says of every setting what it is by default, and speaks of no other."""

import re

import msgspec

from serai.kernel.settings import Settings
from tests.docs import reading


def written(default: object) -> str:
    """A default as one would write it in the environment, in backticks; nothing for none."""
    if default is None or default == ():
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_every_setting_is_told_with_its_default() -> None:
    rows = reading.table(reading.text("docs/operations.md"), "variable")

    told = {row[0].strip("`"): row[1] for row in rows}

    assert told == {
        f"SERAI_{field.name.upper()}": written(field.default)
        for field in msgspec.structs.fields(Settings)
    }
    assert [row[0] for row in rows if len(row[2]) < 10] == []


def test_no_document_speaks_of_a_setting_that_is_none() -> None:
    known = {f"SERAI_{name.upper()}" for name in Settings.__struct_fields__}
    strange = {
        f"{path.name}: {name}"
        for path in reading.documents()
        for name in re.findall(r"SERAI_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8"))
        if name not in known
    }

    assert strange == set()
