"""Names of things: UUIDs in order of time, and UUIDs that follow from other UUIDs.

Rows of the hot tables are inserted in the order of their ids, so that their
indexes grow at one edge instead of everywhere (RFC 9562, versions 7 and 8).
"""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VERSION_8 = 0x8 << 76
_VARIANT = 0b10 << 62
_TIME_MASK = ((1 << 48) - 1) << 80

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
    milliseconds, count = tick >> 12, tick & 0xFFF
    number = milliseconds << 80 | _VERSION_7 | count << 64 | _VARIANT | secrets.randbits(62)
    return UUID(int=number)


def derive(parent: UUID, *names: str | UUID) -> UUID:
    """Name a thing that follows from another: same parent and names, same id.

    This is how "exactly once" is kept without a second unique index: the end of
    a hold, say, has only one possible id. The parent's leading 48 bits stay, so
    that children of one moment lie together in an index (UUIDv8).
    """
    digest = hashlib.blake2b(parent.bytes, digest_size=10)
    for name in names:
        digest.update(b"\x00" + (name.bytes if isinstance(name, UUID) else name.encode()))
    tail = int.from_bytes(digest.digest(), "big")
    tail &= ~(0xF << 76) & ~(0b11 << 62) & ((1 << 80) - 1)
    return UUID(int=parent.int & _TIME_MASK | _VERSION_8 | _VARIANT | tail)
