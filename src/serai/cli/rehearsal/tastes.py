"""Tastes: which shops a person turns to, what is bought there, and at which hour.

People prefer what is near and priced in the money that they have. A few listings
sell much and many sell little.
"""

import math
from collections.abc import Mapping
from itertools import accumulate
from random import Random

from serai import logistics, members
from serai.cli.demo_market import DemoListing, DemoMarket, DemoPerson, DemoShop, DemoVariant

_NEAR_KM = 3_500
_FAR = 0.04
"""What is left of a shop's pull at the other end of the world."""
_HOME, _SAME_MONEY = 2.5, 1.6
_HEAD, _TAIL = 4.0, 0.9
"""Popularity of the listing at rank r is 1 / (r + _HEAD) ** _TAIL."""

BUSIEST = 1.7
_MOST_ACTIVE = 8.0
_HOUR_WEIGHTS = {6: 0.15, 12: 0.8, 18: 0.9, 24: BUSIEST}
"""How much is bought an hour until that hour of the day."""


class Tastes:
    """What everybody likes, drawn once; then asked for every purchase."""

    def __init__(self, market: DemoMarket, chance: Random) -> None:
        self.shops = {shop.slug: shop for shop in market.shops}
        self.people = {person.email: person for person in market.people}
        ranked = list(market.listings)
        chance.shuffle(ranked)
        popularity = {
            listing.handle: 1 / (rank + _HEAD) ** _TAIL for rank, listing in enumerate(ranked)
        }
        self._wares: dict[str, list[DemoListing]] = {slug: [] for slug in self.shops}
        for listing in market.listings:
            self._wares[listing.shop].append(listing)
        self._cumulated = {
            slug: list(accumulate(popularity[ware.handle] for ware in wares))
            for slug, wares in self._wares.items()
        }
        fame = {slug: chance.uniform(0.6, 1.6) for slug in self.shops}
        self._place_of = {shop.slug: _waypoint(shop) for shop in market.shops}
        self._home_of = {person.email: _waypoint(person) for person in market.people}
        self._pull = {email: self._pull_on(email, fame) for email in self.people}
        self.activity = {
            email: min(_MOST_ACTIVE, chance.paretovariate(1.6)) for email in self.people
        }

    def choose_shops(self, email: str, count: int, chance: Random) -> list[str]:
        """Choose different shops for a person."""
        pull = dict(self._pull[email])
        chosen: list[str] = []
        for _ in range(count):
            [slug] = chance.choices(list(pull), list(pull.values()))
            del pull[slug]
            chosen.append(slug)
        return chosen

    def choose_ware(self, slug: str, chance: Random) -> tuple[DemoListing, DemoVariant]:
        """Choose something of a shop; a variant that is stocked high sells more."""
        [listing] = chance.choices(self._wares[slug], cum_weights=self._cumulated[slug])
        variants = listing.variants
        [variant] = chance.choices(variants, [one.stock + 1 for one in variants])
        return listing, variant

    def way(self, email: str, slug: str) -> tuple[float, bool]:
        """Tell how far it is from a shop to a person in km, and whether it is abroad."""
        person, shop = self.people[email], self.shops[slug]
        km = logistics.great_circle_km(self._home_of[email], self._place_of[slug])
        return km, person.country != shop.country

    def hour_weight(self, email: str, hour: float) -> float:
        """Tell how likely a person buys at an hour (UTC): by the sun where he lives."""
        local = (hour + self._home_of[email].longitude / 15) % 24
        return next(weight for until, weight in _HOUR_WEIGHTS.items() if local < until)

    def _pull_on(self, email: str, fame: Mapping[str, float]) -> dict[str, float]:
        """Tell how strongly each shop pulls on a person."""
        money = members.countries()[self.people[email].country].currency
        pull: dict[str, float] = {}
        for slug, shop in self.shops.items():
            km, abroad = self.way(email, slug)
            weight = fame[slug] * (math.exp(-km / _NEAR_KM) + _FAR)
            weight *= 1 if abroad else _HOME
            pull[slug] = weight * (_SAME_MONEY if shop.currency == money else 1)
        return pull


def _waypoint(home: DemoPerson | DemoShop) -> logistics.Waypoint:
    place = members.place(home.geonameid)
    if place is None:
        raise LookupError(f"no place {home.geonameid}")
    return logistics.Waypoint(
        name=place.name,
        country=place.country,
        latitude=place.latitude,
        longitude=place.longitude,
        place_id=place.id,
    )
