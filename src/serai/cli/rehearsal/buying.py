"""Buying: who buys at a moment, what, and at which price."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import TypeVar

from serai.cli.demo_market import DemoListing, DemoVariant
from serai.cli.rehearsal import fates
from serai.cli.rehearsal.model import Fate, Joining, Paying, Purchase
from serai.cli.rehearsal.tastes import BUSIEST, Tastes

_SHOPS = {1: 0.72, 2: 0.21, 3: 0.07}
_LINES = {1: 0.46, 2: 0.30, 3: 0.15, 4: 0.09}
_UNITS = {1: 0.80, 2: 0.14, 3: 0.04, 4: 0.02}
_PAYING = {Paying.AT_ONCE: 0.945, Paying.LATER: 0.03, Paying.NEVER: 0.025}

_SETTLED = timedelta(hours=30)
"""How long somebody looks around before the first purchase."""
_TRIES_MAX = 200

T = TypeVar("T")

_Priced = tuple[DemoListing, DemoVariant]


class Buying:
    """Everybody's purchases so far: purchase limits count over all of them."""

    def __init__(self, tastes: Tastes, chance: Random, joinings: Sequence[Joining]) -> None:
        self._tastes = tastes
        self._chance = chance
        self._joined = [one.at + _SETTLED for one in joinings]
        self._emails = [one.email for one in joinings]
        self._activity = list(accumulate(tastes.activity[email] for email in self._emails))
        self._had: Counter[tuple[str, str]] = Counter()

    def draw(
        self,
        at: datetime,
        shops_max: int,
        *,
        paying: Paying | None = None,
        fate: Fate | None = None,
    ) -> Purchase:
        """Draw a purchase at that moment from so many shops at most."""
        chance = self._chance
        email = self._buyer(at)
        count = min(shops_max, _one_of(chance, _SHOPS))
        shops = self._tastes.choose_shops(email, count, chance)
        lines: dict[str, tuple[_Priced, int]] = {}
        wanted = [*shops, *chance.choices(shops, k=max(0, _one_of(chance, _LINES) - count))]
        for slug in wanted:
            added = self._add(lines, email, slug)
            if not added and all(listing.shop != slug for (listing, _), _ in lines.values()):
                raise RuntimeError(f"{email} finds nothing to buy at {slug}")
        chosen = paying or _one_of(chance, _PAYING)
        return Purchase(
            at=at,
            email=email,
            units={sku: units for sku, (_, units) in lines.items()},
            totals=self._totals(lines),
            paying=chosen,
            fates={slug: fate or self._fate(email, slug) for slug in sorted(shops)},
        )

    def closing(
        self, moments: Sequence[datetime], until: datetime, orders: int
    ) -> Iterator[tuple[datetime, Paying, Fate]]:
        """Name what is bought last, so that the market is seen with orders in every state."""
        each = max(1, orders // 400)
        kinds = (
            (timedelta(minutes=1), Paying.NEVER, fates.waiting),
            (timedelta(hours=2), Paying.AT_ONCE, fates.waiting),
            (timedelta(days=4), Paying.AT_ONCE, fates.under_way),
            (timedelta(days=7), Paying.AT_ONCE, fates.arrived),
        )
        for before, paying, make in kinds:
            moment = moments[bisect_left(moments, until - before) - 1]
            for _ in range(each):
                yield moment, paying, make(self._chance)

    def _buyer(self, at: datetime) -> str:
        """Choose who has joined by then, the active ones oftener and who is awake rather."""
        there = bisect_left(self._joined, at)
        hour = at.hour + at.minute / 60
        for _ in range(_TRIES_MAX):
            number = bisect_right(self._activity, self._chance.random() * self._activity[there - 1])
            email = self._emails[min(number, there - 1)]
            if self._chance.random() * BUSIEST < self._tastes.hour_weight(email, hour):
                return email
        raise RuntimeError(f"nobody buys anything at {at}")

    def _add(self, lines: dict[str, tuple[_Priced, int]], email: str, slug: str) -> bool:
        """Put something of a shop into the basket that is not in it and not over its limit."""
        for _ in range(_TRIES_MAX):
            listing, variant = self._tastes.choose_ware(slug, self._chance)
            units = _one_of(self._chance, _UNITS)
            had = self._had[email, variant.sku]
            limit = listing.purchase_limit
            if variant.sku in lines or (limit is not None and had + units > limit):
                continue
            self._had[email, variant.sku] = had + units
            lines[variant.sku] = ((listing, variant), units)
            return True
        return False

    def _totals(self, lines: Mapping[str, tuple[_Priced, int]]) -> dict[str, int]:
        """Add up what a shop's goods and shipping come to, by currency."""
        goods: Counter[str] = Counter()
        for (listing, variant), units in lines.values():
            goods[listing.shop] += variant.price * units
        totals: Counter[str] = Counter()
        for slug, amount in goods.items():
            shop = self._tastes.shops[slug]
            free = amount >= shop.free_shipping_from
            totals[shop.currency] += amount + (0 if free else shop.shipping_fee)
        return dict(totals)

    def _fate(self, email: str, slug: str) -> Fate:
        km, abroad = self._tastes.way(email, slug)
        return fates.drawn(self._chance, km, abroad=abroad)


def _one_of(chance: Random, weights: Mapping[T, float]) -> T:
    return chance.choices(list(weights), list(weights.values()))[0]
