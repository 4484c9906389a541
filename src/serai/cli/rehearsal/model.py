"""What a rehearsal is made of: people who come, what they buy, and what becomes of it.

All of it is planned before anything is carried out, and says nothing that the
halls decide: their answers are the history that the demo market has.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from serai import logistics


class Joining(Struct, frozen=True):
    """Somebody of the demo's people becomes a member."""

    at: datetime
    email: str


class Opening(Struct, frozen=True):
    """A shop of the demo opens, and lists all that it has in the days after."""

    at: datetime
    shop: str


class Restocking(Struct, frozen=True):
    """Goods arrive at a shop: so many units of each SKU."""

    at: datetime
    shop: str
    units: Mapping[str, int]


class Adding(Struct, frozen=True):
    """A member adds money to a wallet from the account that is named."""

    at: datetime
    email: str
    currency: str
    amount: int
    account: str


class Paying(StrEnum):
    """How the orders of a purchase are paid."""

    AT_ONCE = "at_once"
    LATER = "later"
    NEVER = "never"


class Ending(StrEnum):
    """What an order comes to, if nobody is too late for it."""

    CONFIRMED = "confirmed"
    SILENT = "silent"
    CALLED_OFF = "called_off"
    """By the seller, before it shipped."""
    GIVEN_UP = "given_up"
    """By the buyer, who has waited longer than a seller may take."""
    LOST = "lost"
    """It never arrived, and the seller gives everything back."""


class Sighting(Struct, frozen=True):
    """A scan of a parcel, so long after it was shipped; at the buyer's end or the seller's."""

    after: timedelta
    step: logistics.Step
    there: bool


class Fate(Struct, frozen=True, kw_only=True):
    """What becomes of one order. Times count from the step before."""

    ending: Ending
    ships_after: timedelta
    """From its payment."""
    way: tuple[Sighting, ...]
    """Empty where no scan ever comes."""
    ends_after: timedelta
    """From arrival, or from payment where it never ships."""
    eased_percent: int = 0
    """What the seller gives back because something was wrong with it."""
    extended: bool = False
    stopped: bool = False
    """Whether the market stops it for two days, to look into it."""
    regretted_percent: int = 0
    """What the seller gives back when it is completed already."""
    regretted_after_payout: bool = False
    """And when he has just taken all his money out."""


class Purchase(Struct, frozen=True, kw_only=True):
    """What somebody buys at once: units by SKU, and the fate of each shop's order."""

    at: datetime
    email: str
    units: Mapping[str, int]
    totals: Mapping[str, int]
    """What it comes to by currency, in minor units, as the buyer was shown it."""
    paying: Paying
    fates: Mapping[str, Fate]


class Payout(Struct, frozen=True):
    """A shop's owner takes out all that there is, to the account that is named."""

    at: datetime
    shop: str
    account: str


class Plan(Struct, frozen=True, kw_only=True):
    """All that is going to happen between founding and `until`, in order of time."""

    founded_at: datetime
    trades_from: datetime
    until: datetime
    moments: tuple[datetime, ...]
    """When the market looks up from its work; what is due by then is done together."""
    rounds: frozenset[datetime]
    """Those of them at which sellers, couriers and the market work; at the others people look."""
    joinings: tuple[Joining, ...]
    openings: tuple[Opening, ...]
    restockings: tuple[Restocking, ...]
    addings: tuple[Adding, ...]
    purchases: tuple[Purchase, ...]
    payouts: tuple[Payout, ...]


class Login(Struct, frozen=True):
    """How somebody of the demo signs in."""

    role: str
    name: str
    email: str
    password: str

    def __repr__(self) -> str:
        """Leave the password out: what is printed is logged."""
        return f"Login(role={self.role!r}, email={self.email!r})"
