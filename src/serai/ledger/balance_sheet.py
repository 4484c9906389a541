"""The balance sheet: every account of a market, added up by what it stands for."""

from uuid import UUID

from msgspec import Struct

from serai.kernel.tx import Tx
from serai.ledger.model import Kind


class SheetLine(Struct, frozen=True):
    """All accounts of one kind, label and currency: how many, and their counters together."""

    kind: Kind
    label: str
    currency: str
    accounts: int
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int


_SHEET = """
select kind, label, currency, count(*) as accounts,
    sum(debits_pending)::bigint as debits_pending, sum(debits_posted)::bigint as debits_posted,
    sum(credits_pending)::bigint as credits_pending, sum(credits_posted)::bigint as credits_posted
from ledger_account where market_id = $1
group by kind, label, currency order by currency, kind, label
"""


async def balance_sheet(tx: Tx, market_id: UUID) -> list[SheetLine]:
    """Add up a market's accounts, by currency and kind; in each currency debits equal credits."""
    return await tx.fetch(SheetLine, _SHEET, market_id)
