"""Webhooks at the machine's door: where to, of what, and what became of each message."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from serai.api.asked import Part, TheCaller, TheHouse
from serai.api.bodies import Body
from serai.api.callers import requires
from serai.api.pages import Page, paged
from serai.api.says import Says, accepted, decline
from serai.kernel import webhooks
from serai.kernel.webhooks import Code, Message, State
from serai.members import Role, Scope

_STATUS_ACCEPTED = 202


class NewWebhook(Body):
    """Where to send, and which events: `order.paid`, all of an area as `order.*`, or `*`."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000, description="Begins with https://.")]
    kinds: Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(min_length=1, max_length=50)]
    description: Annotated[str, Meta(max_length=200)] = ""
    whole_market: Annotated[
        bool, Meta(description="Hear of everybody's affairs; for operators only.")
    ] = False


class Webhook(Struct, frozen=True):
    """A webhook as its owner sees it; without its secret."""

    id: UUID
    url: str
    kinds: list[str]
    whole_market: bool
    description: str
    registered_at: datetime
    failing_since: datetime | None
    """Since when nothing has been delivered."""
    disabled_at: datetime | None
    disabled_reason: str | None


class NewSecret(Struct, frozen=True):
    """A webhook and its secret, which is shown once."""

    secret: str
    webhook: Webhook


def _shown(webhook: webhooks.Webhook) -> Webhook:
    return Webhook(*(getattr(webhook, name) for name in Webhook.__struct_fields__))


@post("/webhooks", tags=["webhooks"], opt=requires())
async def register_webhook(
    house: TheHouse, caller: TheCaller, data: JSONBody[NewWebhook]
) -> NewSecret:
    """Register a webhook.

    Messages are signed by the Standard Webhooks scheme with the secret in this
    answer, which is shown nowhere else. You hear of what is your affair; an
    operator may ask for the whole market's.
    """
    if data.whole_market and Role.OPERATOR not in caller.roles:
        raise decline("role_missing", role=str(Role.OPERATOR))
    made = accepted(
        await house.ask(
            webhooks.register,
            house.settings,
            market_id=caller.market_id,
            owner_id=caller.member_id,
            url=data.url,
            kinds=data.kinds,
            whole_market=data.whole_market,
            description=data.description,
        )
    )
    return NewSecret(made.secret, _shown(made.webhook))


@get("/webhooks", tags=["webhooks"], opt=requires(Scope.READ))
async def list_webhooks(house: TheHouse, caller: TheCaller) -> list[Webhook]:
    """List your webhooks."""
    return [_shown(one) for one in await house.ask(webhooks.webhooks_of, caller.member_id)]


@get("/webhooks/{webhook_id:uuid}", tags=["webhooks"], opt=requires(Scope.READ))
async def show_webhook(house: TheHouse, caller: TheCaller, webhook_id: FromPath[UUID]) -> Webhook:
    """Show one of your webhooks."""
    return _shown(accepted(await house.ask(webhooks.webhook, caller.member_id, webhook_id)))


@delete("/webhooks/{webhook_id:uuid}", tags=["webhooks"], opt=requires())
async def remove_webhook(house: TheHouse, caller: TheCaller, webhook_id: FromPath[UUID]) -> None:
    """Remove a webhook with all its messages."""
    accepted(await house.ask(webhooks.remove, caller.member_id, webhook_id))


@post("/webhooks/{webhook_id:uuid}/secrets", tags=["webhooks"], opt=requires())
async def rotate_webhook_secret(
    house: TheHouse, caller: TheCaller, webhook_id: FromPath[UUID]
) -> NewSecret:
    """Give a webhook a new secret; for a day messages are signed with the old one too."""
    rotated = accepted(await house.ask(webhooks.rotate, caller.member_id, webhook_id))
    return NewSecret(rotated.secret, _shown(rotated.webhook))


@delete("/webhooks/{webhook_id:uuid}/disablement", tags=["webhooks"], opt=requires())
async def enable_webhook(house: TheHouse, caller: TheCaller, webhook_id: FromPath[UUID]) -> None:
    """Send to a webhook again that was disabled; what it missed is among its dead messages."""
    accepted(await house.ask(webhooks.enable, caller.member_id, webhook_id))


@get("/webhooks/{webhook_id:uuid}/messages", tags=["webhooks"], opt=requires(Scope.READ))
async def list_webhook_messages(
    request: Request[Any, Any, Any],
    house: TheHouse,
    caller: TheCaller,
    webhook_id: FromPath[UUID],
    part: Part,
    having: Annotated[State | None, QueryParameter(name="state")] = None,
) -> Response[Page[Message]]:
    """List a webhook's messages, the newest first; `state=dead` lists what was given up on."""
    rows = accepted(
        await house.ask(
            webhooks.messages_of,
            caller.member_id,
            webhook_id,
            state=having,
            before=part.after(UUID),
            limit=part.fetch,
        )
    )
    return paged(request, rows, part, key=lambda row: row.id, show=lambda row: row)


@post(
    "/webhooks/{webhook_id:uuid}/messages/{message_id:uuid}/redelivery",
    tags=["webhooks"],
    opt=requires(),
    status_code=_STATUS_ACCEPTED,
)
async def redeliver_webhook_message(
    house: TheHouse, caller: TheCaller, webhook_id: FromPath[UUID], message_id: FromPath[UUID]
) -> Message:
    """Send a message again, now, whatever became of it before."""
    return accepted(await house.ask(webhooks.redeliver, caller.member_id, webhook_id, message_id))


@post(
    "/webhooks/{webhook_id:uuid}/test-messages",
    tags=["webhooks"],
    opt=requires(),
    status_code=_STATUS_ACCEPTED,
)
async def send_test_message(
    house: TheHouse, caller: TheCaller, webhook_id: FromPath[UUID]
) -> Message:
    """Send a webhook an event that means nothing, to see it arrive."""
    return accepted(await house.ask(webhooks.ping, caller.member_id, webhook_id))


ROUTES = [
    register_webhook,
    list_webhooks,
    show_webhook,
    remove_webhook,
    rotate_webhook_secret,
    enable_webhook,
    list_webhook_messages,
    redeliver_webhook_message,
    send_test_message,
]

REFUSALS: dict[str, Says] = {
    Code.URL_INVALID: Says(422, "Nothing can be sent there", "This address is refused: {reason}."),
    Code.KINDS_INVALID: Says(
        422,
        "This is no kind of event",
        "{kind} is not of the form order.paid, order.* or *.",
    ),
    Code.WEBHOOKS_FULL: Says(
        409, "There are enough of these", "You may have {max:number}; remove one first."
    ),
    Code.WEBHOOK_UNKNOWN: Says(404, "No such webhook", "You have no webhook of that id."),
    Code.WEBHOOK_DISABLED: Says(
        409, "This webhook is disabled", "Enable it first. The reason: {reason}"
    ),
    Code.MESSAGE_UNKNOWN: Says(404, "No such message", "This webhook has no message of that id."),
}
"""What is said to the refusals of `serai.kernel.webhooks`."""
