"""Registering webhooks: what an owner may have sent, where to, and signed with what."""

import base64
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from serai.kernel import ids
from serai.kernel.errors import OverloadedError, Refused
from serai.kernel.lock import alone, lock
from serai.kernel.settings import Settings
from serai.kernel.tx import Tx, columns
from serai.kernel.webhooks import targets
from serai.kernel.webhooks.model import KINDS_MAX, PER_OWNER_MAX, Code, Registered, Webhook

_SECRET_BYTES = 32
_OVERLAP = timedelta(hours=24)
_KIND = re.compile(r"\*|[a-z][a-z_-]{0,39}\.(\*|[a-z][a-z_.-]{0,59})")
_DESCRIPTION_MAX = 200


async def register(
    tx: Tx,
    settings: Settings,
    *,
    market_id: UUID,
    owner_id: UUID,
    url: str,
    kinds: Sequence[str],
    whole_market: bool = False,
    description: str = "",
) -> Registered | Refused:
    """Register a webhook; its secret is in the answer and nowhere else.

    The door must have checked that the owner may hear of the whole market. The
    address is checked here for its form; where it leads is checked at each sending.
    Raises `OverloadedError` when the same owner is registering another at this moment.
    """
    try:
        targets.checked(url, private=settings.webhook_private_targets)
    except targets.TargetError as error:
        return Refused(Code.URL_INVALID, {"field": "url", "reason": str(error)})
    strange = [kind for kind in kinds if not _KIND.fullmatch(kind)]
    if strange or not 1 <= len(kinds) <= KINDS_MAX:
        return Refused(Code.KINDS_INVALID, {"field": "kinds", "kind": (strange or [""])[0]})
    if not await alone(tx, f"webhooks of {owner_id}"):
        raise OverloadedError
    count = await tx.value("select count(*) from kernel_webhook where owner_id = $1", owner_id)
    if count >= PER_OWNER_MAX:
        return Refused(Code.WEBHOOKS_FULL, {"max": PER_OWNER_MAX})
    made = Webhook(
        id=ids.new(tx.clock.now()),
        market_id=market_id,
        owner_id=owner_id,
        url=url,
        kinds=sorted(set(kinds)),
        whole_market=whole_market,
        description=description[:_DESCRIPTION_MAX],
        secret=_new_secret(),
        previous_secret=None,
        previous_until=None,
        registered_at=tx.now,
        failing_since=None,
        disabled_at=None,
        disabled_reason=None,
    )
    await tx.insert([made])
    return Registered(made, made.secret)


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


async def webhooks_of(tx: Tx, owner_id: UUID) -> list[Webhook]:
    """List an owner's webhooks, the oldest first; there are never many."""
    return await tx.fetch(Webhook, _SELECT + " where owner_id = $1 order by id", owner_id)


_SELECT = f"select {columns(Webhook)} from kernel_webhook"  # noqa: S608  a class's own names


async def webhook(tx: Tx, owner_id: UUID, id: UUID) -> Webhook | Refused:
    """Find a webhook of this owner; another's is as unknown as none."""
    found = await tx.first(Webhook, _SELECT + " where id = $1 and owner_id = $2", id, owner_id)
    return found or unknown(id)


def unknown(id: UUID) -> Refused:
    """Refuse: this owner has no such webhook."""
    return Refused(Code.WEBHOOK_UNKNOWN, {"webhook_id": str(id)})


async def remove(tx: Tx, owner_id: UUID, id: UUID) -> Webhook | Refused:
    """Remove a webhook with all its messages; what is on its way arrives once more at most."""
    found = await webhook(tx, owner_id, id)
    if isinstance(found, Webhook):
        await tx.execute("delete from kernel_webhook where id = $1", id)
    return found


async def rotate(tx: Tx, owner_id: UUID, id: UUID) -> Registered | Refused:
    """Give a webhook a new secret; for a day messages are signed with the old one too."""
    found = await _locked(tx, owner_id, id)
    if isinstance(found, Refused):
        return found
    new, until = _new_secret(), tx.now + _OVERLAP
    await tx.execute(
        "update kernel_webhook set secret = $2, previous_secret = $3, previous_until = $4"
        " where id = $1",
        id,
        new,
        found.secret,
        until,
    )
    rotated = replace(found, secret=new, previous_secret=found.secret, previous_until=until)
    return Registered(rotated, new)


async def enable(tx: Tx, owner_id: UUID, id: UUID) -> Webhook | Refused:
    """Let a webhook that was disabled be sent to again; one that is enabled stays so.

    What it missed is among its dead messages, to be sent again one by one.
    """
    found = await _locked(tx, owner_id, id)
    if isinstance(found, Refused):
        return found
    await tx.execute(
        "update kernel_webhook set disabled_at = null, disabled_reason = null,"
        " failing_since = null where id = $1",
        id,
    )
    return replace(found, disabled_at=None, disabled_reason=None, failing_since=None)


async def narrow(tx: Tx, owner_id: UUID) -> int:
    """Let an owner's webhooks hear of nothing but his own affairs; gives how many heard more.

    To be called when somebody no longer runs the market.
    """
    return await tx.execute(
        "update kernel_webhook set whole_market = false where owner_id = $1 and whole_market",
        owner_id,
    )


async def _locked(tx: Tx, owner_id: UUID, id: UUID) -> Webhook | Refused:
    rows = await lock(tx, Webhook, [id])
    return rows[0] if rows and rows[0].owner_id == owner_id else unknown(id)
