"""The plan: half a year of a market, drawn from a seed before anything is carried out.

The same content, seed, number of orders and end always give the same plan.
Trade grows, swells towards weekends and has one festival of three days.
"""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random

from serai.cli.demo_market import DemoMarket
from serai.cli.rehearsal.buying import Buying
from serai.cli.rehearsal.model import Joining, Opening, Payout, Plan, Purchase, Restocking
from serai.cli.rehearsal.purses import addings
from serai.cli.rehearsal.tastes import Tastes

TRADE_DAYS = 120
FOUNDING_DAYS = 30
"""How long before the first order the market is founded."""

_HOURS = (2, 8, 14, 20)
_ROUND_HOURS = frozenset({8, 20})
_JITTER_MINUTES = 100
_LAST_MOMENTS = (timedelta(hours=3), timedelta(minutes=55), timedelta(minutes=9))

_WEEK = (0.90, 0.85, 0.90, 1.00, 1.15, 1.40, 1.30)
"""How much is bought on a Monday to Sunday."""
_GROWTH = 1.1
"""The last day sees this much more than the first, on top of the same."""
_FESTIVAL_BEFORE = timedelta(days=40)
_FESTIVAL = {0: 2.2, 1: 3.0, 2: 1.8}

_EARLY = 0.6
"""How many of the people are there when trade begins."""
_DEMO_BUYER_AFTER = timedelta(days=3)
_PAYOUT_DAYS = 14
_ODD = 0.05
_ODD_ACCOUNTS = ("SANDBOX-FAIL", "SANDBOX-RETURN", "SANDBOX-LATE", "SANDBOX-TWICE")


def draw(market: DemoMarket, *, orders: int, until: datetime, seed: int) -> Plan:
    """Draw a plan with that many orders, the last of them minutes before `until`."""
    # Not for secrets: a rehearsal must come out the same for the same seed.
    chance = Random(seed)  # noqa: S311
    trades_from = until - timedelta(days=TRADE_DAYS)
    founded_at = trades_from - timedelta(days=FOUNDING_DAYS)
    moments, rounds = _moments(chance, trades_from, until)
    joinings = _joinings(market, chance, founded_at, trades_from, until)
    tastes = Tastes(market, chance)
    buying = Buying(tastes, chance, joinings)
    purchases = _purchases(buying, chance, orders, moments, until)
    return Plan(
        founded_at=founded_at,
        trades_from=trades_from,
        until=until,
        moments=moments,
        rounds=rounds,
        joinings=joinings,
        openings=_openings(market, chance, founded_at),
        restockings=_restockings(market, purchases, trades_from),
        addings=addings(chance, purchases, moments),
        purchases=purchases,
        payouts=_payouts(market, chance, trades_from, until),
    )


def _moments(
    chance: Random, trades_from: datetime, until: datetime
) -> tuple[tuple[datetime, ...], frozenset[datetime]]:
    """Spread moments over the days, never at the full hour; some of them are rounds."""
    moments = [until - before for before in _LAST_MOMENTS]
    rounds = {moments[0]}
    midnight = datetime.combine(trades_from.date(), time(), trades_from.tzinfo)
    for day in range(TRADE_DAYS + 1):
        for hour in _HOURS:
            minutes = 60 * hour + chance.uniform(-_JITTER_MINUTES, _JITTER_MINUTES)
            moment = midnight + timedelta(days=day, seconds=round(60 * minutes))
            if trades_from < moment < moments[0]:
                moments.append(moment)
                if hour in _ROUND_HOURS:
                    rounds.add(moment)
    return tuple(sorted(moments)), frozenset(rounds)


def _joinings(
    market: DemoMarket, chance: Random, founded_at: datetime, trades_from: datetime, until: datetime
) -> tuple[Joining, ...]:
    """Let people come in the order of chance, the first of the file as one of the first."""
    begun = founded_at + timedelta(days=2)
    found: list[Joining] = []
    for number, person in enumerate(market.people):
        if number == 0:
            at = founded_at + _DEMO_BUYER_AFTER
        elif chance.random() < _EARLY:
            at = begun + chance.random() * (trades_from - begun)
        else:
            at = trades_from + chance.random() * (until - timedelta(days=3) - trades_from)
        found.append(Joining(at, person.email))
    return tuple(sorted(found, key=lambda one: (one.at, one.email)))


def _openings(market: DemoMarket, chance: Random, founded_at: datetime) -> tuple[Opening, ...]:
    apart = timedelta(days=FOUNDING_DAYS - 3) / len(market.shops)
    first = founded_at + timedelta(days=1)
    return tuple(
        Opening(first + number * apart + timedelta(hours=chance.uniform(0, 9)), shop.slug)
        for number, shop in enumerate(market.shops)
    )


def _purchases(
    buying: Buying, chance: Random, orders: int, moments: Sequence[datetime], until: datetime
) -> tuple[Purchase, ...]:
    """Draw the last ones first: they show every state in which an order can be at the end."""
    purchases: list[Purchase] = []
    left = orders
    for at, paying, fate in buying.closing(moments, until, orders):
        purchases.append(buying.draw(at, 1, paying=paying, fate=fate))
        left -= 1
    weights = [_weight(moment, moments[0], until) for moment in moments[:-1]]
    cumulated = [sum(weights[: n + 1]) for n in range(len(weights))]
    while left > 0:
        [moment] = chance.choices(moments[:-1], cum_weights=cumulated)
        purchase = buying.draw(moment, left)
        purchases.append(purchase)
        left -= len(purchase.fates)
    return tuple(sorted(purchases, key=lambda one: one.at))


def _weight(moment: datetime, begun: datetime, until: datetime) -> float:
    grown = 1 + _GROWTH * ((moment - begun) / (until - begun))
    festival = _FESTIVAL.get(math.floor((moment - until + _FESTIVAL_BEFORE) / timedelta(days=1)), 1)
    return _WEEK[moment.weekday()] * grown * festival


def _restockings(
    market: DemoMarket, purchases: Sequence[Purchase], trades_from: datetime
) -> tuple[Restocking, ...]:
    """Bring every week what the week will sell, so that the shelves end as the demo has them."""
    shop_of = {v.sku: listing.shop for listing in market.listings for v in listing.variants}
    sold: dict[tuple[int, str], Counter[str]] = {}
    for purchase in purchases:
        week = (purchase.at - trades_from) // timedelta(days=7)
        for sku, units in purchase.units.items():
            sold.setdefault((week, shop_of[sku]), Counter())[sku] += units
    return tuple(
        Restocking(trades_from + timedelta(days=7) * week, shop, dict(units))
        for (week, shop), units in sorted(sold.items())
    )


def _payouts(
    market: DemoMarket, chance: Random, trades_from: datetime, until: datetime
) -> tuple[Payout, ...]:
    """Let half of the shops take their money out in one week, half in the next."""
    found: list[Payout] = []
    for number, shop in enumerate(market.shops):
        at = trades_from + timedelta(days=_PAYOUT_DAYS + number % 2 * _PAYOUT_DAYS / 2)
        while at < until - timedelta(days=1):
            account = f"SANDBOX-{shop.slug.upper()}"
            if chance.random() < _ODD:
                account = chance.choice(_ODD_ACCOUNTS)
            found.append(Payout(at, shop.slug, account))
            at += timedelta(days=_PAYOUT_DAYS)
    return tuple(sorted(found, key=lambda one: (one.at, one.shop)))
