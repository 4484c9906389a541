"""Top-ups and payouts at the machine's door: money on its way from banks and to them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from serai import payments
from serai.api.asked import CommandId, Part, TheCaller, TheHouse
from serai.api.bodies import Body
from serai.api.callers import requires
from serai.api.orders import Amount, Currency
from serai.api.pages import Page, paged
from serai.api.says import Says, accepted, decline
from serai.members import Scope
from serai.payments import Deposit, Payout, Step, ToppingUp, Withdrawing

Line = Annotated[str, Meta(min_length=1, max_length=100)]
Provider = Annotated[str, Meta(min_length=1, max_length=50, description="The bank to ask.")]

_ACCEPTED = 202
"""That it is on its way: what becomes of it the bank says, hours later perhaps."""


class NewTopUp(Body):
    """Money to be asked of your bank, in minor units."""

    amount: Amount
    currency: Currency
    account: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=100,
            description="Your account there. At the sandbox bank `SANDBOX-OK` pays.",
        ),
    ]
    provider: Provider = "sandbox"


class NewPayout(Body):
    """Money to be sent to your bank, in minor units."""

    amount: Amount
    currency: Currency
    account: Line
    holder: Annotated[str, Meta(min_length=1, max_length=100, description="Whose account it is.")]
    provider: Provider = "sandbox"


class Life(Struct, frozen=True):
    """A state that it was in: since when, and why."""

    state: str
    at: datetime
    reason: str | None


class TopUpLife(Struct, frozen=True):
    """A top-up, and how it came to where it stands."""

    top_up: Deposit
    steps: list[Life]


class PayoutLife(Struct, frozen=True):
    """A payout, and how it came to where it stands."""

    payout: Payout
    steps: list[Life]


def _life(steps: list[Step]) -> list[Life]:
    return [Life(step.state, step.at, step.reason) for step in steps]


@post("/top-ups", tags=["wallets"], opt=requires(Scope.MONEY_WRITE), status_code=_ACCEPTED)
async def top_up(
    house: TheHouse, caller: TheCaller, command_id: CommandId, data: JSONBody[NewTopUp]
) -> ToppingUp:
    """Top your wallet up from your bank; the money is there when the bank says so."""
    command = payments.TopUp(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        amount=data.amount,
        currency=data.currency,
        account=data.account,
        provider=data.provider,
    )
    return accepted(await house.submit(payments.top_up, command))


@get("/top-ups", tags=["wallets"], opt=requires(Scope.READ))
async def list_top_ups(
    request: Request[Any, Any, Any], house: TheHouse, caller: TheCaller, part: Part
) -> Response[Page[Deposit]]:
    """List your top-ups, the newest first."""
    rows = await house.ask(
        payments.topups, caller.member_id, before=part.after(UUID), limit=part.fetch
    )
    return paged(request, rows, part, key=lambda row: row.id, show=lambda row: row)


@get("/top-ups/{topup_id:uuid}", tags=["wallets"], opt=requires(Scope.READ))
async def show_top_up(house: TheHouse, caller: TheCaller, topup_id: FromPath[UUID]) -> TopUpLife:
    """Show one of your top-ups, and every state that it was in."""
    found = await house.ask(payments.topup, topup_id)
    if found is None or found.deposit.member_id != caller.member_id:
        raise decline("not_found")
    return TopUpLife(found.deposit, _life(found.steps))


@post("/payouts", tags=["wallets"], opt=requires(Scope.MONEY_WRITE), status_code=_ACCEPTED)
async def withdraw(
    house: TheHouse, caller: TheCaller, command_id: CommandId, data: JSONBody[NewPayout]
) -> Withdrawing:
    """Have money of your wallet sent to your bank; it leaves the wallet at once.

    Should the bank refuse it or send it back, your wallet has it again.
    """
    command = payments.Withdraw(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        amount=data.amount,
        currency=data.currency,
        account=data.account,
        holder=data.holder,
        provider=data.provider,
    )
    return accepted(await house.submit(payments.withdraw, command))


@get("/payouts", tags=["wallets"], opt=requires(Scope.READ))
async def list_payouts(
    request: Request[Any, Any, Any], house: TheHouse, caller: TheCaller, part: Part
) -> Response[Page[Payout]]:
    """List your payouts, the newest first."""
    rows = await house.ask(
        payments.payouts, caller.member_id, before=part.after(UUID), limit=part.fetch
    )
    return paged(request, rows, part, key=lambda row: row.id, show=lambda row: row)


@get("/payouts/{payout_id:uuid}", tags=["wallets"], opt=requires(Scope.READ))
async def show_payout(house: TheHouse, caller: TheCaller, payout_id: FromPath[UUID]) -> PayoutLife:
    """Show one of your payouts, and every state that it was in."""
    found = await house.ask(payments.payout, payout_id)
    if found is None or found.payout.member_id != caller.member_id:
        raise decline("not_found")
    return PayoutLife(found.payout, _life(found.steps))


ROUTES = [top_up, list_top_ups, show_top_up, withdraw, list_payouts, show_payout]
REFUSALS: dict[str, Says] = {}
"""None of its own: what `serai.payments` refuses is told with `serai.api.wallets`."""
