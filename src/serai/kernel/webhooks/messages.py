"""Messages: which webhook is told of which event, and what became of it."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from serai.kernel import ids, outbox, timers
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.outbox import Event, Reaction
from serai.kernel.tx import Tx, columns
from serai.kernel.webhooks.model import TIMER, Code, Message, State, Webhook
from serai.kernel.webhooks.register import webhook

TEST_KIND = "webhook.test"


def reaction(kinds: frozenset[str]) -> Reaction:
    """Make the reaction that tells webhooks of events; `kinds` are all that there are."""
    return Reaction("webhooks", kinds - {TEST_KIND}, _tell)


_LISTENERS = f"""
select {columns(Webhook)} from kernel_webhook
where disabled_at is null and (owner_id = any($1) or (whole_market and market_id = any($2)))
"""  # noqa: S608  a class's own names


async def _tell(tx: Tx, events: Sequence[Event]) -> None:
    """Write a message for each event and each webhook that wants it and may have it."""
    audience = {member for event in events for member in event.audience}
    markets = {event.market_id for event in events}
    listeners = await tx.fetch(Webhook, _LISTENERS, list(audience), list(markets))
    if not listeners:
        return
    told = [
        (event.market_id, _message(tx, listener, event))
        for event in events
        for listener in listeners
        if listener.wants(event.kind) and _may_hear(listener, event)
    ]
    await tx.ensure([message for _, message in told])
    await timers.start(tx, [_timer(tx, market_id, message) for market_id, message in told])


def _may_hear(listener: Webhook, event: Event) -> bool:
    """Tell whether an event is the listener's affair; never one of another market."""
    if listener.market_id != event.market_id:
        return False
    return listener.whole_market or listener.owner_id in event.audience


def _message(tx: Tx, listener: Webhook, event: Event) -> Message:
    return Message(
        id=ids.derive(event.id, "webhook", listener.id),
        webhook_id=listener.id,
        event_id=event.id,
        kind=event.kind,
        state=State.WAITING,
        attempts=0,
        made_at=tx.now,
        tried_at=None,
        next_at=tx.now,
        status=None,
        error=None,
    )


def _timer(tx: Tx, market_id: UUID, message: Message) -> timers.Timer:
    due_at = message.next_at or tx.now
    return timers.timer(tx, subject=message.id, kind=TIMER, market_id=market_id, due_at=due_at)


_OF_WEBHOOK = f"""
select {columns(Message)} from kernel_webhook_message
where webhook_id = $1 and ($2::text is null or state = $2) and ($3::uuid is null or id < $3)
order by id desc limit $4
"""  # noqa: S608  a class's own names


async def messages_of(
    tx: Tx,
    owner_id: UUID,
    webhook_id: UUID,
    *,
    state: State | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Message] | Refused:
    """List a webhook's messages, newest first; `State.DEAD` is the dead-letter list."""
    found = await webhook(tx, owner_id, webhook_id)
    if isinstance(found, Refused):
        return found
    return await tx.fetch(Message, _OF_WEBHOOK, webhook_id, state, before, limit)


async def redeliver(
    tx: Tx, owner_id: UUID, webhook_id: UUID, message_id: UUID
) -> Message | Refused:
    """Send a message again, now and with all its tries, whatever became of it before."""
    listener = await webhook(tx, owner_id, webhook_id)
    if isinstance(listener, Refused):
        return listener
    rows = await lock(tx, Message, [message_id])
    if not rows or rows[0].webhook_id != webhook_id:
        return Refused(Code.MESSAGE_UNKNOWN, {"message_id": str(message_id)})
    if listener.disabled_at is not None:
        return Refused(Code.WEBHOOK_DISABLED, {"reason": listener.disabled_reason})
    again = replace(rows[0], state=State.WAITING, attempts=0, next_at=tx.now)
    await tx.execute(
        "update kernel_webhook_message set state = $2, attempts = 0, next_at = $3 where id = $1",
        again.id,
        again.state,
        again.next_at,
    )
    await timers.start(tx, [_timer(tx, listener.market_id, again)])
    return again


async def ping(tx: Tx, owner_id: UUID, webhook_id: UUID) -> Message | Refused:
    """Send a webhook an event that means nothing, so that its owner sees it arrive."""
    listener = await webhook(tx, owner_id, webhook_id)
    if isinstance(listener, Refused):
        return listener
    if listener.disabled_at is not None:
        return Refused(Code.WEBHOOK_DISABLED, {"reason": listener.disabled_reason})
    test = outbox.event(
        tx,
        market_id=listener.market_id,
        subject=listener.id,
        kind=TEST_KIND,
        body={"webhook_id": str(listener.id)},
        audience=[owner_id],
    )
    await outbox.emit(tx, [test])
    message = _message(tx, listener, test)
    await tx.insert([message])
    await timers.start(tx, [_timer(tx, listener.market_id, message)])
    return message
