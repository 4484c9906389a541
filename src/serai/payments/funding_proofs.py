"""The promises about banks: a line of a statement has its place, a payout's money too."""

from collections.abc import AsyncIterator
from uuid import UUID

from msgspec import Struct

from serai import ledger, members
from serai.kernel.proof import Breach, Proof, together
from serai.kernel.tx import Tx, columns
from serai.payments.funding_model import StatementLine

_PAGE = 5_000


async def lines_matched(tx: Tx) -> Proof:
    """Check that every line of a statement is matched or in suspense, and adds up."""
    parts = [await _placed(tx), await _suspended(tx), await _added_up(tx)]
    checked = parts[0].checked
    whole = together("every line of a bank statement is matched or in suspense", parts)
    return Proof(whole.name, checked, whole.breaches)


_LINES = f"""
select {columns(StatementLine)} from payments_bank_line where id > $1 order by id limit $2
"""  # noqa: S608


async def _pages(tx: Tx) -> AsyncIterator[list[StatementLine]]:
    last = UUID(int=0)
    while page := await tx.fetch(StatementLine, _LINES, last, _PAGE):
        yield page
        last = page[-1].id


_SUBJECTS = """
select id from payments_topup where id = any($1)
union all
select id from payments_payout where id = any($1)
"""


async def _placed(tx: Tx) -> Proof:
    """Check that what a line points to is there: what it matches, what moved it."""
    checked = 0
    breaches: list[Breach] = []
    async for page in _pages(tx):
        checked += len(page)
        subjects = set(await tx.values(_SUBJECTS, [x.matched_id for x in page if x.matched_id]))
        moved = [id for x in page for id in (x.suspense_transfer_id, x.resolved_transfer_id) if id]
        transfers = await ledger.transfers(tx, moved)
        breaches += [
            Breach(said, (f"payments_bank_line {line.id}",))
            for line in page
            if (said := _misplaced(line, subjects, transfers))
        ]
    return Proof("lines have their place", checked, tuple(breaches))


def _misplaced(
    line: StatementLine, subjects: set[UUID], transfers: dict[UUID, ledger.Transfer]
) -> str | None:
    if line.matched_id is None and line.suspense_amount is None:
        return "is neither matched nor in suspense"
    if line.matched_id is not None and line.matched_id not in subjects:
        return f"is matched with {line.matched_id}, which is not there"
    for what, id in (
        ("in suspense", line.suspense_transfer_id),
        ("resolved", line.resolved_transfer_id),
    ):
        if id is None:
            continue
        if id not in transfers:
            return f"is {what} by a transfer that was never made"
        if transfers[id].amount != abs(line.suspense_amount or 0):
            return f"is {what} with {line.suspense_amount}, the ledger moved {transfers[id].amount}"
    return None


class _Balance(Struct, frozen=True):
    market_id: UUID
    currency: str
    amount: int


_UNRESOLVED = """
select market_id, currency, sum(suspense_amount)::bigint as amount
from payments_bank_line where suspense_transfer_id is not null and resolved_at is null
group by market_id, currency
"""


async def _suspended(tx: Tx) -> Proof:
    """Check that the suspense accounts hold what unresolved lines have put there."""
    return await _compared(tx, ledger.Kind.SUSPENSE, _UNRESOLVED, "unresolved lines say")


_DIFFERENT = """
with said as (
    select matched_id, sum(amount) filter (where amount > 0) as came,
        sum(amount) filter (where amount < 0) as went,
        sum(suspense_amount) filter (where amount > 0) as came_extra,
        sum(suspense_amount) filter (where amount < 0) as went_extra
    from payments_bank_line where matched_id is not null group by matched_id
), booked as (
    select id, case when state = 'paid' then amount else 0 end as came, 0 as went
    from payments_topup
    union all
    select id, case when state = 'returned' then amount else 0 end,
        case when state in ('paid', 'returned') then -amount else 0 end
    from payments_payout
)
select said.matched_id from said join booked on booked.id = said.matched_id
where said.came <> booked.came + coalesce(said.came_extra, 0)
   or said.went <> booked.went + coalesce(said.went_extra, 0)
order by 1
"""


async def _added_up(tx: Tx) -> Proof:
    """Check that the lines of a top-up or payout say what is booked for it and suspended."""
    wrong = await tx.values(_DIFFERENT)
    breaches = tuple(
        Breach("the statement and the books differ, and not by what is in suspense", (f"ask {id}",))
        for id in wrong
    )
    return Proof("lines add up", len(wrong), breaches)


_ON_THE_WAY = """
select market_id, currency, sum(amount)::bigint as amount
from payments_payout where state in ('pending', 'in_transit') group by market_id, currency
"""

_MISSTEPPED = """
with way(state, steps) as (values
    ('pending', array['pending']),
    ('in_transit', array['in_transit', 'pending']),
    ('paid', array['in_transit', 'paid', 'pending']),
    ('failed', array['failed', 'in_transit', 'pending']),
    ('returned', array['in_transit', 'paid', 'pending', 'returned'])
)
select p.id from payments_payout as p join way on way.state = p.state
where way.steps is distinct from (
    select array_agg(s.state order by s.state collate "C") from payments_step as s
    where s.subject_id = p.id)
order by p.id
"""


async def payouts_accounted(tx: Tx) -> Proof:
    """Check that payouts' money is where their states say, and that their steps led there."""
    held = await _compared(tx, ledger.Kind.IN_TRANSIT, _ON_THE_WAY, "payouts on the way say")
    wrong = await tx.values(_MISSTEPPED)
    breaches = tuple(
        Breach("is in a state to which its steps do not lead", (f"payments_payout {id}",))
        for id in wrong
    )
    count = await tx.value("select count(*) from payments_payout")
    return Proof("payouts' money is where their state says", count, (*held.breaches, *breaches))


async def _compared(tx: Tx, kind: ledger.Kind, sql: str, who: str) -> Proof:
    """Compare the accounts of a kind, in every market and currency, with sums of rows of ours."""
    wanted = {(s.market_id, s.currency): s.amount for s in await tx.fetch(_Balance, sql)}
    markets = {m.id for m in await members.markets(tx)} | {id for id, _ in wanted}
    found = {
        (account.market_id, account.currency): account.balance
        for market_id in sorted(markets)
        for account in await ledger.house_accounts(tx, market_id)
        if account.kind is kind
    }
    breaches = tuple(
        Breach(
            f"{currency}: {who} {wanted.get((market, currency), 0)}, "
            f"the account has {found.get((market, currency), 0)}",
            (f"{kind} account of market {market}",),
        )
        for market, currency in sorted(wanted.keys() | found.keys())
        if wanted.get((market, currency), 0) != found.get((market, currency), 0)
    )
    return Proof(f"{kind} accounts", len(found), breaches)
