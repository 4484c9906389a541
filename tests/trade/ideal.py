"""An ideal market: what every order, wallet and shelf should be, in plain arithmetic.

It knows no batches, locks or rows. Each verb says what speaks against it, in
the trade's codes, or does it and gives None.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct, field

from serai import trade
from tests.world import SHIP_FEE

Purse = tuple[UUID, str]
"""Somebody's money of one currency."""

ENDED = frozenset({"completed", "refunded", "closed"})


class Good(Struct):
    """Something on sale, and what lies on its shelf."""

    seller: UUID
    shop: UUID
    currency: str
    price: int
    on_hand: int
    limit: int | None = None
    digital: bool = False
    reserved: int = 0


class Deal(Struct):
    """An order as it should be."""

    buyer: UUID
    seller: UUID
    currency: str
    goods: int
    total: int
    lines: dict[UUID, int]
    digital: bool
    due: datetime | None
    state: str = "placed"
    held: int = 0
    released: int = 0
    fee: int = 0
    fee_back: int = 0
    back: int = 0
    extended: bool = False
    stopped: datetime | None = None
    freezes: set[UUID] = field(default_factory=set)


class Ideal:
    """The whole market, and its clock."""

    def __init__(self, now: datetime, goods: dict[UUID, Good], fee_bp: int) -> None:
        self.now = now
        self.goods = goods
        self.fee_bp = fee_bp
        self.deals: dict[UUID, Deal] = {}
        self.free: dict[Purse, int] = {}
        self.owed: dict[Purse, int] = {}
        self.bought: dict[tuple[UUID, UUID], int] = {}
        self.came: dict[str, int] = {}
        self.left: dict[str, int] = {}
        self.fees: dict[str, int] = {}
        self.paid_for: dict[str, int] = {}

    def put(self, member: UUID, currency: str, amount: int) -> None:
        """Change what somebody can spend."""
        purse = (member, currency)
        self.free[purse] = self.free.get(purse, 0) + amount
        assert self.free[purse] >= 0

    def has(self, member: UUID, currency: str) -> int:
        return self.free.get((member, currency), 0)

    # ── Buying ───────────────────────────────────────────────────────────────────────────

    def against(self, command: trade.Checkout, *others: trade.Checkout) -> set[str]:
        """List what speaks against a checkout, if others before it took what they wanted."""
        reasons = set()
        money: dict[str, int] = {}
        for one in command.wanted:
            good = self.goods[one.variant_id]
            taken = sum(
                wish.quantity
                for other in others
                for wish in other.wanted
                if wish.variant_id == one.variant_id
            )
            mine = sum(
                wish.quantity
                for other in others
                for wish in other.wanted
                if wish.variant_id == one.variant_id and other.actor_id == command.actor_id
            )
            if good.on_hand - good.reserved - taken < one.quantity:
                reasons.add("out_of_stock")
            had = self.bought.get((command.actor_id, one.variant_id), 0) + mine
            if good.limit is not None and had + one.quantity > good.limit:
                reasons.add("limit_exceeded")
        for currency, total, _, _ in self.bills(command).values():
            money[currency] = money.get(currency, 0) + total
        for currency, total in money.items():
            if command.pay and self.has(command.actor_id, currency) < total:
                reasons.add("insufficient_funds")
        return reasons

    def bills(self, command: trade.Checkout) -> dict[UUID, tuple[str, int, int, dict[UUID, int]]]:
        """Add up what each shop gets: currency, total, the goods alone, the lines."""
        bills: dict[UUID, tuple[str, int, int, dict[UUID, int]]] = {}
        for shop in {self.goods[one.variant_id].shop for one in command.wanted}:
            lines = {
                one.variant_id: one.quantity
                for one in command.wanted
                if self.goods[one.variant_id].shop == shop
            }
            mine = [self.goods[variant] for variant in lines]
            goods = sum(self.goods[v].price * n for v, n in lines.items())
            free = goods >= 100_000 or all(good.digital for good in mine)
            fee = 0 if free else SHIP_FEE
            bills[shop] = mine[0].currency, goods + fee, goods, lines
        return bills

    def open(self, id: UUID, deal: Deal) -> None:
        """Place an order of which everything was found to be there."""
        self.deals[id] = deal
        deal.due = self.now + timedelta(minutes=30)
        for variant, quantity in deal.lines.items():
            good = self.goods[variant]
            good.reserved += quantity
            assert good.reserved <= good.on_hand
            if good.limit is not None:
                pair = (deal.buyer, variant)
                self.bought[pair] = self.bought.get(pair, 0) + quantity
                assert self.bought[pair] <= good.limit

    def pay(self, ids: list[UUID], by: UUID) -> str | None:
        deals = [self.deals[id] for id in dict.fromkeys(ids)]
        for deal in deals:
            if deal.buyer != by:
                return "order_unknown"
            if deal.state != "placed":
                return "order_state"
        for deal in deals:
            wanted = sum(one.total for one in deals if one.currency == deal.currency)
            if self.has(by, deal.currency) < wanted:
                return "insufficient_funds"
        for deal in deals:
            self.hold(deal)
        return None

    def hold(self, deal: Deal) -> None:
        self.put(deal.buyer, deal.currency, -deal.total)
        deal.state, deal.held = "paid", deal.total
        deal.due = self.now + timedelta(hours=72)

    def _let_go(self, deal: Deal) -> None:
        for variant, quantity in deal.lines.items():
            self.goods[variant].reserved -= quantity
            if self.goods[variant].limit is not None:
                self.bought[deal.buyer, variant] -= quantity

    def _end(self, deal: Deal, state: str) -> None:
        deal.state, deal.due = state, None

    # ── The way of an order ──────────────────────────────────────────────────────────────

    def ship(self, id: UUID, by: UUID) -> str | None:
        deal = self.deals[id]
        if said := _parties(deal, by, deal.seller, "not_the_seller"):
            return said
        if deal.state != "paid":
            return "order_state"
        if deal.stopped:
            return "order_stopped"
        for variant, quantity in deal.lines.items():
            self.goods[variant].reserved -= quantity
            self.goods[variant].on_hand -= quantity
        deal.state = "delivered" if deal.digital else "shipped"
        deal.due = self.now + timedelta(days=3 if deal.digital else 30)
        return None

    def arrive(self, id: UUID) -> None:
        """Let its only parcel be handed over."""
        deal = self.deals[id]
        if deal.state == "shipped":
            deal.state = "delivered"
            deal.due = self.now + timedelta(days=10)
            if deal.stopped:
                deal.stopped = self.now

    def confirm(self, id: UUID, by: UUID) -> str | None:
        deal = self.deals[id]
        if said := _parties(deal, by, deal.buyer, "not_the_buyer") or _unconfirmable(deal):
            return said
        self._complete(deal)
        return None

    def _complete(self, deal: Deal) -> None:
        rate = deal.goods * self.fee_bp
        deal.fee = (rate + 5_000) // 10_000 * deal.held // deal.total
        deal.released, deal.held = deal.held - deal.fee, 0
        self.put(deal.seller, deal.currency, deal.released)
        self.fees[deal.currency] = self.fees.get(deal.currency, 0) + deal.fee
        self._end(deal, "completed")
        self.settle(deal.seller)

    def settle(self, member: UUID) -> None:
        """Take what somebody owes the guarantee from what he has."""
        for (who, currency), owed in self.owed.items():
            if who == member:
                part = min(owed, self.has(member, currency))
                self.owed[who, currency] -= part
                self.put(member, currency, -part)
                self.paid_for[currency] -= part

    def extend(self, id: UUID, by: UUID) -> str | None:
        deal = self.deals[id]
        if said := _parties(deal, by, deal.buyer, "not_the_buyer") or _unconfirmable(deal):
            return said
        if deal.extended:
            return "already_extended"
        assert deal.due
        deal.extended, deal.due = True, deal.due + timedelta(days=5)
        return None

    def cancel(self, id: UUID, by: UUID) -> str | None:
        deal = self.deals[id]
        if by not in {deal.buyer, deal.seller}:
            return "order_unknown"
        if deal.state not in {"placed", "paid"}:
            return "order_state"
        if by == deal.buyer and deal.state == "paid":
            assert deal.due
            stood = self.now - deal.stopped if deal.stopped else timedelta(0)
            if deal.due + stood > self.now:
                return "too_early"
        self._let_go(deal)
        self.put(deal.buyer, deal.currency, deal.held)
        self._end(deal, "refunded" if deal.state == "paid" else "closed")
        deal.held = 0
        return None

    def refund(self, id: UUID, by: UUID, amount: int | None) -> str | None:
        deal = self.deals[id]
        if said := _parties(deal, by, deal.seller, "not_the_seller"):
            return said
        if deal.state in {"placed", "closed", "refunded"}:
            return "order_state"
        left = deal.total - deal.back if deal.state == "completed" else deal.held
        given = left if amount is None else amount
        if not 0 < given <= left:
            return "refund_exceeds"
        deal.back += given
        self.put(deal.buyer, deal.currency, given)
        if deal.state == "completed":
            self._owe(deal, given)
            return None
        deal.held -= given
        if not deal.held:
            if deal.state == "paid":
                self._let_go(deal)
            self._end(deal, "refunded")
        return None

    def _owe(self, deal: Deal, given: int) -> None:
        share = deal.fee * given // (deal.released + deal.fee)
        fees = min(deal.fee - deal.fee_back, share)
        deal.fee_back += fees
        self.fees[deal.currency] -= fees
        seller = min(given - fees, self.has(deal.seller, deal.currency))
        self.put(deal.seller, deal.currency, -seller)
        purse, missing = (deal.seller, deal.currency), given - fees - seller
        self.owed[purse] = self.owed.get(purse, 0) + missing
        self.paid_for[deal.currency] = self.paid_for.get(deal.currency, 0) + missing

    # ── The operator, the bank, the clock ────────────────────────────────────────────────

    def stop(self, id: UUID) -> str | None:
        deal = self.deals[id]
        if deal.state not in {"paid", "shipped", "delivered"}:
            return "order_state"
        deal.stopped = deal.stopped or self.now
        return None

    def resume(self, id: UUID, freeze: UUID) -> str | None:
        deal = self.deals[id]
        if freeze not in deal.freezes:
            return "freeze_unknown"
        deal.freezes.remove(freeze)
        if not deal.freezes and deal.stopped and deal.due:
            deal.due += self.now - deal.stopped
            deal.stopped = None
        return None

    def withdraw(self, member: UUID, currency: str, amount: int) -> str | None:
        self.settle(member)
        if self.has(member, currency) < amount:
            return "insufficient_funds"
        self.put(member, currency, -amount)
        self.left[currency] = self.left.get(currency, 0) + amount
        return None

    def pass_time(self, by: timedelta) -> None:
        """Let time pass, and what is due happen."""
        self.now += by
        for deal in self.deals.values():
            if deal.due is None or deal.due > self.now or deal.stopped:
                continue
            if deal.state == "placed":
                self._let_go(deal)
                self._end(deal, "closed")
            elif deal.state in {"shipped", "delivered"}:
                self._complete(deal)


def _parties(deal: Deal, by: UUID, whose: UUID, otherwise: str) -> str | None:
    if by not in {deal.buyer, deal.seller}:
        return "order_unknown"
    return None if by == whose else otherwise


def _unconfirmable(deal: Deal) -> str | None:
    if deal.state not in {"shipped", "delivered"}:
        return "order_state"
    return "order_stopped" if deal.stopped else None
