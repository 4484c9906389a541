"""What a handler may ask for: it names a parameter so, with the type beside it here.

`house: TheHouse`, `caller: TheCaller`, `visitor: TheVisitor`, `market: TheMarket`,
`locale: TheLocale`, `command_id: CommandId`, `part: Part`.
"""

from uuid import UUID

from litestar.di import NamedDependency, Provide

from serai.api import callers, idempotency, pages
from serai.api.house import House
from serai.members import Caller, Market

TheHouse = NamedDependency[House]
"""The database, the settings and the batches."""
TheCaller = NamedDependency[Caller]
"""The member who asks; 401 where there is none."""
TheVisitor = NamedDependency[Caller | None]
"""The member who asks, if it is one; for what is public."""
TheMarket = NamedDependency[Market]
"""The market that the request is about."""
TheLocale = NamedDependency[str]
"""The language that the reader wants."""
CommandId = NamedDependency[UUID]
"""The id of the command, by the header Idempotency-Key; 400 where it is missing."""
Part = NamedDependency[pages.Cut]
"""Which page of a list, by the query's limit and cursor."""


def providers() -> dict[str, Provide]:
    """Tell how each of these is come by."""
    return {
        "house": Provide(callers.give_house),
        "caller": Provide(callers.give_caller),
        "visitor": Provide(callers.give_visitor),
        "market": Provide(callers.give_market),
        "locale": Provide(callers.give_locale),
        "command_id": Provide(idempotency.command_id),
        "part": Provide(pages.cut),
    }
