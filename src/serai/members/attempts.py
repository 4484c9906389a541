"""Failed sign-ins, and how long the next try must wait.

Counted by account and by network address in the database, so it holds for all
processes. An account that does not exist is counted like one that does. Waits
double up to a quarter of an hour: at that pace a day is worth a hundred guesses
(NIST SP 800-63B, 3.2.2), and who locks out a neighbour does so for minutes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.lock import claim, lock
from serai.kernel.tx import Row, Tx
from serai.members.model import Code

_QUIET = timedelta(days=1)
_WAIT_FIRST = timedelta(seconds=30)
_WAIT_MAX = timedelta(minutes=15)
_SWEPT_AT_ONCE = 20


class Kind(StrEnum):
    """What failed sign-ins are counted by."""

    ACCOUNT = "account"
    ADDRESS = "address"


# Many people can share one network address, so it has more tries before it waits.
_FREE = {Kind.ACCOUNT: 5, Kind.ADDRESS: 30}


class Attempt(Row, frozen=True):
    """The failures of one account or address since its last success or quiet day."""

    table: ClassVar[str] = "members_attempt"

    id: UUID
    market_id: UUID
    kind: Kind
    failures: int
    failed_at: datetime
    retry_at: datetime

    def counted(self, now: datetime) -> "Attempt":
        """Count one failure more; from the last free one on, each doubles the wait."""
        failures = 1 if now - self.failed_at >= _QUIET else self.failures + 1
        past = failures - _FREE[self.kind]
        wait = min(_WAIT_FIRST * 2 ** min(past, 10), _WAIT_MAX) if past >= 0 else timedelta(0)
        return replace(self, failures=failures, failed_at=now, retry_at=now + wait)


class Try(Struct, frozen=True):
    """One sign-in to be counted: whose account, from which address."""

    market_id: UUID
    account: str
    address: str | None = None

    def fresh(self, now: datetime) -> list[Attempt]:
        """Make the rows that count it, with no failure yet."""
        subjects = {Kind.ACCOUNT: self.account, Kind.ADDRESS: self.address}
        return [
            Attempt(ids.derive(self.market_id, kind, subject), self.market_id, kind, 0, now, now)
            for kind, subject in subjects.items()
            if subject is not None
        ]


async def waiting(tx: Tx, attempt: Try) -> Refused | None:
    """Refuse a try that comes before its time; nothing is checked, nothing counted."""
    rows = [row.id for row in attempt.fresh(tx.now)]
    found = await tx.fetch(Attempt, _FIND, rows)
    return _too_early(found, tx.clock.now())


_FIND = """
select id, market_id, kind, failures, failed_at, retry_at from members_attempt
where id = any($1)
"""


async def settle(tx: Tx, attempt: Try, *, right: bool) -> Refused | None:
    """Count a try whose password was checked; gives the refusal, or None when it is right.

    Tries at the same moment are settled one after the other, and one that meets a
    wait which another has just begun learns nothing: guessing many at once is no
    faster than one by one. A right one clears the account's failures, not the
    address's: an attacker may have an account too.
    """
    fresh = attempt.fresh(tx.now)
    if not right:
        await tx.ensure(fresh)
    rows = await lock(tx, Attempt, [row.id for row in fresh])
    now = tx.clock.now()
    if early := _too_early(rows, now):
        return early
    if right:
        cleared = [row.id for row in rows if row.kind is Kind.ACCOUNT]
        await tx.execute("delete from members_attempt where id = any($1)", cleared)
        return None
    counted = [row.counted(now) for row in rows]
    await _write(tx, counted)
    await _sweep(tx, now)
    return Refused(Code.SIGN_IN_FAILED, _facts(counted, now))


_WRITE = """
update members_attempt as a
set failures = new.failures, failed_at = new.failed_at, retry_at = new.retry_at
from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::timestamptz[])
    as new(id, failures, failed_at, retry_at)
where a.id = new.id
"""


async def _write(tx: Tx, rows: Sequence[Attempt]) -> None:
    await tx.execute(
        _WRITE,
        [row.id for row in rows],
        [row.failures for row in rows],
        [row.failed_at for row in rows],
        [row.retry_at for row in rows],
    )


async def _sweep(tx: Tx, now: datetime) -> None:
    """Throw some forgotten failures away, so that they do not pile up."""
    old = await claim(tx, Attempt, "failed_at <= $1", now - _QUIET, limit=_SWEPT_AT_ONCE)
    await tx.execute("delete from members_attempt where id = any($1)", [row.id for row in old])


def _too_early(rows: Sequence[Attempt], now: datetime) -> Refused | None:
    facts = _facts(rows, now)
    return Refused(Code.TOO_MANY_ATTEMPTS, facts) if facts else None


def _facts(rows: Sequence[Attempt], now: datetime) -> dict[str, Any]:
    """Say when to try again; nothing where that is now."""
    retry_at = max((row.retry_at for row in rows), default=now)
    if retry_at <= now:
        return {}
    wait_s = -((now - retry_at) // timedelta(seconds=1))
    return {"retry_at": retry_at.isoformat(), "wait_seconds": wait_s}
