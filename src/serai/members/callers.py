"""Who stands at the door: a token, and the member whom it proves.

A token is 32 random bytes. Only its SHA-256 is kept, so whoever reads the
database cannot come in with what is there; a slow hash would add nothing, since
nobody guesses 32 random bytes.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from serai.kernel.tx import Tx
from serai.members.model import Caller, Role, Scope

API_PREFIX = "serai_"
"""Tells an API token from a session, and tells scanners for leaked secrets whose it is."""

SESSION_IDLE = timedelta(days=7)
_SEEN_EVERY = timedelta(minutes=1)
_TOKEN_MAX = 100


def secret() -> str:
    """Draw a new token."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Give what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class _Found(Struct, frozen=True):
    id: UUID
    member_id: UUID
    market_id: UUID
    roles: list[Role]
    scopes: list[Scope] | None
    noted_at: datetime | None


_SESSION = """
select s.id, s.member_id, s.market_id,
    array(select r.role from members_role as r where r.member_id = s.member_id) as roles,
    null::text[] as scopes, s.seen_at as noted_at
from members_session as s
where s.digest = $1 and s.ended_at is null and s.expires_at > $2 and s.seen_at > $3
  and not exists (select from members_deactivation as d where d.member_id = s.member_id)
"""

_API_KEY = """
select t.id, t.member_id, t.market_id,
    array(select r.role from members_role as r where r.member_id = t.member_id) as roles,
    t.scopes, t.used_at as noted_at
from members_token as t
where t.digest = $1 and t.revoked_at is null and t.expires_at > $2
  and not exists (select from members_deactivation as d where d.member_id = t.member_id)
"""

_SEEN = "update members_session set seen_at = $2 where id = $1 and seen_at < $2"
_USED = "update members_token set used_at = $2 where id = $1 and (used_at is null or used_at < $2)"


async def authenticate(tx: Tx, token: str) -> Caller | None:
    """Find who holds a session's token or an API token; nobody for one that is not good now.

    One query; once a minute a second one notes that the token was seen.
    """
    if len(token) > _TOKEN_MAX:
        return None
    now = tx.now
    if token.startswith(API_PREFIX):
        found = await tx.first(_Found, _API_KEY, digest(token), now)
    else:
        found = await tx.first(_Found, _SESSION, digest(token), now, now - SESSION_IDLE)
    if found is None:
        return None
    is_session = found.scopes is None
    if found.noted_at is None or now - found.noted_at >= _SEEN_EVERY:
        await tx.execute(_SEEN if is_session else _USED, found.id, now)
    return Caller(
        member_id=found.member_id,
        market_id=found.market_id,
        roles=frozenset(found.roles),
        scopes=None if found.scopes is None else frozenset(found.scopes),
        session_id=found.id if is_session else None,
        token_id=None if is_session else found.id,
    )
