"""Things that happen when their time comes: each a row with a due time.

A timer is named by its subject and kind, so a thing has one timer of a kind. Its
handler sends a command whose id follows from the timer, through the same
batches as everybody's commands: it races nobody, and firing twice does nothing
twice. A timer whose command no longer fits (the order was paid in the last
second) is refused like any other command, and is gone.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import ClassVar
from uuid import UUID

import structlog

from serai.kernel import ids, metrics
from serai.kernel.lock import claim
from serai.kernel.tx import Database, Row, Tx

_log = structlog.get_logger(__name__)

_LEASE = timedelta(seconds=60)
_LEASE_MAX = timedelta(hours=1)


class Timer(Row, frozen=True):
    """At `due_at`, do `kind` to `subject`. `attempts` counts the tries since it was set."""

    table: ClassVar[str] = "kernel_timer"
    key: ClassVar[tuple[str, ...]] = ("subject", "kind")

    subject: UUID
    kind: str
    market_id: UUID
    due_at: datetime
    set_id: UUID
    """Drawn anew whenever the timer is set: what the command's id follows from."""
    attempts: int = 0

    def command_id(self) -> UUID:
        """Name the command of this setting of the timer: the same at every try."""
        return ids.derive(self.set_id, self.kind)


Handler = Callable[[Database, Sequence[Timer]], Awaitable[None]]
"""Carries out timers of one kind, by sending commands. Raises to be called again later."""


def timer(tx: Tx, *, subject: UUID, kind: str, market_id: UUID, due_at: datetime) -> Timer:
    """Make a timer of this transaction, to be given to `start`."""
    return Timer(subject, kind, market_id, due_at, ids.new(tx.clock.now()))


_START = """
insert into kernel_timer (subject, kind, market_id, due_at, set_id, attempts)
select *, 0 from unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::uuid[])
on conflict (subject, kind) do update
set due_at = excluded.due_at, set_id = excluded.set_id, attempts = 0
"""


async def start(tx: Tx, timers: Sequence[Timer]) -> None:
    """Set timers; one that is set already gets the new due time."""
    if not timers:
        return
    timers = sorted(timers, key=lambda timer: (timer.subject, timer.kind))
    await tx.execute(
        _START,
        [timer.subject for timer in timers],
        [timer.kind for timer in timers],
        [timer.market_id for timer in timers],
        [timer.due_at for timer in timers],
        [timer.set_id for timer in timers],
    )


async def start_first(tx: Tx, timers: Sequence[Timer]) -> None:
    """Set timers of subjects that this transaction has made: none of them is set already."""
    ordered: list[Timer] = sorted(timers, key=lambda timer: (timer.subject, timer.kind))
    await tx.insert(ordered)


async def stop(tx: Tx, kinds: Sequence[str], subjects: Sequence[UUID]) -> None:
    """Take timers of these kinds away from subjects; those that are not set are no matter."""
    if subjects:
        await tx.execute(
            "delete from kernel_timer where subject = any($1) and kind = any($2)", subjects, kinds
        )


_LEND = """
update kernel_timer as t
set due_at = $3::timestamptz + least($5::interval, $4::interval * (t.attempts + 1)),
    attempts = t.attempts + 1
from unnest($1::uuid[], $2::text[]) as due(subject, kind)
where t.subject = due.subject and t.kind = due.kind
"""


async def fire(database: Database, handlers: Mapping[str, Handler], *, limit: int = 500) -> int:
    """Carry out the timers that are due; gives how many were carried out.

    A timer is lent to this worker for a minute, longer after each failure, so
    that one which dies half-way leaves it to another.
    """
    async with database.tx() as tx:
        due = await claim(
            tx,
            Timer,
            "due_at <= $1 and kind = any($2) order by due_at",
            tx.now,
            list(handlers),
            limit=limit,
        )
        subjects, kinds = [timer.subject for timer in due], [timer.kind for timer in due]
        await tx.execute(_LEND, subjects, kinds, tx.now, _LEASE, _LEASE_MAX)
    fired = 0
    by_kind = sorted(due, key=lambda timer: timer.kind)
    for kind, group in groupby(by_kind, key=lambda timer: timer.kind):
        fired += await _carry_out(database, kind, handlers[kind], list(group))
    return fired


_DONE = """
delete from kernel_timer as t using unnest($1::uuid[], $2::uuid[]) as done(subject, set_id)
where t.subject = done.subject and t.kind = $3 and t.set_id = done.set_id
"""


async def _carry_out(database: Database, kind: str, handler: Handler, timers: list[Timer]) -> int:
    try:
        await handler(database, timers)
    except Exception:  # noqa: BLE001  a handler may fail as it likes; the timer comes back
        metrics.timers_failed.labels(kind).inc(len(timers))
        _log.exception("timers failed", kind=kind, timers=len(timers))
        return 0
    # A handler may have set the timer anew: that setting is not the one done here.
    async with database.tx() as tx:
        subjects, settings = [t.subject for t in timers], [t.set_id for t in timers]
        await tx.execute(_DONE, subjects, settings, kind)
    metrics.timers_fired.labels(kind).inc(len(timers))
    return len(timers)
