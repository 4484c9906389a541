"""Consequences: events written by the transaction that caused them, reactions run after it.

An event is kept for ever. A reaction deals with it in a transaction that also
notes the delivery, so its effect in the database happens once however often it
is tried. Events about one subject reach a reaction in their order: while one
fails, the later ones of that subject wait, and those of others do not.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, ClassVar
from uuid import UUID

import structlog
from msgspec import Struct

from serai.kernel import ids, metrics
from serai.kernel.lock import alone
from serai.kernel.proof import Breach, Proof
from serai.kernel.tx import Database, Row, Tx

_log = structlog.get_logger(__name__)

_PAUSE_MAX = timedelta(minutes=10)


class Event(Row, frozen=True):
    """Something that happened, in words of the trade: `order.paid`, `parcel.scanned`."""

    table: ClassVar[str] = "kernel_event"

    id: UUID
    market_id: UUID
    subject: UUID
    """What it happened to; events of one subject stay in order."""
    kind: str
    body: dict[str, Any]
    audience: list[UUID]
    """The members whose affair it is, and who may be told."""
    at: datetime


class Delivery(Row, frozen=True):
    """That a reaction has dealt with an event."""

    table: ClassVar[str] = "kernel_delivery"
    key: ClassVar[tuple[str, ...]] = ("event_id", "reaction")

    event_id: UUID
    reaction: str
    at: datetime


class Reaction(Struct, frozen=True):
    """What a hall does when something happened elsewhere.

    `react` gets events in their order and must bear to see one twice, since a
    transaction that fails is tried again.
    """

    name: str
    kinds: frozenset[str]
    react: Callable[[Tx, Sequence[Event]], Awaitable[None]]


def event(
    tx: Tx,
    *,
    market_id: UUID,
    subject: UUID,
    kind: str,
    body: dict[str, Any],
    audience: Sequence[UUID] = (),
) -> Event:
    """Make an event of this transaction, to be given to `emit`."""
    now = tx.clock.now()
    return Event(ids.new(now), market_id, subject, kind, body, list(audience), now)


async def emit(tx: Tx, events: Sequence[Event]) -> None:
    """Write events into the outbox; they leave when the transaction commits."""
    await tx.insert(events)


async def deliver(database: Database, reactions: Sequence[Reaction], *, limit: int = 500) -> int:
    """Bring waiting events to the reactions that asked for them; gives how many it brought.

    Any number of workers may call this: one at a time is at work on a reaction.
    """
    count = 0
    for reaction in reactions:
        count += await _deliver_to(database, reaction, limit)
    await _close(database, reactions, limit)
    return count


_WAITING = """
select e.id, e.market_id, e.subject, e.kind, e.body, e.audience, e.at
from kernel_event as e
where e.delivered_at is null and e.kind = any($2)
  and not exists (
      select from kernel_delivery as d where d.event_id = e.id and d.reaction = $1)
  and not exists (
      select from kernel_failure as f
      where f.reaction = $1 and f.subject = e.subject and f.event_id <= e.id and f.retry_at > $3)
order by e.id limit $4
"""


async def _deliver_to(database: Database, reaction: Reaction, limit: int) -> int:
    events: list[Event] = []
    try:
        async with database.tx() as tx:
            if not await alone(tx, f"outbox {reaction.name}"):
                return 0
            kinds = list(reaction.kinds)
            events = await tx.fetch(Event, _WAITING, reaction.name, kinds, tx.now, limit)
            await _react(tx, reaction, events)
    except Exception:  # noqa: BLE001  a reaction may fail as it likes; the event waits
        _log.exception("reaction failed", reaction=reaction.name, events=len(events))
        if not events:
            return 0
        return await _deliver_apart(database, reaction, events)
    return len(events)


async def _deliver_apart(database: Database, reaction: Reaction, events: list[Event]) -> int:
    """Deliver subject by subject after a common try failed, to find which one it was."""
    count = 0
    by_subject = sorted(events, key=lambda event: (event.subject, event.id))
    for _, group in groupby(by_subject, key=lambda event: event.subject):
        for one in group:
            try:
                async with database.tx() as tx:
                    if not await alone(tx, f"outbox {reaction.name}"):
                        return count
                    await _react(tx, reaction, [one])
            except Exception as error:  # noqa: BLE001  noted, and tried again later
                metrics.events_failed.labels(reaction.name).inc()
                await _note_failure(database, reaction, one, error)
                break
            count += 1
    return count


async def _react(tx: Tx, reaction: Reaction, events: list[Event]) -> None:
    if not events:
        return
    await tx.insert([Delivery(event.id, reaction.name, tx.now) for event in events])
    await reaction.react(tx, events)
    metrics.events_delivered.labels(reaction.name).inc(len(events))


_NOTE_FAILURE = """
insert into kernel_failure as f (event_id, reaction, subject, attempts, retry_at, error)
values ($1, $2, $3, 1, $4::timestamptz + interval '1 second', $5)
on conflict (event_id, reaction) do update
set attempts = f.attempts + 1,
    retry_at = $4::timestamptz
        + least($6::interval, interval '1 second' * (2 ^ least(f.attempts, 20))),
    error = excluded.error
