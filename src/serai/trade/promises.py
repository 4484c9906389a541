"""The promises of the house, by number, and the audit that checks them all."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from serai import inventory, ledger, payments
from serai.kernel import outbox
from serai.kernel.proof import Breach, Proof
from serai.kernel.tx import Tx
from serai.trade import proofs


class Promise(Struct, frozen=True):
    """One promise and what checking it found."""

    number: int
    name: str
    checked: int
    holds: bool
    breaches: tuple[Breach, ...]


Check = Callable[[Tx], Awaitable[Proof]]


def _checks(reactions: Sequence[outbox.Reaction]) -> list[tuple[str, list[Check]]]:
    """Name the promises, in their order, with the checks that each is made of."""

    async def reached(tx: Tx) -> Proof:
        return await outbox.reached(tx, reactions)

    return [
        ("debits equal credits in every currency, posted and pending", [ledger.balanced]),
        (
            "every account's counters equal the replay of its transfers",
            [ledger.replayed, ledger.ended_once, ledger.verify],
        ),
        ("no wallet is below zero, holds included", [ledger.covered]),
        (
            "every hold ends exactly once and adds up",
            [payments.holds_end_once, payments.payouts_accounted],
        ),
        ("nothing is released while a case is open on it", [payments.nothing_released_frozen]),
        (
            "reserved stock equals live reservations, and orders have their stock",
            [
                inventory.recounted,
                inventory.bounded,
                inventory.held,
                inventory.ended_once,
                proofs.stock_for_orders,
            ],
        ),
        ("an order's total equals the money held for it", [proofs.money_for_orders]),
        ("an acknowledged command stands exactly once", [proofs.commands_once]),
        ("only the drawn transitions happen, each with actor, time and command",
         [proofs.steps_as_drawn]),
        ("every event reaches every reaction, and its effect happens once", [reached]),
        ("every line of a bank statement is matched or in suspense", [payments.lines_matched]),
    ]  # fmt: skip


async def audit(tx: Tx, reactions: Sequence[outbox.Reaction]) -> list[Promise]:
    """Check every promise; give it a snapshot, so that all see the same moment.

    `reactions` are those that the deployment's workers run.
    """
    promises: list[Promise] = []
    for number, (name, checks) in enumerate(_checks(reactions), start=1):
        found = [await check(tx) for check in checks]
        breaches = tuple(breach for proof in found for breach in proof.breaches)
        checked = sum(proof.checked for proof in found)
        promises.append(Promise(number, name, checked, not breaches, breaches))
    return promises
