"""The house's own lint: the rules that ruff, mypy and import-linter cannot express.

`python -m tools.house` prints every breach and exits 1 if there is one. Each
rule is a function from the root of the tree to its breaches, so a test plants
a breach in an empty folder and sees the rule find it.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from tools.house import documents, rooms, sizes, wording
from tools.house.source import Breach

Rule = Callable[[Path], Iterable[Breach]]

RULES: tuple[Rule, ...] = (
    sizes.files_are_one_idea,
    sizes.functions_are_one_idea,
    rooms.halls_are_entered_by_their_face,
    rooms.outside_libraries_stay_at_the_doors,
    wording.nothing_is_left_for_later,
    wording.no_test_is_skipped,
    wording.rows_are_locked_in_one_place,
    wording.money_is_never_a_float,
    wording.migrations_stay_fit_for_many_machines,
    documents.paths_in_documents_exist,
)


def breaches(root: Path) -> list[Breach]:
    """Find every breach of every rule in the tree, in order of file and line."""
    return sorted(breach for rule in RULES for breach in rule(root))