"""


async def _note_failure(
    database: Database, reaction: Reaction, event: Event, error: Exception
) -> None:
    async with database.tx() as tx:
        reason = f"{type(error).__name__}: {error}"[:500]
        await tx.execute(
            _NOTE_FAILURE, event.id, reaction.name, event.subject, tx.now, reason, _PAUSE_MAX
        )


_CLOSE = """
with wanted as (
    select * from unnest($1::text[], $2::text[]) as wanted(kind, reaction)
), done as (
    select e.id from kernel_event as e
    where e.delivered_at is null and not exists (
        select from wanted
        where wanted.kind = e.kind and not exists (
            select from kernel_delivery as d
            where d.event_id = e.id and d.reaction = wanted.reaction))
    order by e.id limit $4
)
update kernel_event as e set delivered_at = $3 from done where e.id = done.id
"""

_LAG = "select extract(epoch from $1 - min(at)) from kernel_event where delivered_at is null"


async def _close(database: Database, reactions: Sequence[Reaction], limit: int) -> None:
    """Mark the events that every reaction has seen, so that nobody looks at them again."""
    pairs = [(kind, reaction.name) for reaction in reactions for kind in reaction.kinds]
    async with database.tx() as tx:
        if not await alone(tx, "outbox close"):
            return
        kinds, names = [kind for kind, _ in pairs], [name for _, name in pairs]
        await tx.execute(_CLOSE, kinds, names, tx.now, 4 * limit)
        metrics.outbox_lag_seconds.set(await tx.value(_LAG, tx.now) or 0)


_UNREACHED = """
with wanted as (
    select * from unnest($1::text[], $2::text[]) as wanted(kind, reaction)
)
select e.id::text || ' ' || wanted.reaction from kernel_event as e
join wanted on wanted.kind = e.kind
left join kernel_delivery as d on d.event_id = e.id and d.reaction = wanted.reaction
where d.event_id is null and (e.delivered_at is not null or e.at < $3)
order by e.id, wanted.reaction
"""

_UNCAUSED = """
select d.event_id from kernel_delivery as d
left join kernel_event as e on e.id = d.event_id where e.id is null order by 1
"""

LATE = timedelta(hours=1)
"""How long an event may wait for a reaction before an audit calls it lost."""


async def reached(tx: Tx, reactions: Sequence[Reaction]) -> Proof:
    """Check that every event has reached every reaction that asked for it, and is not overdue.

    That the effect happened once is kept by the key of the delivery, which is
    written in the transaction of the effect.
    """
    pairs = [(kind, reaction.name) for reaction in reactions for kind in reaction.kinds]
    kinds, names = [kind for kind, _ in pairs], [name for _, name in pairs]
    lost = await tx.values(_UNREACHED, kinds, names, tx.now - LATE)
    odd = await tx.values(_UNCAUSED)
    breaches = [Breach("an event has not reached a reaction", (f"kernel_event {x}",)) for x in lost]
    breaches += [Breach("a delivery without its event", (f"kernel_delivery {x}",)) for x in odd]
    count = await tx.value("select count(*) from kernel_event")
    return Proof("every event reaches every reaction", count, tuple(breaches))
