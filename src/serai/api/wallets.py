"""Wallets at the machine's door: what a member has, what moved it, and giving to another."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from serai import ledger, payments
from serai.api import fields, refusals
from serai.api.asked import CommandId, Part, TheCaller, TheHouse
from serai.api.bodies import Body
from serai.api.callers import requires
from serai.api.orders import Amount, Currency
from serai.api.pages import Page, paged
from serai.api.says import WrongFieldsError, accepted, decline
from serai.kernel import money
from serai.kernel.tx import Tx
from serai.members import Caller, Scope
from serai.payments import Transferred, Wallet

# Read as text: where a query says a moment, the framework takes a bare number for seconds.
WrittenMoment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class NewTransfer(Body):
    """Money for another member of the market, in minor units."""

    to_id: UUID
    amount: Amount
    currency: Currency
    note: Annotated[str, Meta(max_length=200)] = ""


class Past(Struct, frozen=True):
    """A wallet as it was at a moment, in minor units."""

    currency: str
    at: datetime
    posted: int
    held: int
    available: int


@get("/wallets", tags=["wallets"], opt=requires(Scope.READ))
async def list_wallets(house: TheHouse, caller: TheCaller) -> list[Wallet]:
    """List your wallets, by currency: what is yours, what of it is held, what you can spend."""
    return await house.ask(payments.wallets, caller.member_id)


@get("/wallets/{currency:str}", tags=["wallets"], opt=requires(Scope.READ))
async def show_wallet(
    house: TheHouse,
    caller: TheCaller,
    currency: FromPath[str],
    at: Annotated[
        WrittenMoment | None, QueryParameter(description="A past moment; without it, now.")
    ] = None,
) -> Past:
    """Show your wallet in a currency, now or at any past moment."""
    wallet = _name(caller, currency)
    asked = None if at is None else _moment(at, "?at")

    async def read(tx: Tx) -> Past:
        when = min(asked or tx.now, tx.now)
        found = await ledger.balance_at(tx, wallet.id, when)
        posted, held = found.credits_posted - found.debits_posted, found.debits_pending
        return Past(currency, when, posted, held, posted - held)

    return await house.ask(read)


@get("/wallets/{currency:str}/statement", tags=["wallets"], opt=requires(Scope.READ))
async def show_statement(
    request: Request[Any, Any, Any],
    house: TheHouse,
    caller: TheCaller,
    currency: FromPath[str],
    part: Part,
) -> Response[Page[ledger.Line]]:
    """List what moved your wallet, the newest first, each line with the balance after it."""
    wallet = _name(caller, currency)
    rows = await house.ask(
        ledger.statement,
        wallet.id,
        before=part.after(tuple[datetime, UUID]),
        limit=part.fetch,
    )
    return paged(request, rows, part, key=lambda row: (row.at, row.id), show=lambda row: row)


def _moment(text: str, at: str) -> datetime:
    """Read a moment that a query says."""
    errors = fields.check(text, _MOMENT, at)
    if errors:
        raise WrongFieldsError(errors)
    moment: datetime = msgspec.convert(text, _MOMENT)
    return moment


_MOMENT: Any = Annotated[datetime, Meta(tz=True)]


def _name(caller: Caller, currency: str) -> ledger.Name:
    if not money.known(currency):
        raise decline("currency_unknown", field="currency", currency=currency)
    return ledger.wallet(caller.market_id, caller.member_id, currency)


@post("/transfers", tags=["wallets"], opt=requires(Scope.MONEY_WRITE))
async def give(
    house: TheHouse, caller: TheCaller, command_id: CommandId, data: JSONBody[NewTransfer]
) -> Transferred:
    """Give money of your wallet to another member, at once and for good."""
    command = payments.Transfer(
        id=command_id,
        market_id=caller.market_id,
        actor_id=caller.member_id,
        to_id=data.to_id,
        amount=data.amount,
        currency=data.currency,
        note=data.note,
    )
    return accepted(await house.submit(payments.transfer, command))


ROUTES = [list_wallets, show_wallet, show_statement, give]
REFUSALS = {**refusals.PAYMENTS, **refusals.LEDGER}
