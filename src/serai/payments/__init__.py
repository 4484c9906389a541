"""Payments: money on its way between buyers, sellers and banks.

Held money belongs to nobody until its order's fate is decided. A refund never
waits for the seller, and a bank is never called while a row is locked.
"""

from serai.payments.claims import net, owed
from serai.payments.escrow import freeze, freezes, hold, holds, lift, release
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
from serai.payments.proofs import holds_end_once, nothing_released_frozen
from serai.payments.refunds import refund, refunds

__all__ = [
    "Claim",
    "Code",
    "Freeze",
    "Held",
    "Hold",
    "Part",
    "Payment",
    "Refund",
    "Refunded",
    "Release",
    "Released",
    "freeze",
    "freezes",
    "hold",
    "holds",
    "holds_end_once",
    "lift",
    "net",
    "nothing_released_frozen",
    "owed",
    "refund",
    "refunds",
    "release",
]
