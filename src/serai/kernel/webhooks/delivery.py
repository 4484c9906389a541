"""Delivery: posting a message to where it belongs, and noting what came of it.

Each webhook's messages are posted one after the other, in their order, beside
those of other webhooks; so one that is slow holds up nobody else. Nothing is
posted inside a transaction. A worker that dies between the post and the note
posts again: a message arrives at least once, with the same `webhook-id`.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct
from msgspec.structs import replace
from standardwebhooks import Webhook as Signer

from serai.kernel import outbox, timers
from serai.kernel.lock import lock
from serai.kernel.settings import Settings
from serai.kernel.timers import Handler, Timer
from serai.kernel.tx import Database, Row, Tx, columns
from serai.kernel.webhooks import targets
from serai.kernel.webhooks.model import FAILING_MAX, RETRIES, TIMER, Message, State, Webhook

R = TypeVar("R", bound=Row)

_TOGETHER_MAX = 20
_POST_S = 15
# Below the minute for which a timer is lent, so that nobody posts the same beside us.
_ROUND_S = 40
_GONE = 410
_ERROR_MAX = 300


class Result(Struct, frozen=True):
    """What came of one try: the status of the answer, or why there was none."""

    status: int | None
    error: str | None

    @property
    def fine(self) -> bool:
        """Whether the receiver took the message; a redirect is not followed and is no yes."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004

    def said(self) -> str | None:
        """Tell in words what was wrong."""
        return None if self.fine else (self.error or f"answered with status {self.status}")


class _Post(Struct, frozen=True):
    """A message with all that it takes to post it."""

    message: Message
    webhook: Webhook
    body: str


def sender(settings: Settings, *, tls: ssl.SSLContext | None = None) -> Handler:
    """Make the handler of the timers that send messages.

    `tls` replaces the authorities whose certificates are believed.
    """

    async def send(database: Database, due: Sequence[Timer]) -> None:
        # One reading of the clock says how long the round may last; time as such is the database's.
        until = asyncio.get_running_loop().time() + _ROUND_S
        async with database.tx() as tx:
            posts = await _posts(tx, [timer.subject for timer in due])
        limit = asyncio.Semaphore(_TOGETHER_MAX)

        async def one_after_the_other(queue: list[_Post]) -> None:
            async with limit, _client(tls) as client:
                for place, post in enumerate(queue):
                    if asyncio.get_running_loop().time() > until:
                        await _leave(database, queue[place:], database.clock.now())
                        return
                    down_until = await _deliver(database, client, settings, post)
                    if down_until is not None:
                        await _leave(database, queue[place + 1 :], down_until)
                        return

        queues = defaultdict(list)
        for post in posts:
            queues[post.webhook.id].append(post)
        async with asyncio.TaskGroup() as group:
            for queue in queues.values():
                group.create_task(one_after_the_other(queue))

    return send


def _client(tls: ssl.SSLContext | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=tls or True,
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(_POST_S, connect=5),
        headers={"User-Agent": "Serai-Webhooks/1", "Accept": "*/*"},
    )


_POSTS = f"""
select {columns(Message)} from kernel_webhook_message
where id = any($1) and state = 'waiting' order by event_id, id
"""  # noqa: S608  a class's own names


async def _posts(tx: Tx, message_ids: Sequence[UUID]) -> list[_Post]:
    messages = await tx.fetch(Message, _POSTS, message_ids)
    webhooks = await _by_id(tx, Webhook, [message.webhook_id for message in messages])
    events = await _by_id(tx, outbox.Event, [message.event_id for message in messages])
    return [
        _Post(message, webhooks[message.webhook_id], _body(events[message.event_id]))
        for message in messages
    ]


async def _by_id(tx: Tx, struct: type[R], wanted: Sequence[UUID]) -> dict[UUID, R]:
    sql = f"select {columns(struct)} from {struct.table} where id = any($1)"  # noqa: S608
    return {row.id: row for row in await tx.fetch(struct, sql, wanted)}  # type: ignore[attr-defined]


def _body(event: outbox.Event) -> str:
    """Write an event as the scheme has it: type, timestamp, data."""
    data = {"id": event.id, "subject": event.subject, **event.body}
    payload = {"type": event.kind, "timestamp": event.at, "data": data}
    return msgspec.json.encode(payload).decode()


async def _deliver(
    database: Database, client: httpx.AsyncClient, settings: Settings, post: _Post
) -> datetime | None:
    """Post one message and note the result.

    When nobody answered, gives the moment of the next try: until then the other
    messages of the webhook need not be tried either.
    """
    if post.webhook.disabled_at is not None:
        result = Result(None, f"the webhook is disabled: {post.webhook.disabled_reason}")
    else:
        result = await _post(client, settings, post, database.clock.now())
    async with database.tx() as tx:
        next_at = await _note(tx, post.message.id, result)
    return next_at if result.status is None else None


