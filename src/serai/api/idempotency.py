"""`Idempotency-Key`: the client's name for a command, so that sending it again does it once.

The command's id follows from the key and from the member who sends it. A key is
never a command's id as it stands: ids of transfers and timers follow from ids
that members may learn, and nobody may take such an id before its time. A key of
another member is simply another command. A UUIDv7 as the key keeps commands in
the order of time in the database's index; other keys serve as well, only slower.
"""

from typing import Annotated
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import HeaderParameter

from serai.api.says import decline
from serai.kernel import ids
from serai.members import Caller

HEADER = "Idempotency-Key"
_LENGTH_MAX = 255


async def command_id(
    caller: NamedDependency[Caller],
    idempotency_key: Annotated[
        str | None,
        HeaderParameter(
            name=HEADER,
            description=(
                "Your name for this request, best a UUID (version 7). The same key and the same"
                " body again get the same answer and are never done twice; the same key with"
                " another body is refused as `id_reused`."
            ),
        ),
    ] = None,
) -> UUID:
    """Give the id of the command that the request stands for; a dependency of handlers."""
    # The draft spells it as a quoted string; most clients send it bare.
    key = (idempotency_key or "").strip().strip('"')
    if not key or len(key) > _LENGTH_MAX:
        raise decline("idempotency_key_missing")
    return command_id_of(caller.member_id, key)


def command_id_of(member_id: UUID, key: str) -> UUID:
    """Derive a command's id from its sender and the sender's key."""
    try:
        return ids.derive(UUID(key), "command of", member_id)
    except ValueError:
        return ids.derive(member_id, "command named", key)
