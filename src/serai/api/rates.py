"""How fast one caller may ask: a bucket of tokens that fills at a steady rate.

Kept in this process's memory: it guards the house's strength, not its truth.
With several processes each allows its share's worth anew.
"""

import math
from collections import OrderedDict

from msgspec import Struct

_CALLERS_MAX = 50_000
_BURST_SHARE = 10


class Pace(Struct, frozen=True):
    """What became of one request: whether it may go on, and what the caller has left."""

    allowed: bool
    left: int
    burst: int
    per_minute: int
    wait_s: int
    """Seconds until the next request may be made; 0 if it may be made now."""

    def header(self) -> str:
        """Write the value of the `RateLimit` header (IETF draft, httpapi-ratelimit-headers)."""
        return f'"minute";r={self.left};t={self.wait_s}'

    def policy(self) -> str:
        """Write the value of the `RateLimit-Policy` header."""
        return f'"minute";q={self.per_minute};w=60'


class Buckets:
    """The buckets of the callers seen lately. The longest unseen is forgotten first.

    Who is forgotten starts with a full bucket: with fewer callers than are kept
    nobody gains by it.
    """

    def __init__(self, per_minute: int, *, callers_max: int = _CALLERS_MAX) -> None:
        self._per_minute = per_minute
        self._burst = max(1, per_minute // _BURST_SHARE)
        self._callers_max = callers_max
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, now_s: float, cost: int = 1) -> Pace:
        """Take tokens out of a caller's bucket; `now_s` is a steady clock's seconds."""
        per_second = self._per_minute / 60
        left, seen_s = self._left.pop(caller, (float(self._burst), now_s))
        left = min(self._burst, left + max(0.0, now_s - seen_s) * per_second)
        cost = min(cost, self._burst)
        allowed = left >= cost
        if allowed:
            left -= cost
        self._left[caller] = (left, now_s)
        if len(self._left) > self._callers_max:
            self._left.popitem(last=False)
        missing = 0.0 if allowed and left >= 1 else (1 if allowed else cost) - left
        wait_s = math.ceil(missing / per_second)
        return Pace(allowed, int(left), self._burst, self._per_minute, wait_s)

    def __len__(self) -> int:
        return len(self._left)
