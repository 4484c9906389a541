"""A rush: more checkouts of one variant than all else together leaves room for.

Both measures here only hold back what would wait in vain, and only while the
house is pressed; neither decides anything. What is held back is answered with
503 and a time to come again, is not remembered, and under the same key is
decided later. A refusal by the shelf itself, 409 and remembered, comes out of the
batch alone.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from serai import inventory, trade
from serai.api.says import decline
from serai.kernel.admission import Admission
from serai.kernel.errors import OverloadedError, Refused

_SHARE = 0.5
"""How much of the room the checkouts of one variant may take."""
_KNOWN_S = 1.0
_KNOWN_MAX = 10_000
_NOTHING_KNOWN = (0.0, 0)
_RETRY_S = 1

Look = Callable[[list[UUID]], Awaitable[Mapping[UUID, int]]]
"""Reads how many of each variant one order could have now."""


class Rush:
    """The checkouts under way in this process, by variant, and what was left of some."""

    def __init__(
        self, admission: Admission, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._admission = admission
        self._clock = clock
        self._under_way: Counter[UUID] = Counter()
        # Until when it is known, and the most that one location has.
        self._left: OrderedDict[UUID, tuple[float, int]] = OrderedDict()

    @contextmanager
    def among(self, checkout: trade.Checkout) -> Iterator[None]:
        """Hold back, or count while it is under way.

        While the house is pressed: 503 as `sold_out_just_now` where less than a second
        ago no shelf had that many, so stock that comes back is found within a second;
        `OverloadedError` where one variant takes its share of the room already.
        """
        wanted = {line.variant_id: line.quantity for line in checkout.wanted}
        if self._admission.is_pressed:
            self._hold_back(wanted)
        self._under_way.update(wanted.keys())
        try:
            yield
        finally:
            for variant_id in wanted:
                self._under_way[variant_id] -= 1
                if not self._under_way[variant_id]:
                    del self._under_way[variant_id]

    async def learn(self, outcome: object, look: Look) -> None:
        """Where the shelf refused in a rush, look how much is left, and know it for a second.

        The refusal itself tells nothing of now: it may be an old one, asked for again.
        """
        if not isinstance(outcome, Refused) or outcome.code != inventory.Code.OUT_OF_STOCK:
            return
        now_s = self._clock()
        named = {UUID(line["variant_id"]) for line in outcome.facts["lines"]}
        unknown = [one for one in named if self._left.get(one, _NOTHING_KNOWN)[0] <= now_s]
        if not (unknown and self._admission.is_pressed):
            return
        # Known from here on, so that not everybody who is refused looks.
        self._know(dict.fromkeys(unknown, inventory.ON_HAND_MAX), now_s)
        self._know(await look(unknown), now_s)

    def _know(self, left: Mapping[UUID, int], now_s: float) -> None:
        for variant_id, available in left.items():
            self._left[variant_id] = (now_s + _KNOWN_S, available)
            self._left.move_to_end(variant_id)
        while len(self._left) > _KNOWN_MAX:
            self._left.popitem(last=False)

    def _hold_back(self, wanted: dict[UUID, int]) -> None:
        now_s = self._clock()
        for variant_id, quantity in wanted.items():
            until_s, available = self._left.get(variant_id, _NOTHING_KNOWN)
            if now_s < until_s and quantity > available:
                wait = {"Retry-After": str(_RETRY_S)}
                facts = {"variant_id": str(variant_id), "seconds": _RETRY_S}
                raise decline("sold_out_just_now", wait, **facts)
            if self._under_way[variant_id] >= _SHARE * self._admission.room:
                raise OverloadedError(_RETRY_S)
