"""Markets: finding them, and changing their terms."""

from uuid import UUID

import msgspec

from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx
from serai.members import text
from serai.members.audit import page_size, record_action
from serai.members.model import Code, Market, Terms, TermsChange
from serai.members.roles import operator_needed

_SELECT = "select id, slug, name, currency, country, locales, terms, founded_at from members_market"


async def market(tx: Tx, id: UUID) -> Market | None:
    """Find a market."""
    return await tx.first(Market, _SELECT + " where id = $1", id)


async def market_by_slug(tx: Tx, slug: str) -> Market | None:
    """Find a market by its slug."""
    return await tx.first(Market, _SELECT + " where slug = $1", slug)


async def markets(tx: Tx) -> list[Market]:
    """List the markets of this deployment, the oldest first."""
    return await tx.fetch(Market, _SELECT + " order by id")


async def set_terms(
    tx: Tx, market_id: UUID, terms: Terms, *, by: UUID | None, reason: str
) -> Market | Refused:
    """Change a market's terms for what is agreed from now on; keeps who, when and why.

    `by` is an operator, or None on the command line. The same terms again change
    nothing and leave no row.
    """
    checked, why = checked_terms(terms), text.reason(reason)
    refused = text.first_refusal(checked, why) or await operator_needed(tx, market_id, by)
    if refused:
        return refused
    found = await lock(tx, Market, [market_id])
    if not found:
        return market_unknown(market_id)
    before, why = found[0], text.accepted(why)
    if before.terms == terms:
        return before
    change = TermsChange(
        ids.new(tx.clock.now()), market_id, before.terms, terms, by, why, tx.clock.now()
    )
    await tx.insert([change])
    await tx.execute("update members_market set terms = $2 where id = $1", market_id, terms)
    await record_action(
        tx,
        market_id=market_id,
        actor_id=by,
        action="terms.changed",
        subject=market_id,
        reason=why,
    )
    return msgspec.structs.replace(before, terms=terms)


_CHANGES = """
select id, market_id, before, after, by_id, reason, at from members_terms_change
where market_id = $1 order by id desc limit $2
"""


async def terms_changes(tx: Tx, market_id: UUID, *, limit: int = 50) -> list[TermsChange]:
    """List how a market's terms changed, newest first."""
    return await tx.fetch(TermsChange, _CHANGES, market_id, page_size(limit))


def checked_terms(terms: Terms) -> Terms | Refused:
    """Check every bound that `Terms` declares; names the field that breaks one."""
    plain = msgspec.to_builtins(terms)
    for field in Terms.__struct_fields__:
        try:
            msgspec.convert({field: plain[field]}, Terms)
        except msgspec.ValidationError as error:
            bound = str(error).partition(" - at ")[0]
            return Refused(Code.TERMS_INVALID, {"field": field, "message": bound})
    return terms


def market_unknown(market_id: UUID) -> Refused:
    """Refuse: there is no such market."""
    return Refused(Code.MARKET_UNKNOWN, {"market_id": str(market_id)})
