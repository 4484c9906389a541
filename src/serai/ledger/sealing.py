"""Seals: a chain of hashes over the transfers, so that a changed past is seen.

A seal covers the next transfers in order of time and holds the hash of their
content and of the seal before. It is made in the background, a while behind the
present, when no transaction that took an earlier time can still be open.
"""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import ClassVar
from uuid import UUID

from serai.kernel.lock import alone
from serai.kernel.proof import Breach, Proof
from serai.kernel.tx import Database, Row, Tx, columns
from serai.ledger.model import Transfer

BEHIND = timedelta(minutes=5)
"""How far sealing stays behind the present. Statements are cut off after one minute."""

SIZE_MAX = 10_000
"""Transfers a seal covers at most; a breach is narrowed down to one seal."""

_NO_ID = UUID(int=0)
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_START = bytes(32)


class Seal(Row, frozen=True):
    """A link of the chain: which transfers, and the hash of them and of the link before."""

    table: ClassVar[str] = "ledger_seal"
    key: ClassVar[tuple[str, ...]] = ("market_id", "number")

    market_id: UUID
    number: int
    transfers: int
    first_at: datetime
    first_id: UUID
    last_at: datetime
    last_id: UUID
    previous: bytes
    digest: bytes
    sealed_at: datetime


_LAST = f"""
select {columns(Seal)} from ledger_seal where market_id = $1 order by number desc limit 1
"""  # noqa: S608

_UNSEALED = f"""
select {columns(Transfer)} from ledger_transfer
where market_id = $1 and at >= $2 and (at, id) > ($2, $3) and at <= $4
order by at, id
"""  # noqa: S608


async def seal(database: Database, market_id: UUID) -> int:
    """Seal what is old enough; gives how many transfers were sealed. One worker at a time."""
    async with database.tx() as tx:
        if not await alone(tx, f"ledger seal {market_id}"):
            return 0
        last = await tx.first(Seal, _LAST, market_id)
        at, id = (last.last_at, last.last_id) if last else (_BEGINNING, _NO_ID)
        rows = tx.each(Transfer, _UNSEALED, market_id, at, id, tx.now - BEHIND)
        seals = [made async for made in _links(rows, market_id, last, tx.now)]
        await tx.insert(seals)
        return sum(made.transfers for made in seals)


async def _links(
    rows: AsyncIterator[Transfer], market_id: UUID, last: Seal | None, now: datetime
) -> AsyncIterator[Seal]:
    number, previous = (last.number, last.digest) if last else (0, _START)
    covered: list[Transfer] = []
    async for row in rows:
        covered.append(row)
        if len(covered) == SIZE_MAX:
            number += 1
            made = _link(market_id, number, previous, covered, now)
            yield made
            previous, covered = made.digest, []
    if covered:
        yield _link(market_id, number + 1, previous, covered, now)


def _link(
    market_id: UUID, number: int, previous: bytes, covered: list[Transfer], now: datetime
) -> Seal:
    first, last = covered[0], covered[-1]
    digest = _digest(previous, covered)
    return Seal(
        market_id, number, len(covered), first.at, first.id, last.at, last.id,
        previous, digest, now,
    )  # fmt: skip


def _digest(previous: bytes, covered: list[Transfer]) -> bytes:
    """Hash (SHA-256) the link before and every column of every transfer, in order."""
    state = hashlib.sha256(previous)
    for row in covered:
        state.update(content(row))
    return state.digest()


def content(row: Transfer) -> bytes:
    """Spell a transfer as bytes that no other transfer has."""
    parent = row.parent_id.bytes if row.parent_id else _NO_ID.bytes
    words = f"{row.phase}\x00{row.code}\x00{row.at.isoformat()}\x00".encode()
    ids = (row.id, row.market_id, row.journal_id, row.debit_id, row.credit_id, row.subject_id)
    names = b"".join(id.bytes for id in ids)
    return names + parent + row.amount.to_bytes(8, "big") + words


_SEALS = f"select {columns(Seal)} from ledger_seal order by market_id, number"  # noqa: S608

_COVERED = f"""
select {columns(Transfer)} from ledger_transfer
where market_id = $1 and at between $2 and $4 and (at, id) >= ($2, $3) and (at, id) <= ($4, $5)
order by at, id
"""  # noqa: S608

_BEFORE = """
select count(*) from ledger_transfer
where market_id = $1 and (at, id) < ($2, $3)
"""

_BETWEEN = """
select count(*) from ledger_transfer
where market_id = $1 and at between $2 and $4 and (at, id) > ($2, $3) and (at, id) < ($4, $5)
"""


async def verify(tx: Tx) -> Proof:
    """Recompute every seal; names those whose transfers are no longer what was sealed."""
    breaches: list[Breach] = []
    checked = 0
    seals = await tx.fetch(Seal, _SEALS)
    for made in seals:
        covered = await tx.fetch(
            Transfer, _COVERED,
            made.market_id, made.first_at, made.first_id, made.last_at, made.last_id,
        )  # fmt: skip
        checked += len(covered)
        if len(covered) != made.transfers or _digest(made.previous, covered) != made.digest:
            breaches.append(_broken(made, f"covers {len(covered)} of {made.transfers} transfers"))
    breaches += await _gaps(tx, seals)
    return Proof("sealed transfers are as they were sealed", checked, tuple(breaches))


async def _gaps(tx: Tx, seals: list[Seal]) -> list[Breach]:
    """Find links that do not follow each other, and transfers slipped in between them."""
    breaches = []
    firsts = {made.market_id: made for made in reversed(seals)}
    for made in firsts.values():
        before = await tx.value(_BEFORE, made.market_id, made.first_at, made.first_id)
        if made.number != 1 or made.previous != _START or before:
            breaches.append(_broken(made, f"is not the first, {before} transfers lie before it"))
    for one, two in pairwise(seals):
        if one.market_id != two.market_id:
            continue
        between = await tx.value(
            _BETWEEN, one.market_id, one.last_at, one.last_id, two.first_at, two.first_id
        )
        if two.number != one.number + 1 or two.previous != one.digest or between:
            breaches.append(_broken(two, f"does not follow seal {one.number}"))
    return breaches


def _broken(made: Seal, how: str) -> Breach:
    return Breach(f"seal {made.number} {how}", (f"ledger_seal {made.market_id}/{made.number}",))
