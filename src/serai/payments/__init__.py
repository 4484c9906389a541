"""Payments: money on its way between buyers, sellers and banks.

Held money belongs to nobody until its order's fate is decided. A refund never
waits for the seller, and a bank is never called while a row is locked.
"""

from serai.payments.answers import hear, hearing
from serai.payments.calls import handlers, listen
from serai.payments.claims import net, owed
from serai.payments.escrow import freeze, freezes, hold, holds, lift, release
from serai.payments.funding_model import (
    Deposit,
    DepositLife,
    FundingCode,
    Hear,
    Heard,
    Matched,
    Payout,
    PayoutLife,
    PayoutState,
    StatementLine,
    Step,
    Suspended,
    ToppingUp,
    TopUp,
    TopUpState,
    Transfer,
    Transferred,
    Withdraw,
    Withdrawing,
)
from serai.payments.funding_proofs import lines_matched, payouts_accounted
from serai.payments.model import (
    Claim,
    Code,
    Freeze,
    Held,
    Hold,
    Part,
    Payment,
    Refund,
    Refunded,
    Release,
    Released,
)
from serai.payments.payouts import payout, payouts
from serai.payments.proofs import holds_end_once, nothing_released_frozen
from serai.payments.providers import Answer, Ask, BankLine, Provider, Word
from serai.payments.providers.sandbox import SandboxBank
from serai.payments.reconciliation import reconcile
from serai.payments.refunds import refund, refunds
from serai.payments.resolution import Resolve, Resolved, resolve_lines
from serai.payments.silence import Silent, silent
from serai.payments.suspense import (
    Assignment,
    InSuspense,
    ToFees,
    ToGuarantee,
    ToSender,
    ToWallet,
    resolve,
    suspense,
)
from serai.payments.topups import topup, topups
from serai.payments.wallet import Wallet, top_up, transfer, wallets, withdraw

__all__ = [
    "Answer",
    "Ask",
    "Assignment",
    "BankLine",
    "Claim",
    "Code",
    "Deposit",
    "DepositLife",
    "Freeze",
    "FundingCode",
    "Hear",
    "Heard",
    "Held",
    "Hold",
    "InSuspense",
    "Matched",
    "Part",
    "Payment",
    "Payout",
    "PayoutLife",
    "PayoutState",
    "Provider",
    "Refund",
    "Refunded",
    "Release",
    "Released",
    "Resolve",
    "Resolved",
    "SandboxBank",
    "Silent",
    "StatementLine",
    "Step",
    "Suspended",
    "ToFees",
    "ToGuarantee",
    "ToSender",
    "ToWallet",
    "TopUp",
    "TopUpState",
    "ToppingUp",
    "Transfer",
    "Transferred",
    "Wallet",
    "Withdraw",
    "Withdrawing",
    "Word",
    "freeze",
    "freezes",
    "handlers",
    "hear",
    "hearing",
    "hold",
    "holds",
    "holds_end_once",
    "lift",
    "lines_matched",
    "listen",
    "net",
    "nothing_released_frozen",
    "owed",
    "payout",
    "payouts",
    "payouts_accounted",
    "reconcile",
    "refund",
    "refunds",
    "release",
    "resolve",
    "resolve_lines",
    "silent",
    "suspense",
    "top_up",
    "topup",
    "topups",
    "transfer",
    "wallets",
    "withdraw",
]
