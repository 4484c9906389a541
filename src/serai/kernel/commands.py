"""Commands that are done once: the same id again gets the same answer.

A client chooses a command's id before it sends it. The answer, a refusal too,
is stored in the transaction that decided it, so after a lost connection the
client sends the same command again and learns what became of it.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from serai.kernel.errors import Refused
from serai.kernel.tx import Row, Tx


class Command(Struct, frozen=True, kw_only=True, gc=False):
    """What somebody wants done. Everything that it depends on is in its fields."""

    id: UUID
    """Chosen by the client, never used for another command."""
    market_id: UUID
    actor_id: UUID
    """The member who asks; also a part of what makes a repetition the same."""


class Remembered(Row, frozen=True):
    """A command that was decided: a digest of what it said, and the answer."""

    table: ClassVar[str] = "kernel_command"

    id: UUID
    market_id: UUID
    kind: str
    digest: bytes
    outcome: Any
    at: datetime


C = TypeVar("C", bound=Command)
R = TypeVar("R")

Decide = Callable[[Tx, list[C]], Awaitable[Sequence[R]]]


class _Answer(Struct, frozen=True):
    id: UUID
    digest: bytes
    outcome: bytes


_KNOWN = """
select id, digest, convert_to(outcome::text, 'UTF8') as outcome
from kernel_command where id = any($1)
"""


async def once(
    tx: Tx,
    commands: Sequence[C],
    decide: Decide[C, R],
    outcome: type[R] | Any,  # noqa: ANN401
) -> list[R | Refused]:
    """Decide the commands that are new, answer the others as before; in order.

    `decide` gets the new ones, each id once, and gives an outcome for each in
    the same order; `outcome` is the type (a tagged union) that answers decode
    to. A known id with another body is refused as `id_reused`. Two transactions
    with the same new id cannot both commit: the second fails on the key, and
    its batch, tried again, finds the answer.
    """
    digests = [_digest(command) for command in commands]
    repeated = {(c.id, digest) for c, digest in zip(commands, digests, strict=True)}
    answers: dict[UUID, tuple[bytes, Any]] = {
        # The answer to another kind of command is none of these, and is not read.
        known.id: (
            known.digest,
            msgspec.json.decode(known.outcome, type=outcome)
            if (known.id, known.digest) in repeated
            else None,
        )
        for known in await tx.fetch(_Answer, _KNOWN, [command.id for command in commands])
    }
    fresh: dict[UUID, tuple[C, bytes]] = {}
    for command, digest in zip(commands, digests, strict=True):
        if command.id not in answers:
            fresh.setdefault(command.id, (command, digest))
    if fresh:
        decided = await decide(tx, [command for command, _ in fresh.values()])
        for (command, digest), result in zip(fresh.values(), decided, strict=True):
            answers[command.id] = (digest, result)
        await tx.insert(
            [
                Remembered(id, c.market_id, type(c).__name__, digest, answers[id][1], tx.now)
                for id, (c, digest) in sorted(fresh.items())
            ]
        )
    return [
        answers[command.id][1] if answers[command.id][0] == digest else Refused("id_reused")
        for command, digest in zip(commands, digests, strict=True)
    ]


class Answered(Struct, frozen=True):
    """A remembered command as an audit reads it; the outcome is plain JSON."""

    id: UUID
    kind: str
    outcome: dict[str, Any]


_ANSWERED = "select id, kind, outcome from kernel_command where id = any($1)"
_OF_KIND = """
select id, kind, outcome from kernel_command where kind = $1 and id > $2 order by id limit $3
"""


async def answered(tx: Tx, command_ids: Sequence[UUID]) -> dict[UUID, Answered]:
    """Read what was answered to commands; one that was never decided is not among them."""
    return {one.id: one for one in await tx.fetch(Answered, _ANSWERED, command_ids)}


async def pages(tx: Tx, kind: type[Command], size: int = 5_000) -> AsyncIterator[list[Answered]]:
    """Read every remembered command of a kind, some thousands at a time."""
    last = UUID(int=0)
    while page := await tx.fetch(Answered, _OF_KIND, kind.__name__, last, size):
        yield page
        last = page[-1].id


def _digest(command: Command) -> bytes:
    body = msgspec.msgpack.encode(command)
    return hashlib.blake2b(
        body, digest_size=16, person=type(command).__name__.encode()[:16]
    ).digest()
