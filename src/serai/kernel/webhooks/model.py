"""What a webhook is, and what is sent to it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from serai.kernel.tx import Row

PER_OWNER_MAX = 20
KINDS_MAX = 50
TIMER = "webhook.send"

# What Standard Webhooks recommends: soon for a restart, then over a day for an outage.
RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
FAILING_MAX = timedelta(days=5)
"""After so long without one success a webhook is disabled."""


class Code(StrEnum):
    """Why something about a webhook was refused. The facts of each are in its comment."""

    URL_INVALID = "webhook_url_invalid"  # field, reason
    KINDS_INVALID = "webhook_kinds_invalid"  # field, kind
    WEBHOOKS_FULL = "webhooks_full"  # max
    WEBHOOK_UNKNOWN = "webhook_unknown"  # webhook_id
    WEBHOOK_DISABLED = "webhook_disabled"  # reason
    MESSAGE_UNKNOWN = "webhook_message_unknown"  # message_id


class State(StrEnum):
    """What became of a message. Dead: given up on, until its owner asks for it again."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


class Webhook(Row, frozen=True):
    """An address that wants to be told of events, and the secret that signs them."""

    table: ClassVar[str] = "kernel_webhook"

    id: UUID
    market_id: UUID
    owner_id: UUID
    url: str
    kinds: list[str]
    """`order.paid`, `order.*`, or `*` for all."""
    whole_market: bool
    """Whether it hears of everybody's affairs; only for who runs the market."""
    description: str
    secret: str
    previous_secret: str | None
    """Still signs beside the new one until `previous_until`, so that a rotation loses nothing."""
    previous_until: datetime | None
    registered_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None

    def __repr__(self) -> str:
        """Leave the secrets out: what is printed is logged."""
        return f"Webhook(id={self.id}, url={self.url!r})"

    def wants(self, kind: str) -> bool:
        """Tell whether events of this kind are to be sent."""
        area = kind.partition(".")[0] + ".*"
        return any(wanted in {kind, area, "*"} for wanted in self.kinds)

    def secrets(self, now: datetime) -> list[str]:
        """Name the secrets that sign a message now, the newest first."""
        if self.previous_secret and self.previous_until and now < self.previous_until:
            return [self.secret, self.previous_secret]
        return [self.secret]


class Registered(Struct, frozen=True):
    """A webhook with its secret, which is shown when it is made and never again."""

    webhook: Webhook
    secret: str

    def __repr__(self) -> str:
        """Leave the secret out: what is printed is logged."""
        return f"Registered(webhook={self.webhook.id})"


class Message(Row, frozen=True):
    """One event for one webhook: the same id at every try."""

    table: ClassVar[str] = "kernel_webhook_message"

    id: UUID
    webhook_id: UUID
    event_id: UUID
    kind: str
    state: State
    attempts: int
    """Tries since it was made, or since its owner asked for it again."""
    made_at: datetime
    tried_at: datetime | None
    next_at: datetime | None
    status: int | None
    """The HTTP status of the last answer; None where none came."""
    error: str | None
