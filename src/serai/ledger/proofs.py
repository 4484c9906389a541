"""The ledger's part of the promises: books that balance, counters that can be replayed."""

from uuid import UUID

from msgspec import Struct

from serai.kernel.proof import Breach, Proof
from serai.kernel.tx import Tx


class _Sum(Struct, frozen=True):
    market_id: UUID
    currency: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int


_SUMS = """
select market_id, currency,
    sum(debits_posted)::bigint as debits_posted, sum(credits_posted)::bigint as credits_posted,
    sum(debits_pending)::bigint as debits_pending, sum(credits_pending)::bigint as credits_pending
from ledger_account group by market_id, currency order by market_id, currency
"""


async def balanced(tx: Tx) -> Proof:
    """Check that debits equal credits in every market and currency, posted and pending."""
    sums = await tx.fetch(_Sum, _SUMS)
    breaches = tuple(
        Breach(
            f"{one.currency}: posted {one.debits_posted} against {one.credits_posted}, "
            f"pending {one.debits_pending} against {one.credits_pending}",
            (f"ledger_account of market {one.market_id}",),
        )
        for one in sums
        if (one.debits_posted, one.debits_pending) != (one.credits_posted, one.credits_pending)
    )
    return Proof("debits equal credits", len(sums), breaches)


_REPLAY = """
with effect as (
    select t.debit_id, t.credit_id,
        case t.phase when 'pending' then t.amount when 'posted' then 0
            else -coalesce(parent.amount, 0) end as pending,
        case when t.phase in ('posted', 'settled') then t.amount else 0 end as posted
    from ledger_transfer as t
    left join ledger_transfer as parent on parent.id = t.parent_id and t.phase <> 'posted'
), replay as (
    select account_id, sum(debits_pending) as debits_pending, sum(debits_posted) as debits_posted,
        sum(credits_pending) as credits_pending, sum(credits_posted) as credits_posted
    from (
        select debit_id as account_id, pending as debits_pending, posted as debits_posted,
            0 as credits_pending, 0 as credits_posted from effect
        union all
        select credit_id, 0, 0, pending, posted from effect
    ) as side group by account_id
)
select coalesce(a.id, replay.account_id)
from ledger_account as a full join replay on replay.account_id = a.id
where a.id is null
   or (a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted)
      is distinct from (
          coalesce(replay.debits_pending, 0), coalesce(replay.debits_posted, 0),
          coalesce(replay.credits_pending, 0), coalesce(replay.credits_posted, 0))
order by 1
"""


async def replayed(tx: Tx) -> Proof:
    """Check that every account's counters are what its transfers make them."""
    wrong = await tx.values(_REPLAY)
    breaches = tuple(
        Breach("counters differ from the replay of the transfers", (f"ledger_account {id}",))
        for id in wrong
    )
    count = await tx.value("select count(*) from ledger_account")
    return Proof("counters equal the replay of transfers", count, breaches)


_BELOW = """
select id from ledger_account
where kind = 'wallet' and credits_posted - debits_posted - debits_pending < 0 order by id
"""


async def covered(tx: Tx) -> Proof:
    """Check that no wallet is below zero, what is held included."""
    below = await tx.values(_BELOW)
    breaches = tuple(Breach("wallet below zero", (f"ledger_account {id}",)) for id in below)
    count = await tx.value("select count(*) from ledger_account where kind = 'wallet'")
    return Proof("no wallet is below zero", count, breaches)


_ENDS = """
select t.id from ledger_transfer as t
left join ledger_transfer as parent on parent.id = t.parent_id
where t.phase in ('settled', 'voided', 'expired') and (
    parent.id is null or parent.phase <> 'pending'
    or t.amount > parent.amount
    or (t.debit_id, t.credit_id) <> (parent.debit_id, parent.credit_id))
union all
select t.parent_id from ledger_transfer as t
where t.phase in ('settled', 'voided', 'expired') group by t.parent_id having count(*) > 1
"""


async def ended_once(tx: Tx) -> Proof:
    """Check that what ends a pending transfer ends a real one, once, within its amount."""
    wrong = await tx.values(_ENDS)
    breaches = tuple(
        Breach("a pending transfer ends wrongly", (f"ledger_transfer {id}",)) for id in wrong
    )
    count = await tx.value("select count(*) from ledger_transfer where phase = 'pending'")
    return Proof("a pending transfer ends once", count, breaches)
