"""What operators did: who, when, to what, and why. Rows are never changed."""

from uuid import UUID

from serai.kernel import ids
from serai.kernel.tx import Tx
from serai.members.model import Action

PAGE_MAX = 200


async def record_action(
    tx: Tx, *, market_id: UUID, actor_id: UUID | None, action: str, subject: UUID, reason: str
) -> Action:
    """Record an operator's action, in the transaction that does it.

    `action` is a noun and a past verb, such as `shop.paused`; `subject` is what it was
    done to. `reason` must have passed `checked_reason`. No actor: done on the command line.
    """
    now = tx.clock.now()
    recorded = Action(ids.new(now), market_id, actor_id, action, subject, reason, now)
    await tx.insert([recorded])
    return recorded


_PAGE = """
select id, market_id, actor_id, action, subject, reason, at from members_audit
where market_id = $1 and ($2::uuid is null or id < $2) and ($3::uuid is null or subject = $3)
order by id desc limit $4
"""


async def actions_page(
    tx: Tx,
    market_id: UUID,
    *,
    before: UUID | None = None,
    subject: UUID | None = None,
    limit: int = 50,
) -> list[Action]:
    """List actions, newest first; `before` is the id of the last one of the page before."""
    return await tx.fetch(Action, _PAGE, market_id, before, subject, page_size(limit))


def page_size(limit: int) -> int:
    """Keep a page between one row and the most that a page may have."""
    return max(1, min(limit, PAGE_MAX))
