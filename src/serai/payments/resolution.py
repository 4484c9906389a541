"""Resolutions: assigning what is in suspense as a command, done once under its id."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from serai.kernel.commands import Command, once
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.payments.suspense import Assignment, resolve


class Resolve(Command, frozen=True, kw_only=True):
    """Assign what a line has in suspense, for a reason that is kept."""

    line_id: UUID
    to: Assignment
    reason: str


class Resolved(Struct, frozen=True, tag="resolved", tag_field="outcome"):
    """Where what a line had in suspense went, and by which transfer if one was made."""

    line_id: UUID
    resolved_as: str
    transfer_id: UUID | None
    with_line_id: UUID | None
    """The line that cancels this one."""
    at: datetime
    reason: str


async def resolve_lines(tx: Tx, commands: Sequence[Resolve]) -> list[Resolved | Refused]:
    """Assign what lines have in suspense; refused as `resolve` refuses."""
    return await once(tx, commands, _resolve, Resolved | Refused)


async def _resolve(tx: Tx, commands: list[Resolve]) -> list[Resolved | Refused]:
    return [await _one(tx, command) for command in commands]


async def _one(tx: Tx, command: Resolve) -> Resolved | Refused:
    line = await resolve(
        tx,
        command.market_id,
        command.line_id,
        command.to,
        by=command.actor_id,
        reason=command.reason,
    )
    if isinstance(line, Refused):
        return line
    return Resolved(
        line.id,
        line.resolved_as or "",
        line.resolved_transfer_id,
        line.resolved_with,
        line.resolved_at or tx.now,
        line.resolve_reason or "",
    )
