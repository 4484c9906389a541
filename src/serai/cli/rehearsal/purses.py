"""Purses: when people add money to their wallets, and how much.

Nobody goes to the bank for every purchase: what is added lasts for a few. It is
there on the morning of the day on which it is spent.
"""

from collections.abc import Sequence
from datetime import datetime
from random import Random

from serai.cli.rehearsal.model import Adding, Paying, Purchase

_ROUND = {"CNY": 5_000}
_ROUND_ELSE = 1_000
_LASTS = (3.0, 12.0)
"""How many times what is missing is added."""
_REFUSED, _LATE, _TWICE = 0.02, 0.01, 0.02
_USUAL = "SANDBOX-OK"


def addings(
    chance: Random, purchases: Sequence[Purchase], moments: Sequence[datetime]
) -> tuple[Adding, ...]:
    """Plan what purchases, in their order, need to be paid; the bank's whims included."""
    mornings: dict[object, datetime] = {}
    for moment in moments:
        mornings.setdefault(moment.date(), moment)
    purse: dict[tuple[str, str], int] = {}
    found: list[Adding] = []
    for purchase in purchases:
        if purchase.paying is Paying.NEVER:
            continue
        at = mornings[purchase.at.date()]
        for currency, total in purchase.totals.items():
            key = (purchase.email, currency)
            missing = total - purse.get(key, 0)
            if missing > 0:
                amount = _rounded(missing * chance.uniform(*_LASTS), currency)
                found += _whims(chance, Adding(at, purchase.email, currency, amount, _USUAL))
                purse[key] = purse.get(key, 0) + amount
            purse[key] -= total
    return tuple(found)


def _rounded(amount: float, currency: str) -> int:
    whole = _ROUND.get(currency, _ROUND_ELSE)
    return max(1, -(-int(amount) // whole)) * whole


def _whims(chance: Random, adding: Adding) -> list[Adding]:
    """Let a bank fail before it succeeds, answer twice, or be late with something more."""
    lot = chance.random()
    whims = {"SANDBOX-FAIL": _REFUSED, "SANDBOX-LATE": _LATE, "SANDBOX-TWICE": _TWICE}
    for account, share in whims.items():
        if lot < share:
            odd = Adding(adding.at, adding.email, adding.currency, adding.amount, account)
            return [odd] if account == "SANDBOX-TWICE" else [odd, adding]
        lot -= share
    return [adding]
