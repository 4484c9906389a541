"""Silence: what a bank should have spoken of by now, for a person to look into."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from serai.kernel.tx import Tx

SILENT_AFTER = timedelta(days=3)
"""How long a bank may leave something in one state before a person is shown it."""

PAGE_MAX = 200


class Silent(Struct, frozen=True):
    """A top-up or payout that has stood still since `since`. Nothing is assumed about it."""

    id: UUID
    kind: str
    member_id: UUID
    provider: str
    currency: str
    amount: int
    state: str
    since: datetime


_SILENT = """
select w.id, w.kind, w.member_id, w.provider, w.currency, w.amount, w.state, s.at as since
from (
    select id, 'topup' as kind, member_id, provider, currency, amount, state, requested_at
    from payments_topup where market_id = $1 and state in ('requested', 'asked')
    union all
    select id, 'payout', member_id, provider, currency, amount, state, requested_at
    from payments_payout where market_id = $1 and state in ('pending', 'in_transit')
) as w
join payments_step as s on s.subject_id = w.id and s.state = w.state
where w.requested_at < $2 and s.at < $2
order by s.at, w.id limit $3
"""


async def silent(tx: Tx, market_id: UUID, *, limit: int = PAGE_MAX) -> list[Silent]:
    """List what has waited for its bank longer than three days, oldest first."""
    size = max(1, min(limit, PAGE_MAX))
    return await tx.fetch(Silent, _SILENT, market_id, tx.now - SILENT_AFTER, size)
