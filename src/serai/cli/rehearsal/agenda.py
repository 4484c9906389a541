"""The agenda: what is due when, and the moments at which the market looks at it."""

import heapq
from datetime import datetime
from enum import IntEnum, auto
from itertools import count

from msgspec import Struct


class What(IntEnum):
    """What somebody is going to do. Of what is due at one moment, the lower comes first."""

    JOIN = auto()
    OPEN_SHOP = auto()
    FUND = auto()
    RESTOCK = auto()
    ADD_MONEY = auto()
    PAY = auto()
    BUY = auto()
    CALL_OFF = auto()
    SHIP = auto()
    SCAN = auto()
    CLOSE = auto()
    """The market's timers fire."""
    WORK = auto()
    """And events reach their reactions."""
    STOP = auto()
    RESUME = auto()
    EXTEND = auto()
    EASE = auto()
    CONFIRM = auto()
    LOSE = auto()
    PAY_OUT = auto()
    REGRET = auto()


_ALWAYS = frozenset({What.JOIN, What.OPEN_SHOP, What.FUND})
_MARKET_DAY = frozenset({What.RESTOCK, What.ADD_MONEY, What.BUY})

ROUND = _ALWAYS | _MARKET_DAY | {What.CALL_OFF, What.SHIP, What.SCAN, What.WORK}
"""Sellers pack, couriers hand in what they scanned, the market does its own work."""

REST = _ALWAYS | _MARKET_DAY | {
    What.STOP, What.RESUME, What.EXTEND, What.EASE,
    What.CONFIRM, What.LOSE, What.PAY_OUT, What.REGRET,
}  # fmt: skip
"""Between two rounds people look at what has arrived."""

OPENING = _ALWAYS
PAYING = frozenset({What.PAY})
CLOSING = frozenset({What.CLOSE})


class Entry(Struct, frozen=True):
    """Something due, and exactly when."""

    at: datetime
    thing: object


class Moment(Struct, frozen=True):
    """When the market looks up, and what is done then if it is due."""

    at: datetime
    doing: frozenset[What]


class Agenda:
    """What is still to come. Lives as long as the rehearsal."""

    def __init__(self) -> None:
        self._moments: list[tuple[datetime, int, frozenset[What]]] = []
        self._entries: dict[What, list[tuple[datetime, int, object]]] = {w: [] for w in What}
        self._number = count()

    def put(self, at: datetime, what: What, thing: object) -> None:
        """Have something done at the first moment for it that is not before `at`."""
        heapq.heappush(self._entries[what], (at, next(self._number), thing))

    def look(self, at: datetime, doing: frozenset[What]) -> None:
        """Make that a moment, for what is named."""
        heapq.heappush(self._moments, (at, next(self._number), doing))

    def next(self) -> Moment | None:
        """Take the next moment off, if there is one."""
        if not self._moments:
            return None
        at, _, doing = heapq.heappop(self._moments)
        while self._moments and self._moments[0][0] == at:
            doing |= heapq.heappop(self._moments)[2]
        return Moment(at, doing)

    def due(self, moment: Moment) -> dict[What, list[Entry]]:
        """Take off what is due by then and done then, each kind in the order of time."""
        found: dict[What, list[Entry]] = {}
        for what in moment.doing:
            entries = self._entries[what]
            while entries and entries[0][0] <= moment.at:
                at, _, thing = heapq.heappop(entries)
                found.setdefault(what, []).append(Entry(at, thing))
        return found
