"""Answers: what a bank says of a top-up or payout, as a command that is done once."""

from collections.abc import Sequence
from uuid import UUID

from serai.kernel import ids
from serai.kernel.commands import Command, once
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.payments.asked import Asked, Telling
from serai.payments.funding_model import FundingCode, Hear, Heard, Said
from serai.payments.providers import Answer


def hearing(provider: str, answer: Answer) -> Hear:
    """Make the command of an answer; told twice it is the same command."""
    return Hear(
        id=ids.derive(answer.id, "answer", provider),
        market_id=answer.market_id,
        actor_id=ids.derive(answer.market_id, "provider", provider),
        provider=provider,
        ask_id=answer.ask_id,
        word=answer.word,
        reason=answer.reason,
        at=answer.at,
    )


async def hear(tx: Tx, commands: Sequence[Hear]) -> list[Heard | Refused]:
    """Let the bank's answers take effect, in the order told; one outcome each.

    What is settled is not unsettled: a contradicting answer is refused as
    `already_paid`, `already_failed` or `already_returned`, one about something
    that was never asked as `ask_unknown`. The refusals are kept with the
    command, and the money, if any moved, shows on the statement.
    """
    return await once(tx, commands, _hear, Heard | Refused)


async def _hear(tx: Tx, commands: list[Hear]) -> list[Heard | Refused]:
    asked = await Asked.lock(tx, [command.ask_id for command in commands])
    outcomes: list[Heard | Refused] = []
    for command in commands:
        if asked.find(command.ask_id, command.market_id, command.provider) is None:
            outcomes.append(Refused(FundingCode.ASK_UNKNOWN, {"ask_id": str(command.ask_id)}))
            continue
        said = Said(command.word)
        outcomes.append(asked.tell(Telling(command.ask_id, said, command.id, command.reason)))
    await asked.write()
    return outcomes


class Sent(Command, frozen=True, kw_only=True):
    """That our call reached the bank, which was asked this."""

    subject_id: UUID
    provider: str


async def sent(tx: Tx, commands: Sequence[Sent]) -> list[Heard | Refused]:
    """Note that the bank was asked; nothing changes where it has answered already.

    Not remembered as commands: the step itself tells that it was done.
    """
    asked = await Asked.lock(tx, [command.subject_id for command in commands])
    outcomes: list[Heard | Refused] = []
    for command in commands:
        if asked.find(command.subject_id, command.market_id, command.provider) is None:
            outcomes.append(Refused(FundingCode.ASK_UNKNOWN, {"ask_id": str(command.subject_id)}))
            continue
        outcomes.append(asked.tell(Telling(command.subject_id, Said.SENT, command.id)))
    await asked.write()
    return outcomes
