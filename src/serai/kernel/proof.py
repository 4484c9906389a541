"""Proofs: a promise, how many cases of it were looked at, and those that break it."""

from collections.abc import Sequence

from msgspec import Struct

BREACHES_SHOWN_MAX = 20


class Breach(Struct, frozen=True):
    """One case in which a promise does not hold, and the rows that show it."""

    says: str
    rows: tuple[str, ...] = ()


class Proof(Struct, frozen=True):
    """The outcome of checking one promise; it holds when nothing breaks it."""

    name: str
    checked: int
    breaches: tuple[Breach, ...] = ()

    @property
    def holds(self) -> bool:
        """Tell whether nothing was found that breaks the promise."""
        return not self.breaches


def together(name: str, parts: Sequence[Proof]) -> Proof:
    """Join the checks that make up one promise."""
    breaches = [breach for part in parts for breach in part.breaches]
    return Proof(name, sum(part.checked for part in parts), tuple(breaches))
