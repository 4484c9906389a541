"""Checkout: from what a buyer chose to orders with stock and money set aside.

A batch of checkouts is decided in arrival order. Each is all or nothing over
its shops; a refused one sets nothing aside and the ones after it are still
tried. The order of locks is that of the house: limits, stock, wallets.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from serai import catalog, inventory, ledger, members, payments
from serai.kernel import ids
from serai.kernel.commands import once
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.trade import limits
from serai.trade.cart import forget
from serai.trade.model import Checkout, Code, Line, Order, Placed, PlacedOrder, State
from serai.trade.pricing import Priced, price, totals
from serai.trade.steps import Steps, unpaid, unshipped


class _Draft(Struct):
    """A checkout that nothing speaks against yet."""

    command: Checkout
    terms: members.Terms
    orders: list[Order]
    lines: list[Line]
    limits: dict[UUID, int]


async def place_orders(tx: Tx, checkouts: Sequence[Checkout]) -> list[Placed | Refused]:
    """Place, and pay, the orders of checkouts; one outcome each, in order.

    Refused with the codes of pricing, `out_of_stock`, `limit_exceeded`,
    `price_changed`, `address_missing`, `insufficient_funds`.
    """
    return await once(tx, checkouts, _place, Placed | Refused)


async def _place(tx: Tx, checkouts: list[Checkout]) -> list[Placed | Refused]:
    drafts = await _drafts(tx, checkouts)
    counts = await _counts(tx, drafts)
    drafts = _within_limits(drafts, dict(counts))
    drafts = await _with_funds(tx, drafts)
    drafts = await _with_stock(tx, drafts)
    drafts = await _with_money(tx, drafts)
    for draft in _live(drafts):
        _count(counts, draft)
    await limits.write(tx, counts)
    return await _write(tx, drafts)


def _live(drafts: Sequence[_Draft | Refused]) -> list[_Draft]:
    return [draft for draft in drafts if isinstance(draft, _Draft)]


# ── Drafting ─────────────────────────────────────────────────────────────────────────────


async def _drafts(tx: Tx, checkouts: Sequence[Checkout]) -> list[_Draft | Refused]:
    """Price what is wanted, at the prices of now."""
    variant_ids = {wanted.variant_id for command in checkouts for wanted in command.wanted}
    offers = await catalog.offers(tx, list(variant_ids))
    shops = await members.shops(tx, list({offer.shop_id for offer in offers.values()}))
    wanted_addresses = {command.address_id for command in checkouts if command.address_id}
    addresses = await members.addresses(tx, list(wanted_addresses))
    terms: dict[UUID, members.Terms] = {}
    drafts: list[_Draft | Refused] = []
    for command in checkouts:
        if command.market_id not in terms:
            market = await members.market(tx, command.market_id)
            if market is None:
                drafts.append(Refused(Code.NOT_ON_SALE))
                continue
            terms[command.market_id] = market.terms
        priced = price(command.wanted, command.actor_id, command.market_id, offers, shops)
        if isinstance(priced, Refused):
            drafts.append(priced)
            continue
        said = _against(command, priced, addresses)
        drafts.append(said or _draft(tx, command, priced, terms[command.market_id], addresses))
    return drafts


def _against(
    command: Checkout, priced: list[Priced], addresses: Mapping[UUID, members.Address]
) -> Refused | None:
    now = totals(priced)
    if command.expected is not None and command.expected != now:
        return Refused(Code.PRICE_CHANGED, {"totals": now})
    if command.address_id is None:
        travels = any(not one.digital for one in priced)
        return Refused(Code.ADDRESS_MISSING) if travels else None
    address = addresses.get(command.address_id)
    if address is None or address.member_id != command.actor_id:
        return Refused(Code.ADDRESS_UNKNOWN, {"address_id": str(command.address_id)})
    return None


def _draft(
    tx: Tx,
    command: Checkout,
    priced: list[Priced],
    terms: members.Terms,
    addresses: Mapping[UUID, members.Address],
) -> _Draft:
    draft = _Draft(command, terms, [], [], {})
    address = addresses[command.address_id].frozen() if command.address_id else None
    deadline, deadline_at = unpaid(terms, tx.now)
    for one in priced:
        order = Order(
            id=ids.new(tx.clock.now()),
            market_id=command.market_id,
            checkout_id=command.id,
            buyer_id=command.actor_id,
            shop_id=one.shop.id,
            seller_id=one.shop.owner_id,
            state=State.PLACED,
            currency=one.shop.currency,
            items_total=one.items_total,
            shipping_total=one.shipping_total,
            total=one.total,
            commission_bp=terms.commission_bp,
            digital=one.digital,
            address=None if one.digital else address,
            placed_at=tx.now,
            deadline=deadline,
            deadline_at=deadline_at,
        )
        draft.orders.append(order)
        for position, (offer, quantity) in enumerate(one.lines):
            draft.lines.append(_line(order, position, offer, quantity))
            if offer.limit_per_buyer is not None:
                draft.limits[offer.variant_id] = offer.limit_per_buyer
    return draft


def _line(order: Order, position: int, offer: catalog.Offer, quantity: int) -> Line:
    return Line(
        order.id, position, order.market_id, offer.variant_id, offer.listing_id, offer.title,
        offer.sku, offer.options, quantity, offer.price, offer.weight_g,
    )  # fmt: skip


# ── What may speak against it: limits, funds, stock, money ───────────────────────────────


async def _counts(tx: Tx, drafts: Sequence[_Draft | Refused]) -> dict[limits.Pair, int]:
    pairs = {
        (draft.command.actor_id, variant_id): draft.command.market_id
        for draft in _live(drafts)
        for variant_id in draft.limits
    }
    return await limits.locked(tx, pairs)


def _within_limits(
    drafts: Sequence[_Draft | Refused], counts: dict[limits.Pair, int]
) -> list[_Draft | Refused]:
    judged: list[_Draft | Refused] = []
    for draft in drafts:
        if isinstance(draft, _Draft) and draft.limits:
            said = limits.over(counts, draft.limits, draft.command.actor_id, draft.lines)
            if said:
                judged.append(said)
                continue
            _count(counts, draft)
        judged.append(draft)
    return judged


def _count(counts: dict[limits.Pair, int], draft: _Draft) -> None:
    for line in draft.lines:
        if line.variant_id in draft.limits:
            counts[draft.command.actor_id, line.variant_id] += line.quantity


async def _with_funds(tx: Tx, drafts: Sequence[_Draft | Refused]) -> list[_Draft | Refused]:
    """Turn away at a glance who cannot pay, before stock is set aside for him.

    The glance takes no lock and decides nothing in the buyer's favour; the
    ledger does, behind its locks.
    """
    names = {
        (draft.command.actor_id, order.currency): ledger.wallet(
            order.market_id, draft.command.actor_id, order.currency
        ).id
        for draft in _live(drafts)
        if draft.command.pay
        for order in draft.orders
    }
    wallets = await ledger.accounts(tx, list(names.values())) if names else {}
    judged: list[_Draft | Refused] = []
    for draft in drafts:
        if isinstance(draft, _Draft) and draft.command.pay:
            said = _short_of(draft, names, wallets)
            judged.append(said or draft)
        else:
            judged.append(draft)
    return judged


def _short_of(
    draft: _Draft,
    names: Mapping[tuple[UUID, str], UUID],
    wallets: Mapping[UUID, ledger.Account],
) -> Refused | None:
    wanted: dict[str, int] = {}
    for order in draft.orders:
        wanted[order.currency] = wanted.get(order.currency, 0) + order.total
    for currency, total in wanted.items():
        wallet = wallets.get(names[draft.command.actor_id, currency])
        missing = total - (wallet.available if wallet else 0)
        if missing > 0:
            facts = {"missing": missing, "currency": currency}
            return Refused(ledger.Code.INSUFFICIENT_FUNDS, facts)
    return None


async def _with_stock(tx: Tx, drafts: Sequence[_Draft | Refused]) -> list[_Draft | Refused]:
    live = _live(drafts)
    takes = [
        inventory.Take(
            id=draft.command.id,
            market_id=draft.command.market_id,
            actor_id=draft.command.actor_id,
            lines=tuple(
                inventory.Line(line.order_id, line.variant_id, line.quantity)
                for line in draft.lines
            ),
        )
        for draft in live
    ]
    return _replaced(drafts, await inventory.reserve(tx, takes) if takes else [])


async def _with_money(tx: Tx, drafts: Sequence[_Draft | Refused]) -> list[_Draft | Refused]:
    """Hold the money of those who pay at once; who cannot gives the stock back."""
    paying = [draft for draft in _live(drafts) if draft.command.pay]
    outcomes = await payments.hold(tx, [_payment(draft) for draft in paying]) if paying else []
    refused = {
        draft.command.id: outcome
        for draft, outcome in zip(paying, outcomes, strict=True)
        if isinstance(outcome, Refused)
    }
    judged: list[_Draft | Refused] = []
    for draft in drafts:
        if isinstance(draft, _Draft) and draft.command.id in refused:
            order_ids = [order.id for order in draft.orders]
            await inventory.release(tx, order_ids, draft.command.actor_id, "not enough money")
            judged.append(refused[draft.command.id])
        else:
            judged.append(draft)
    return judged


def _payment(draft: _Draft) -> payments.Payment:
    return payments.Payment(
        id=ids.derive(draft.orders[0].id, "payment"),
        market_id=draft.command.market_id,
        buyer_id=draft.command.actor_id,
        parts=tuple(
            payments.Part(order.id, order.seller_id, order.currency, order.total)
            for order in draft.orders
        ),
    )


def _replaced(
    drafts: Sequence[_Draft | Refused], outcomes: Sequence[object]
) -> list[_Draft | Refused]:
    """Put refusals in the place of the live drafts that they are about."""
    answers = iter(outcomes)
    judged: list[_Draft | Refused] = []
    for draft in drafts:
        said = next(answers) if isinstance(draft, _Draft) else draft
        judged.append(said if isinstance(said, Refused) else draft)
    return judged


# ── Writing ──────────────────────────────────────────────────────────────────────────────


async def _write(tx: Tx, drafts: Sequence[_Draft | Refused]) -> list[Placed | Refused]:
    steps = Steps(tx)
    placed: list[Placed | Refused] = []
    for draft in drafts:
        if isinstance(draft, Refused):
            placed.append(draft)
            continue
        orders = [_begin(steps, draft, order, tx) for order in draft.orders]
        placed.append(Placed(draft.command.id, tuple(_placed(order) for order in orders)))
    live = _live(drafts)
    await steps.write(new=True)
    await tx.insert([line for draft in live for line in draft.lines])
    await forget(
        tx,
        [
            (draft.command.actor_id, line.variant_id)
            for draft in live
            if draft.command.from_cart
            for line in draft.lines
        ],
    )
    return placed


def _begin(steps: Steps, draft: _Draft, order: Order, tx: Tx) -> Order:
    """Take an order's first step, and its second where the money is held already."""
    waits = not draft.command.pay
    due = unpaid(draft.terms, tx.now)
    order = steps.step(order, State.PLACED, draft.command, due=due, tell=waits)
    if waits:
        return order
    return steps.step(order, State.PAID, draft.command, due=unshipped(draft.terms, tx.now))


def _placed(order: Order) -> PlacedOrder:
    if order.deadline_at is None:
        message = f"order {order.id} was placed without a deadline"
        raise RuntimeError(message)
    return PlacedOrder(
        order.id, order.shop_id, order.total, order.currency, order.state, order.deadline_at
    )
