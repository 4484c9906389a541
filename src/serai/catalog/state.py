"""The states of a listing: every step is a row that says who took it, when and why."""

from uuid import UUID

from serai.catalog.draft import missing_to_sell, reason_of
from serai.catalog.model import TRANSITIONS, Code, Listing, ListingChange, State
from serai.catalog.offering import Owned, draft_of, owned
from serai.catalog.shelf import listing, whole
from serai.kernel import ids, outbox
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx


async def publish(tx: Tx, listing_id: UUID, actor_id: UUID, reason: str = "") -> Listing | Refused:
    """Put it on sale. It needs a title and a variant, and every variant a price."""
    return await _go(tx, listing_id, actor_id, State.PUBLISHED, reason)


async def pause(tx: Tx, listing_id: UUID, actor_id: UUID, reason: str = "") -> Listing | Refused:
    """Take it off sale for a while; orders already placed go on."""
    return await _go(tx, listing_id, actor_id, State.PAUSED, reason)


async def archive(tx: Tx, listing_id: UUID, actor_id: UUID, reason: str = "") -> Listing | Refused:
    """Put it away; orders already placed go on."""
    return await _go(tx, listing_id, actor_id, State.ARCHIVED, reason)


async def reopen(tx: Tx, listing_id: UUID, actor_id: UUID, reason: str = "") -> Listing | Refused:
    """Take an archived one out again, as a draft."""
    return await _go(tx, listing_id, actor_id, State.DRAFT, reason)


async def _go(
    tx: Tx, listing_id: UUID, actor_id: UUID, to: State, reason: str
) -> Listing | Refused:
    own = await owned(tx, listing_id, actor_id)
    if isinstance(own, Refused):
        return own
    if to not in TRANSITIONS[own.row.state]:
        return Refused(Code.TRANSITION_UNKNOWN, {"from": own.row.state, "to": to})
    if to is State.PUBLISHED:
        current = (await whole(tx, [own.row]))[0]
        missing = missing_to_sell(draft_of(current))
        if missing:
            return Refused(Code.LISTING_INCOMPLETE, {"missing": missing})
    await step(tx, own, actor_id, to, reason)
    found = await listing(tx, listing_id)
    assert found is not None
    return found


_STEP = """
update catalog_listing
set state = $2::text,
    published_at = case when $2::text = 'published' then $3 else published_at end
where id = $1
"""
_KINDS = {
    State.DRAFT: "listing.reopened",
    State.PUBLISHED: "listing.published",
    State.PAUSED: "listing.paused",
    State.ARCHIVED: "listing.archived",
}


async def step(tx: Tx, own: Owned, actor_id: UUID, to: State, reason: str) -> None:
    """Write one allowed step of a locked listing, its change and its event."""
    row, now = own.row, tx.clock.now()
    why = reason_of(reason)
    assert to in TRANSITIONS[row.state]
    await tx.execute(_STEP, row.id, to, now)
    change = ListingChange(ids.new(now), row.market_id, row.id, actor_id, now, row.state, to, why)
    await tx.insert([change])
    event = outbox.event(
        tx,
        market_id=row.market_id,
        subject=row.id,
        kind=_KINDS[to],
        body={
            "listing_id": str(row.id),
            "shop_id": str(row.shop_id),
            "actor_id": str(actor_id),
            "from": row.state,
            "to": to,
            "reason": why,
        },
        audience=[own.shop.owner_id],
    )
    await outbox.emit(tx, [event])
