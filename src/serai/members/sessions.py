"""Coming in and going out: sign-in with a password, sessions that end.

A session ends after a week without use, and after thirty days in any case.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import astuple

from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Tx
from serai.members import contacts, passwords
from serai.members.accounts import member, member_unknown
from serai.members.attempts import Try, settle, waiting
from serai.members.callers import SESSION_IDLE, digest, secret
from serai.members.markets import market, market_unknown
from serai.members.model import Code, Member, Session, SignedIn

_SESSION_LIFE = timedelta(days=30)
_KEPT_AFTER = timedelta(days=30)
_LIVE_MAX = 50
_AGENT_MAX = 300


class _Account(Struct, frozen=True):
    id: UUID
    hash: str
    deactivated_at: datetime | None


_FIND = """
select m.id, p.hash, d.at as deactivated_at
from members_member as m join members_password as p on p.member_id = m.id
left join members_deactivation as d on d.member_id = m.id
where m.market_id = $1 and (m.email = $2 or m.phone = $2)
"""


async def sign_in(
    tx: Tx,
    market_id: UUID,
    login: str,
    password: str,
    *,
    address: str | None = None,
    agent: str | None = None,
    presented: str | None = None,
) -> SignedIn | Refused:
    """Open a session for whoever knows the password of that e-mail address or number.

    An account that does not exist is answered like a wrong password, after the
    same work. Failures are counted by account and by `address`, so a refusal has
    to be committed too. The session whose token is `presented`, whoever's it is,
    ends: what was planted in a browser before is worth nothing after.
    """
    home = await market(tx, market_id)
    if home is None:
        return market_unknown(market_id)
    contact = contacts.login(login, home.country)
    attempt = Try(market_id, contact or login, address)
    if early := await waiting(tx, attempt):
        return early
    account = await tx.first(_Account, _FIND, market_id, contact) if contact else None
    right = await passwords.matches(password, account.hash if account else None)
    if refused := await settle(tx, attempt, right=right):
        return refused
    if account is None:
        raise AssertionError("a password matched nobody's")
    if account.deactivated_at:
        return Refused(Code.DEACTIVATED, {"since": account.deactivated_at.isoformat()})
    if passwords.outdated(account.hash):
        await _rehash(tx, account.id, password)
    return await start_session(tx, account.id, address=address, agent=agent, presented=presented)


async def _rehash(tx: Tx, member_id: UUID, password: str) -> None:
    """Keep the same password, hashed with today's parameters."""
    kept = await passwords.hashed(password)
    await tx.execute("update members_password set hash = $2 where member_id = $1", member_id, kept)


_INSERT = """
insert into members_session
    (id, member_id, address, agent, started_at, seen_at, expires_at, market_id, digest)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def start_session(
    tx: Tx,
    member_id: UUID,
    *,
    address: str | None = None,
    agent: str | None = None,
    presented: str | None = None,
) -> SignedIn | Refused:
    """Open a session for a member who has just proved who they are, by signing up say."""
    found = await lock(tx, Member, [member_id])
    if not found:
        return member_unknown(member_id)
    if presented:
        await sign_out(tx, presented)
    now, token = tx.clock.now(), secret()
    session = Session(
        id=ids.new(now),
        member_id=member_id,
        address=address,
        agent=agent[:_AGENT_MAX] if agent else None,
        started_at=now,
        seen_at=now,
        expires_at=now + _SESSION_LIFE,
    )
    await tx.execute(_INSERT, *astuple(session), found[0].market_id, digest(token))
    await _tidy(tx, member_id, now)
    return SignedIn(found[0], session, token)


_OVER = """
update members_session set ended_at = $2 where id in (
    select id from members_session where member_id = $1 and ended_at is null
    order by id desc offset $3)
"""
_FORGET = """
delete from members_session where member_id = $1 and (ended_at < $2 or expires_at < $2)
"""


async def _tidy(tx: Tx, member_id: UUID, now: datetime) -> None:
    """Keep a member's sessions few: the oldest of too many end, those long over are forgotten."""
    await tx.execute(_OVER, member_id, now, _LIVE_MAX)
    await tx.execute(_FORGET, member_id, now - _KEPT_AFTER)


async def sign_out(tx: Tx, token: str) -> None:
    """End the session of a token; one that is over already, or never was, is no matter."""
    await tx.execute(
        "update members_session set ended_at = $2 where digest = $1 and ended_at is null",
        digest(token),
        tx.clock.now(),
    )


_LIVE = """
select id, member_id, address, agent, started_at, seen_at, expires_at from members_session
where member_id = $1 and ended_at is null and expires_at > $2 and seen_at > $3
order by id desc
"""


async def sessions_of(tx: Tx, member_id: UUID) -> list[Session]:
    """List the sessions by which a member can come in now, the newest first."""
    return await tx.fetch(Session, _LIVE, member_id, tx.now, tx.now - SESSION_IDLE)


async def end_session(tx: Tx, member_id: UUID, session_id: UUID) -> Refused | None:
    """End one of a member's own sessions; one that is over already stays so."""
    touched = await tx.execute(
        "update members_session set ended_at = coalesce(ended_at, $3)"
        " where member_id = $1 and id = $2",
        member_id,
        session_id,
        tx.clock.now(),
    )
    return None if touched else Refused(Code.SESSION_UNKNOWN, {"session_id": str(session_id)})


async def end_other_sessions(tx: Tx, member_id: UUID, *, keep: UUID | None = None) -> int:
    """End a member's sessions but one; gives how many ended."""
    return await tx.execute(
        "update members_session set ended_at = $3"
        " where member_id = $1 and ended_at is null and ($2::uuid is null or id <> $2)",
        member_id,
        keep,
        tx.clock.now(),
    )


async def change_password(
    tx: Tx, member_id: UUID, *, old: str, new: str, keep: UUID | None = None
) -> Member | Refused:
    """Change a password by knowing the old one; every session but `keep` ends.

    A wrong old one counts like a failed sign-in, and waits like one.
    """
    found = await member(tx, member_id)
    if found is None:
        return member_unknown(member_id)
    attempt = Try(found.market_id, found.email or found.phone or str(found.id))
    if early := await waiting(tx, attempt):
        return early
    kept = await tx.value("select hash from members_password where member_id = $1", member_id)
    right = await passwords.matches(old, kept)
    if refused := await settle(tx, attempt, right=right):
        return refused
    if unfit := passwords.refusal(new, (found.name, found.email, found.phone)):
        return unfit
    await tx.execute(
        "update members_password set hash = $2, set_at = $3 where member_id = $1",
        member_id,
        await passwords.hashed(new),
        tx.clock.now(),
    )
    await end_other_sessions(tx, member_id, keep=keep)
    return found
