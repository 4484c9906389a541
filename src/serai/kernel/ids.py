"""Names of things: UUIDs in order of time, and UUIDs that follow from other UUIDs.

Rows of the hot tables are inserted in the order of their ids, so that their
indexes grow at one edge instead of everywhere (RFC 9562, versions 7 and 8).
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

# The driver's own UUID is one, made and compared in C: the standard library's costs ten
# times as much to make, and an order makes and hashes dozens.
from asyncpg.pgproto.pgproto import UUID as QuickUUID  # noqa: N811  it is no constant

_VERSION_7 = 0x7 << 76
_VERSION_8 = 0x8 << 76
_VARIANT = 0b10 << 62
_RANDOM_BITS = (1 << 62) - 1
_TAIL_BITS = (1 << 80) - 1 & ~(0xF << 76) & ~(0b11 << 62)
_CHANCE_BYTES = 4096

_last_tick = 0


def new(moment: datetime) -> UUID:
    """Make an id (UUIDv7) that sorts after every id made before by this process.

    The 48 bits of milliseconds are followed by 12 bits of the fraction, so ids
    of several processes too sort by the microsecond; a moment not later than
    the last one borrows the next tick rather than break the order.
    """
    global _last_tick  # noqa: PLW0603  the counter is the whole state of this file
    tick = (int(moment.timestamp() * 1_000_000) << 12) // 1000
    _last_tick = tick if tick > _last_tick else _last_tick + 1
    return _spell(_last_tick)


def _spell(tick: int) -> UUID:
    number = tick >> 12 << 80 | _VERSION_7 | (tick & 0xFFF) << 64 | _VARIANT | next(_chance)
    return QuickUUID(number.to_bytes(16, "big"))


def _draw() -> Iterator[int]:
    """Draw 62 random bits each time, asking the system for those of hundreds at once."""
    while True:
        drawn = os.urandom(_CHANCE_BYTES)
        for start in range(0, _CHANCE_BYTES, 8):
            yield int.from_bytes(drawn[start : start + 8], "big") & _RANDOM_BITS


_chance = _draw()


def _draw_anew() -> None:
    """A forked process must not repeat its parent's chance."""
    global _chance  # noqa: PLW0603  as above
    _chance = _draw()


os.register_at_fork(after_in_child=_draw_anew)


def derive(parent: UUID, *names: str | UUID) -> UUID:
    """Name a thing that follows from another: same parent and names, same id.

    This is how "exactly once" is kept without a second unique index: the end of
    a hold, say, has only one possible id. The parent's leading 48 bits stay, so
    that children of one moment lie together in an index (UUIDv8).
    """
    said = [parent.bytes]
    said += [name.bytes if isinstance(name, UUID) else name.encode() for name in names]
    tail = hashlib.blake2b(b"\x00".join(said), digest_size=10).digest()
    number = int.from_bytes(tail, "big") & _TAIL_BITS | _VERSION_8 | _VARIANT
    return QuickUUID(parent.bytes[:6] + number.to_bytes(10, "big"))
