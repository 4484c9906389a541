"""The ledger: where every cent is, and how it came there.

Two-phase double entry. A journal is a list of legs that stand or fall together;
each becomes a transfer, a row that is never changed. `transfer` is for callers
with a command of their own making, `post` for halls whose command is already
remembered.
"""

from serai.ledger.balance_sheet import SheetLine, balance_sheet
from serai.ledger.beancount import beancount
from serai.ledger.expiry import handlers
from serai.ledger.model import (
    Account,
    Code,
    Journal,
    Kind,
    Leg,
    Move,
    Name,
    Phase,
    Posted,
    Reverse,
    Settle,
    Transfer,
    Void,
    cash,
    end_id,
    house,
    pending_id,
    wallet,
)
from serai.ledger.posting import insist, post, transfer
from serai.ledger.proofs import balanced, covered, ended_once, replayed
from serai.ledger.sealing import seal, verify
from serai.ledger.statement import (
    Balance,
    Line,
    accounts,
    accounts_of,
    balance_at,
    house_accounts,
    lock_accounts,
    statement,
    transfers,
    transfers_about,
)

__all__ = [
    "Account",
    "Balance",
    "Code",
    "Journal",
    "Kind",
    "Leg",
    "Line",
    "Move",
    "Name",
    "Phase",
    "Posted",
    "Reverse",
    "Settle",
    "SheetLine",
    "Transfer",
    "Void",
    "accounts",
    "accounts_of",
    "balance_at",
    "balance_sheet",
    "balanced",
    "beancount",
    "cash",
    "covered",
    "end_id",
    "ended_once",
    "handlers",
    "house",
    "house_accounts",
    "insist",
    "lock_accounts",
    "pending_id",
    "post",
    "replayed",
    "seal",
    "statement",
    "transfer",
    "transfers",
    "transfers_about",
    "verify",
    "wallet",
]
