"""Who stands at the door: a token, and the member whom it proves.

A token is 32 random bytes. Only its SHA-256 is kept, so whoever reads the
database cannot come in with what is there; a slow hash would add nothing, since
nobody guesses 32 random bytes.
"""

import hashlib
import secrets
from collections.abc import Sequence
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
    digest: bytes
    id: UUID
    member_id: UUID
    market_id: UUID
    roles: list[Role]
    scopes: list[Scope] | None
    noted_at: datetime | None


_FIND = """
with held as (
    select s.digest, s.id, s.member_id, s.market_id, null::text[] as scopes, s.seen_at as noted_at
    from members_session as s
    where s.digest = any($1) and s.ended_at is null and s.expires_at > $2 and s.seen_at > $3
    union all
    select t.digest, t.id, t.member_id, t.market_id, t.scopes, t.used_at
    from members_token as t
    where t.digest = any($4) and t.revoked_at is null and t.expires_at > $2
)
select held.digest, held.id, held.member_id, held.market_id,
    array(select r.role from members_role as r where r.member_id = held.member_id) as roles,
    held.scopes, held.noted_at
from held
where not exists (select from members_deactivation as d where d.member_id = held.member_id)
"""

_SEEN = "update members_session set seen_at = $2 where id = any($1) and seen_at < $2"
_USED = """
update members_token set used_at = $2 where id = any($1) and (used_at is null or used_at < $2)
"""


async def authenticate(tx: Tx, token: str) -> Caller | None:
    """Find who holds a session's token or an API token; nobody for one that is not good now."""
    [caller] = await authenticate_all(tx, [token])
    return caller


async def authenticate_all(tx: Tx, tokens: Sequence[str]) -> list[Caller | None]:
    """Find who holds each of these tokens, in their order.

    One query for all of them; once a minute a second one notes that they were seen.
    """
    digests = [digest(token) if len(token) <= _TOKEN_MAX else None for token in tokens]
    pairs = [(one, d) for one, d in zip(tokens, digests, strict=True) if d is not None]
    keys = [d for one, d in pairs if one.startswith(API_PREFIX)]
    sessions = [d for one, d in pairs if not one.startswith(API_PREFIX)]
    found = await tx.fetch(_Found, _FIND, sessions, tx.now, tx.now - SESSION_IDLE, keys)
    await _note(tx, found)
    callers = {one.digest: _caller(one) for one in found}
    return [callers.get(d) if d is not None else None for d in digests]


async def _note(tx: Tx, found: Sequence[_Found]) -> None:
    """Note that tokens were seen, in the order of their ids, each at most once a minute."""
    late = [one for one in found if one.noted_at is None or tx.now - one.noted_at >= _SEEN_EVERY]
    for sql, is_session in ((_SEEN, True), (_USED, False)):
        stale = sorted(one.id for one in late if (one.scopes is None) is is_session)
        if stale:
            await tx.execute(sql, stale, tx.now)


def _caller(found: _Found) -> Caller:
    is_session = found.scopes is None
    return Caller(
        member_id=found.member_id,
        market_id=found.market_id,
        roles=frozenset(found.roles),
        scopes=None if found.scopes is None else frozenset(found.scopes),
        session_id=found.id if is_session else None,
        token_id=None if is_session else found.id,
    )
