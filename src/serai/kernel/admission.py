"""Admission: what comes in while more comes than can be served soon.

What is inside is counted, and how fast it leaves is measured; the two together
tell how long a newcomer would wait. Where that is too long it is turned away at
once, before it has cost anything: a short queue serves as many as a long one,
and all of them sooner.

Everything belongs to a lane (a market, say). A lane that has less than its even
share inside comes in although others have filled the house, so that the rush of
one never starves another.
"""

import math
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from serai.kernel import metrics
from serai.kernel.errors import OverloadedError

Lane = Hashable

_WINDOW_S = 0.25
_NEWEST = 0.5
"""How much the newest window weighs against all before it."""


class Admission:
    """A house with so much room as can be served within `wait_max_s`.

    `always` may be inside however slow it goes: they share one batch, or keep the
    processor busy. More than `inside_max` never are, and until it was measured how
    fast they leave, that alone is the bound.
    """

    def __init__(
        self,
        name: str,
        *,
        wait_max_s: float,
        always: int,
        inside_max: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wait_max_s = wait_max_s
        self._always = min(always, inside_max)
        self._inside_max = inside_max
        self._clock = clock
        self._lanes: dict[Lane, int] = {}
        self._seconds_each: float | None = None
        self._busy_s = 0.0
        self._left = 0
        self._marked_s = 0.0
        self.inside = 0
        self._most = 0
        self._most_shown = metrics.inside_most.labels(name)
        self._refused = metrics.turned_away.labels(name)

    @property
    def room(self) -> int:
        """Tell how many may be inside, as fast as they leave now."""
        if self._seconds_each is None:
            return self._inside_max
        room = int(self._wait_max_s / self._seconds_each)
        return max(self._always, min(room, self._inside_max))

    @property
    def wait_s(self) -> float:
        """Estimate how long who comes now would wait."""
        return self.inside * (self._seconds_each or 0.0)

    @property
    def is_pressed(self) -> bool:
        """Tell whether half of the room is taken."""
        return 2 * self.inside >= self.room

    def enter(self, lane: Lane) -> None:
        """Come in; who has come in leaves exactly once.

        Raises `OverloadedError` where there is no room: the whole house has none,
        and this lane has its even share of it inside already. All lanes together
        never have more than twice the room, nor more than `inside_max`.
        """
        room = self.room
        if self.inside >= room:
            mine = self._lanes.get(lane, 0)
            share = room / (len(self._lanes) + (mine == 0))
            if mine >= share or self.inside >= min(2 * room, self._inside_max):
                self._refused.inc()
                raise OverloadedError(max(1, math.ceil(self.wait_s)))
        self._come(lane)
        if self.inside > self._most:
            self._most = self.inside
            self._most_shown.set(self._most)

    def leave(self, lane: Lane) -> None:
        """Go, having been served."""
        self._go(lane)
        self._left += 1
        if self._busy_s >= _WINDOW_S:
            newest = self._busy_s / self._left
            before = newest if self._seconds_each is None else self._seconds_each
            self._seconds_each = before + _NEWEST * (newest - before)
            self._busy_s, self._left = 0.0, 0

    @contextmanager
    def outside(self, lane: Lane) -> Iterator[None]:
        """Be elsewhere for a while, such as waiting for a slow client, and take no room there."""
        self._go(lane)
        try:
            yield
        finally:
            self._come(lane)

    def _come(self, lane: Lane) -> None:
        if self.inside == 0:
            self._marked_s = self._clock()
        self.inside += 1
        self._lanes[lane] = self._lanes.get(lane, 0) + 1

    def _go(self, lane: Lane) -> None:
        """Count somebody out; the time while anybody was inside is the time spent serving."""
        now_s = self._clock()
        self._busy_s += now_s - self._marked_s
        self._marked_s = now_s
        self.inside -= 1
        left = self._lanes[lane] - 1
        if left:
            self._lanes[lane] = left
        else:
            del self._lanes[lane]
