"""API tokens: keys for programs that act in a member's name, each for what it needs."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import astuple

from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx
from serai.members import text
from serai.members.accounts import NAME_MAX, member_unknown
from serai.members.callers import API_PREFIX, digest, secret
from serai.members.model import ApiToken, Code, IssuedToken, Member, Role, Scope
from serai.members.roles import roles_of

_LIFE = timedelta(days=90)
_LIFE_MAX = timedelta(days=366)
_LIVE_MAX = 50

_LIVE = """
select count(*) from members_token
where member_id = $1 and revoked_at is null and expires_at > $2
"""
_INSERT = """
insert into members_token
    (id, member_id, name, scopes, issued_at, expires_at, used_at, revoked_at, market_id, digest)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def issue_token(
    tx: Tx,
    member_id: UUID,
    *,
    name: str,
    scopes: Iterable[Scope],
    expires_at: datetime | None = None,
) -> IssuedToken | Refused:
    """Make a key for a program; its secret is in this answer and nowhere else.

    It lasts ninety days unless told, a year at most.
    """
    called, wanted = text.line("name", name, longest=NAME_MAX), sorted(set(scopes))
    if isinstance(called, Refused):
        return called
    if not wanted:
        return Refused(Code.FIELD_INVALID, {"field": "scopes", "min": 1, "max": len(Scope)})
    now = tx.clock.now()
    until = expires_at or now + _LIFE
    if not now < until <= now + _LIFE_MAX:
        facts = {"after": now.isoformat(), "until": (now + _LIFE_MAX).isoformat()}
        return Refused(Code.EXPIRY_INVALID, {"field": "expires_at", **facts})
    owner = await lock(tx, Member, [member_id])
    if not owner:
        return member_unknown(member_id)
    if Scope.MARKET_OPERATE in wanted and Role.OPERATOR not in await roles_of(tx, member_id):
        facts = {"scope": str(Scope.MARKET_OPERATE), "needs": str(Role.OPERATOR)}
        return Refused(Code.SCOPE_NOT_YOURS, {"field": "scopes", **facts})
    if await tx.value(_LIVE, member_id, now) >= _LIVE_MAX:
        return Refused(Code.LIMIT_REACHED, {"of": "tokens", "max": _LIVE_MAX})
    key = API_PREFIX + secret()
    token = ApiToken(ids.new(now), member_id, called, wanted, now, until, None, None)
    await tx.execute(_INSERT, *astuple(token), owner[0].market_id, digest(key))
    return IssuedToken(token, key)


_OF = """
select id, member_id, name, scopes, issued_at, expires_at, used_at, revoked_at
from members_token where member_id = $1 order by id desc limit 200
"""


async def tokens_of(tx: Tx, member_id: UUID) -> list[ApiToken]:
    """List a member's keys, the newest first, those that are over too."""
    return await tx.fetch(ApiToken, _OF, member_id)


async def revoke_token(tx: Tx, member_id: UUID, token_id: UUID) -> Refused | None:
    """End one of a member's own keys; one that is revoked already stays so."""
    touched = await tx.execute(
        "update members_token set revoked_at = coalesce(revoked_at, $3)"
        " where member_id = $1 and id = $2",
        member_id,
        token_id,
        tx.clock.now(),
    )
    return None if touched else Refused(Code.TOKEN_UNKNOWN, {"token_id": str(token_id)})


async def revoke_tokens(tx: Tx, member_id: UUID) -> int:
    """End all of a member's keys; gives how many ended."""
    return await tx.execute(
        "update members_token set revoked_at = $2 where member_id = $1 and revoked_at is null",
        member_id,
        tx.clock.now(),
    )
