"""Intake: what became of the products of a file, counted up and spelled out for its sender."""

from msgspec import Struct, field

from serai import catalog
from serai.kernel.errors import Refused
from serai.trade.stocking import Stocked

_QUANTITY = "Variant Inventory Qty"
"""The column of a product file that says how many are on the shelf."""


class Trouble(Struct, frozen=True):
    """Something of a file that is not as it says; `column` is empty where it is a whole row."""

    line: int
    column: str
    value: str
    reason: str


class Intake(Struct):
    """What became of a file's products. It grows while the file is taken in."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    counted: int = 0
    """Variants whose stock was set."""
    errors: list[Trouble] = field(default_factory=list)
    """What was refused."""
    notes: list[Trouble] = field(default_factory=list)
    """What went in, but for something the market does not have or a product lacks."""
    ignored: tuple[str, ...] = ()
    """Columns that mean nothing here."""

    def misread(self, error: catalog.RowError) -> None:
        """Note a row, or a cell of one, that made no sense."""
        self.errors.append(Trouble(error.line, error.column, error.value, error.reason))

    def tell(self, product: catalog.Product, outcome: Stocked | Refused) -> None:
        """Note what became of a product."""
        if isinstance(outcome, Refused):
            self.errors += _refused(product, outcome)
            return
        match outcome.result:
            case catalog.Result.CREATED:
                self.created += 1
            case catalog.Result.UPDATED:
                self.updated += 1
            case catalog.Result.UNCHANGED:
                self.unchanged += 1
        self.counted += outcome.counted
        self.notes += [
            Trouble(product.line, what, product.handle, why) for what, why in outcome.left.items()
        ]
        self.errors += [
            Trouble(product.line, _QUANTITY, str(short.wanted), _why_short(short.refused))
            for short in outcome.short
        ]


def _refused(product: catalog.Product, refusal: Refused) -> list[Trouble]:
    """Spell a refusal of a whole product: a line a field where it names fields."""
    fields = refusal.facts.get("fields")
    if isinstance(fields, dict):
        return [Trouble(product.line, name, "", str(why)) for name, why in fields.items()]
    return [Trouble(product.line, "", product.handle, refusal.code)]


def _why_short(refusal: Refused) -> str:
    reserved = refusal.facts.get("reserved")
    return refusal.code if reserved is None else f"live orders hold {reserved} of it"