async def _post(
    client: httpx.AsyncClient, settings: Settings, post: _Post, now: datetime
) -> Result:
    try:
        async with asyncio.timeout(_POST_S):
            target = await targets.resolve(
                post.webhook.url, private=settings.webhook_private_targets
            )
            request = client.build_request(
                "POST",
                target.url,
                content=post.body.encode(),
                headers={"Host": target.host, **_signed(post, now)},
                extensions={"sni_hostname": target.name},
            )
            # The body of the answer is nobody's concern and may have any length: it is not read.
            response = await client.send(request, stream=True)
            await response.aclose()
    except targets.TargetError as error:
        return Result(None, str(error)[:_ERROR_MAX])
    except (httpx.HTTPError, ssl.SSLError, OSError, TimeoutError) as error:
        return Result(None, f"{type(error).__name__}: {error}"[:_ERROR_MAX].rstrip(": "))
    return Result(response.status_code, None)


def _signed(post: _Post, now: datetime) -> dict[str, str]:
    """Sign a message with every secret that is valid now."""
    message_id = f"msg_{post.message.id.hex}"
    signatures = [
        Signer(secret).sign(message_id, now, post.body) for secret in post.webhook.secrets(now)
    ]
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


_NOTE = """
update kernel_webhook_message
set state = $2, attempts = $3, tried_at = $4, next_at = $5, status = $6, error = $7 where id = $1
"""


async def _note(tx: Tx, message_id: UUID, result: Result) -> datetime | None:
    """Note the result of a try, and what follows; gives the moment of the next try, if any."""
    rows = await lock(tx, Message, [message_id])
    # It was removed, or noted by another worker, while it was under way.
    if not rows or rows[0].state is not State.WAITING:
        return None
    (webhook,) = await lock(tx, Webhook, [rows[0].webhook_id])
    disabled = await _judge(tx, webhook, result)
    noted = _after(rows[0], result, tx.now, over=disabled)
    await tx.execute(
        _NOTE,
        noted.id,
        noted.state,
        noted.attempts,
        noted.tried_at,
        noted.next_at,
        noted.status,
        noted.error,
    )
    if noted.next_at is not None:
        await _start(tx, webhook.market_id, [noted.id], noted.next_at)
    return noted.next_at


def _after(message: Message, result: Result, now: datetime, *, over: bool) -> Message:
    tried = replace(
        message,
        attempts=message.attempts + 1,
        tried_at=now,
        status=result.status,
        error=result.said(),
    )
    if result.fine:
        return replace(tried, state=State.SENT, next_at=None)
    if over or message.attempts >= len(RETRIES):
        return replace(tried, state=State.DEAD, next_at=None)
    return replace(tried, next_at=now + RETRIES[message.attempts])


async def _judge(tx: Tx, webhook: Webhook, result: Result) -> bool:
    """Keep count of a webhook's failing; tells whether it is disabled, now or before."""
    if webhook.disabled_at is not None:
        return True
    if result.fine:
        if webhook.failing_since is not None:
            await tx.execute(
                "update kernel_webhook set failing_since = null where id = $1", webhook.id
            )
        return False
    if webhook.failing_since is None:
        await tx.execute(
            "update kernel_webhook set failing_since = $2 where id = $1", webhook.id, tx.now
        )
    if result.status == _GONE:
        await _disable(tx, webhook, "the receiver answered that it is gone (410)")
        return True
    since = webhook.failing_since or tx.now
    if tx.now - since < FAILING_MAX:
        return False
    await _disable(tx, webhook, f"nothing was delivered for {FAILING_MAX.days} days")
    return True


async def _disable(tx: Tx, webhook: Webhook, reason: str) -> None:
    """Disable a webhook and tell its owner; what waits for it is dead at its next try."""
    await tx.execute(
        "update kernel_webhook set disabled_at = $2, disabled_reason = $3 where id = $1",
        webhook.id,
        tx.now,
        reason,
    )
    event = outbox.event(
        tx,
        market_id=webhook.market_id,
        subject=webhook.id,
        kind="webhook.disabled",
        body={"webhook_id": str(webhook.id), "url": webhook.url, "reason": reason},
        audience=[webhook.owner_id],
    )
    await outbox.emit(tx, [event])


_LEAVE = """
update kernel_webhook_message set next_at = $2 where id = any($1) and state = 'waiting'
"""


async def _leave(database: Database, posts: Sequence[_Post], until: datetime) -> None:
    """Put off messages that this round did not get to; no try of theirs is counted."""
    if not posts:
        return
    message_ids = [post.message.id for post in posts]
    async with database.tx() as tx:
        await tx.execute(_LEAVE, message_ids, until)
        await _start(tx, posts[0].webhook.market_id, message_ids, until)


async def _start(tx: Tx, market_id: UUID, message_ids: Sequence[UUID], due_at: datetime) -> None:
    await timers.start(
        tx,
        [
            timers.timer(tx, subject=id, kind=TIMER, market_id=market_id, due_at=due_at)
            for id in message_ids
        ],
    )
