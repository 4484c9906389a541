"""Reading the ledger: accounts, balances now and at any past moment, statements."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from serai.kernel.lock import lock
from serai.kernel.tx import Tx, columns
from serai.ledger.model import Account, Name, Phase, Transfer, opened


class Balance(Struct, frozen=True):
    """The four counters of an account at a moment, in minor units."""

    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int


class Line(Struct, frozen=True):
    """A line of a statement: a transfer as one of its accounts sees it.

    `amount` is what came in less what went out; `held` what became, or ceased to
    be, set aside. `posted` and `available` are the account's after the line, as
    money owed to its owner.
    """

    id: UUID
    at: datetime
    code: str
    phase: Phase
    subject_id: UUID
    other_id: UUID
    amount: int
    held: int
    posted: int
    available: int


_ACCOUNTS = f"select {columns(Account)} from ledger_account"  # noqa: S608


async def accounts(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Account]:
    """Read accounts; one that was never opened is not among the answers."""
    found = await tx.fetch(Account, f"{_ACCOUNTS} where id = any($1)", ids)
    return {account.id: account for account in found}


async def lock_accounts(tx: Tx, names: Sequence[Name]) -> dict[UUID, Account]:
    """Lock and read accounts, by id, opening those that are not there yet.

    For a hall that must know what is available before it decides how to post.
    """
    await tx.ensure([opened(name, tx.now) for name in names])
    return {account.id: account for account in await lock(tx, Account, [n.id for n in names])}


async def transfers(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Transfer]:
    """Read transfers by id; one that was never made is not among the answers."""
    return {found.id: found for found in await tx.fetch(Transfer, _TRANSFERS, ids)}


async def accounts_of(tx: Tx, owner_id: UUID) -> list[Account]:
    """List a member's wallets, by currency."""
    return await tx.fetch(
        Account, f"{_ACCOUNTS} where owner_id = $1 order by currency, id", owner_id
    )


async def house_accounts(tx: Tx, market_id: UUID) -> list[Account]:
    """List the market's own accounts, by kind and currency."""
    return await tx.fetch(
        Account,
        f"{_ACCOUNTS} where market_id = $1 and owner_id is null order by kind, currency, label",
        market_id,
    )


_TRANSFERS = f"select {columns(Transfer)} from ledger_transfer where id = any($1)"  # noqa: S608

_ABOUT = f"""
select {columns(Transfer)} from ledger_transfer
where (debit_id = any($1) or credit_id = any($1)) and at >= $3 and subject_id = $2
order by at, id
"""  # noqa: S608


async def transfers_about(
    tx: Tx, subject_id: UUID, account_ids: Sequence[UUID], since: datetime
) -> list[Transfer]:
    """List the transfers about one thing that touched these accounts, in their order.

    There is no index by subject, which would cost every order; the accounts and
    the time since when are what narrows the search.
    """
    return await tx.fetch(Transfer, _ABOUT, account_ids, subject_id, since)


_AT = """
select
    coalesce(sum(case when t.debit_id = $1 then effect.pending end), 0)::bigint as debits_pending,
    coalesce(sum(case when t.debit_id = $1 then effect.posted end), 0)::bigint as debits_posted,
    coalesce(sum(case when t.credit_id = $1 then effect.pending end), 0)::bigint as credits_pending,
    coalesce(sum(case when t.credit_id = $1 then effect.posted end), 0)::bigint as credits_posted
from ledger_transfer as t
left join ledger_transfer as parent on parent.id = t.parent_id and t.phase <> 'posted'
cross join lateral (
    select
        case t.phase when 'pending' then t.amount when 'posted' then 0 else -parent.amount end
            as pending,
        case when t.phase in ('posted', 'settled') then t.amount else 0 end as posted
) as effect
where (t.debit_id = $1 or t.credit_id = $1) and (t.at, t.id) <= ($2, $3)
"""

_LAST_ID = UUID(int=(1 << 128) - 1)


async def balance_at(tx: Tx, account_id: UUID, moment: datetime) -> Balance:
    """Replay an account up to and including a moment, from its transfers alone."""
    found = await tx.first(Balance, _AT, account_id, moment, _LAST_ID)
    return found or Balance(0, 0, 0, 0)


class _Seen(Struct, frozen=True):
    id: UUID
    at: datetime
    code: str
    phase: Phase
    subject_id: UUID
    other_id: UUID
    amount: int
    held: int


_SEEN = """
select t.id, t.at, t.code, t.phase, t.subject_id,
    case when t.debit_id = $1 then t.credit_id else t.debit_id end as other_id,
    case when t.phase not in ('posted', 'settled') then 0
         when t.debit_id = $1 then -t.amount else t.amount end as amount,
    case when t.credit_id = $1 then 0
         when t.phase = 'pending' then t.amount
         when t.phase = 'posted' then 0
         else -parent.amount end as held
from ledger_transfer as t
left join ledger_transfer as parent on parent.id = t.parent_id and t.phase <> 'posted'
where (t.debit_id = $1 or t.credit_id = $1)
  and ($2::timestamptz is null or (t.at, t.id) < ($2, $3))
order by t.at desc, t.id desc limit $4
"""


async def statement(
    tx: Tx, account_id: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[Line]:
    """List what moved an account, newest first, each line with the balance after it.

    `before` is the `(at, id)` of the last line of the page before.
    """
    moment, id = before or (None, _LAST_ID)
    seen = await tx.fetch(_Seen, _SEEN, account_id, moment, id, limit)
    if not seen:
        return []
    after = await tx.first(Balance, _AT, account_id, seen[0].at, seen[0].id)
    if after is None:
        return []
    posted = after.credits_posted - after.debits_posted
    held = after.debits_pending
    lines = []
    for row in seen:
        lines.append(
            Line(
                row.id,
                row.at,
                row.code,
                row.phase,
                row.subject_id,
                row.other_id,
                row.amount,
                row.held,
                posted,
                posted - held,
            )
        )
        posted -= row.amount
        held -= row.held
    return lines
