"""Fates: what becomes of an order, drawn by chance as it goes in real markets.

Most are shipped within two days, travel as far as they must and are confirmed or
left to the deadline. A few go wrong in each of the ways that a market knows.
"""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from serai.cli.rehearsal.model import Ending, Fate, Sighting
from serai.logistics import Step

_ENDINGS = {
    Ending.CONFIRMED: 62.0,
    Ending.SILENT: 32.0,
    Ending.CALLED_OFF: 3.0,
    Ending.GIVEN_UP: 1.5,
    Ending.LOST: 1.5,
}
_EASED, _EXTENDED, _STOPPED, _REGRETTED, _UNSEEN, _MISSED = 0.03, 0.02, 0.008, 0.02, 0.01, 0.07

_KM_A_DAY = 1_800
_BORDER = timedelta(days=1.5)


def drawn(chance: Random, km: float, *, abroad: bool) -> Fate:
    """Draw a fate for an order whose parcel has so far to go."""
    ending = chance.choices(list(_ENDINGS), list(_ENDINGS.values()))[0]
    unseen = chance.random() < _UNSEEN
    way = () if unseen or ending is Ending.LOST else _way(chance, km, abroad=abroad)
    arrives = ending in {Ending.CONFIRMED, Ending.SILENT} and way
    regretted = bool(arrives) and chance.random() < _REGRETTED
    eased = bool(arrives) and not regretted and chance.random() < _EASED
    return Fate(
        ending=ending,
        ships_after=_ships_after(chance, ending),
        way=way,
        ends_after=_ends_after(chance, ending),
        eased_percent=chance.choice((10, 15, 20, 25, 30, 50)) if eased else 0,
        extended=ending is Ending.CONFIRMED and chance.random() < _EXTENDED,
        stopped=bool(arrives) and chance.random() < _STOPPED,
        regretted_percent=chance.choice((20, 35, 50, 100)) if regretted else 0,
        regretted_after_payout=regretted and chance.random() < 0.5,  # noqa: PLR2004  a coin
    )


def under_way(chance: Random) -> Fate:
    """Make the fate of an order that is shipped soon and travels for weeks."""
    way = (Sighting(timedelta(hours=6), Step.ACCEPT, there=False),
           Sighting(timedelta(hours=19), Step.DEPART, there=False))  # fmt: skip
    return Fate(
        ending=Ending.SILENT,
        ships_after=timedelta(hours=chance.uniform(8, 14)),
        way=way,
        ends_after=timedelta(days=30),
    )


def arrived(chance: Random) -> Fate:
    """Make the fate of an order that arrives within three days, to a silent buyer."""
    return Fate(
        ending=Ending.SILENT,
        ships_after=timedelta(hours=chance.uniform(6, 12)),
        way=_way(chance, 400, abroad=False),
        ends_after=timedelta(days=30),
    )


def waiting(chance: Random) -> Fate:
    """Make the fate of an order that its seller has not come to yet."""
    return Fate(
        ending=Ending.CONFIRMED,
        ships_after=timedelta(hours=chance.uniform(20, 60)),
        way=_way(chance, 400, abroad=False),
        ends_after=timedelta(days=2),
    )


def _ships_after(chance: Random, ending: Ending) -> timedelta:
    if ending is Ending.GIVEN_UP:
        return timedelta(days=365)
    return timedelta(hours=min(70.0, 4 + chance.lognormvariate(3.0, 0.6)))


def _ends_after(chance: Random, ending: Ending) -> timedelta:
    if ending is Ending.CALLED_OFF:
        return timedelta(hours=chance.uniform(1, 4))
    if ending is Ending.GIVEN_UP:
        return timedelta(hours=chance.uniform(73, 140))
    if ending is Ending.LOST:
        return timedelta(days=chance.uniform(9, 16))
    return timedelta(days=min(8.0, 0.7 + chance.lognormvariate(0.0, 1.0)))


def _way(chance: Random, km: float, *, abroad: bool) -> tuple[Sighting, ...]:
    """Draw the scans of a parcel; each kind once, and two more where nobody was at home."""
    collected = timedelta(hours=chance.uniform(2, 9))
    departed = collected + timedelta(hours=chance.uniform(3, 12))
    travel = timedelta(days=chance.uniform(0.4, 1.1) + km / _KM_A_DAY)
    there = departed + travel + (chance.uniform(0.5, 2.0) * _BORDER if abroad else timedelta())
    out = there + timedelta(hours=chance.uniform(5, 20))
    steps = [(collected, Step.ACCEPT, False), (departed, Step.DEPART, False)]
    steps += [(there, Step.ARRIVE, True), (out, Step.OUT_FOR_DELIVERY, True)]
    handed = out + timedelta(hours=chance.uniform(1, 7))
    if chance.random() < _MISSED:
        steps += [(handed, Step.ATTEMPT_FAIL, True)]
        out = handed + timedelta(hours=chance.uniform(14, 20))
        steps += [(out, Step.OUT_FOR_DELIVERY, True)]
        handed = out + timedelta(hours=chance.uniform(1, 7))
    steps += [(handed, Step.DELIVER, True)]
    return tuple(Sighting(*step) for step in steps)


def arrival(way: Sequence[Sighting]) -> timedelta | None:
    """Tell how long after shipping it is handed over, if it is."""
    return next((seen.after for seen in way if seen.step is Step.DELIVER), None)
