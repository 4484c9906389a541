"""Addresses: where a member's parcels go, each in a real place."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec.structs import replace

from serai.kernel import ids
from serai.kernel.errors import Refused
from serai.kernel.lock import lock
from serai.kernel.tx import Row, Tx
from serai.members import contacts, text
from serai.members.accounts import NAME_MAX, member_unknown
from serai.members.model import Address, Code, Member, NewAddress, Place
from serai.members.places import place

_ADDRESSES_MAX = 50
_LINES_MAX = 4
_LINE_MAX = 120
_POSTCODE_MAX = 16


class _Kept(Row, frozen=True):
    table: ClassVar[str] = "members_address"

    id: UUID
    market_id: UUID
    member_id: UUID
    recipient: str
    phone: str
    lines: list[str]
    postcode: str | None
    place: Place
    added_at: datetime
    removed_at: datetime | None


_SELECT = (
    "select a.id, a.market_id, a.member_id, a.recipient, a.phone, a.lines, a.postcode,"
    " a.place, a.added_at, a.removed_at from members_address as a"
)
_COUNT = "select count(*) from members_address where member_id = $1 and removed_at is null"


async def add_address(
    tx: Tx, member_id: UUID, new: NewAddress, *, as_default: bool = False
) -> Address | Refused:
    """Keep an address; a member's first one is the default. At most fifty."""
    checked, where = _checked(new), place(new.place_id)
    if isinstance(checked, Refused):
        return checked
    if where is None:
        return _place_unknown(new)
    owner = await lock(tx, Member, [member_id])
    if not owner:
        return member_unknown(member_id)
    if await tx.value(_COUNT, member_id) >= _ADDRESSES_MAX:
        return Refused(Code.LIMIT_REACHED, {"of": "addresses", "max": _ADDRESSES_MAX})
    now = tx.clock.now()
    kept = _Kept(
        id=ids.new(now),
        market_id=owner[0].market_id,
        member_id=member_id,
        recipient=checked.recipient,
        phone=checked.phone,
        lines=checked.lines,
        postcode=checked.postcode,
        place=where,
        added_at=now,
        removed_at=None,
    )
    await tx.insert([kept])
    if as_default or await _default_id(tx, member_id) is None:
        await _choose(tx, kept)
    return _address(kept, await _default_id(tx, member_id))


async def edit_address(
    tx: Tx, member_id: UUID, address_id: UUID, new: NewAddress
) -> Address | Refused:
    """Write an address anew. Orders keep the copy that was frozen in them."""
    checked, where = _checked(new), place(new.place_id)
    if isinstance(checked, Refused):
        return checked
    if where is None:
        return _place_unknown(new)
    kept = await _held(tx, member_id, address_id)
    if isinstance(kept, Refused):
        return kept
    await tx.execute(
        "update members_address set recipient = $2, phone = $3, lines = $4, postcode = $5,"
        " place = $6 where id = $1",
        address_id,
        checked.recipient,
        checked.phone,
        checked.lines,
        checked.postcode,
        where,
    )
    written = replace(
        kept,
        recipient=checked.recipient,
        phone=checked.phone,
        lines=checked.lines,
        postcode=checked.postcode,
        place=where,
    )
    return _address(written, await _default_id(tx, member_id))


async def set_default_address(tx: Tx, member_id: UUID, address_id: UUID) -> Address | Refused:
    """Send to this address unless told otherwise."""
    kept = await _held(tx, member_id, address_id)
    if isinstance(kept, Refused):
        return kept
    await _choose(tx, kept)
    return _address(kept, address_id)


async def remove_address(tx: Tx, member_id: UUID, address_id: UUID) -> Refused | None:
    """Take an address off the list; the newest of those left becomes the default if need be."""
    kept = await _held(tx, member_id, address_id)
    if isinstance(kept, Refused):
        return kept
    await tx.execute(
        "update members_address set removed_at = $2 where id = $1", address_id, tx.clock.now()
    )
    if await _default_id(tx, member_id) == address_id:
        await tx.execute("delete from members_default_address where member_id = $1", member_id)
        left = await addresses_of(tx, member_id)
        if left:
            await set_default_address(tx, member_id, left[0].id)
    return None


_OF = _SELECT + " where a.member_id = $1 and a.removed_at is null order by a.id desc"


async def addresses_of(tx: Tx, member_id: UUID) -> list[Address]:
    """List a member's addresses: the default first, then the newest."""
    chosen = await _default_id(tx, member_id)
    found = [_address(kept, chosen) for kept in await tx.fetch(_Kept, _OF, member_id)]
    return sorted(found, key=lambda address: not address.is_default)


async def address(tx: Tx, member_id: UUID, address_id: UUID) -> Address | None:
    """Find one of a member's addresses; another member's, or a removed one, is not found."""
    kept = await _find(tx, member_id, address_id)
    if isinstance(kept, Refused):
        return None
    return _address(kept, await _default_id(tx, member_id))


async def addresses(tx: Tx, address_ids: Sequence[UUID]) -> dict[UUID, Address]:
    """Find addresses by id, whoever's they are; removed ones are not found.

    For checkouts by the hundred; whoever asks compares `member_id`.
    """
    sql = _SELECT + " where a.id = any($1) and a.removed_at is null"
    found = await tx.fetch(_Kept, sql, address_ids)
    return {kept.id: _address(kept, None) for kept in found}


async def default_address(tx: Tx, member_id: UUID) -> Address | None:
    """Find where a member's parcels go unless told otherwise."""
    chosen = await _default_id(tx, member_id)
    return await address(tx, member_id, chosen) if chosen else None


async def _default_id(tx: Tx, member_id: UUID) -> UUID | None:
    sql = "select address_id from members_default_address where member_id = $1"
    found: UUID | None = await tx.value(sql, member_id)
    return found


_CHOOSE = """
insert into members_default_address (member_id, address_id, chosen_at) values ($1, $2, $3)
on conflict (member_id) do update
set address_id = excluded.address_id, chosen_at = excluded.chosen_at
"""


async def _choose(tx: Tx, kept: _Kept) -> None:
    await tx.execute(_CHOOSE, kept.member_id, kept.id, tx.clock.now())


async def _held(tx: Tx, member_id: UUID, address_id: UUID) -> _Kept | Refused:
    """Find an address that is about to change; one change of a member's list at a time."""
    await lock(tx, Member, [member_id])
    return await _find(tx, member_id, address_id)


async def _find(tx: Tx, member_id: UUID, address_id: UUID) -> _Kept | Refused:
    found = await tx.first(
        _Kept,
        _SELECT + " where a.id = $1 and a.member_id = $2 and a.removed_at is null",
        address_id,
        member_id,
    )
    return found or Refused(Code.ADDRESS_UNKNOWN, {"address_id": str(address_id)})


def _address(kept: _Kept, chosen: UUID | None) -> Address:
    return Address(
        id=kept.id,
        member_id=kept.member_id,
        recipient=kept.recipient,
        phone=kept.phone,
        lines=kept.lines,
        postcode=kept.postcode,
        place=kept.place,
        is_default=kept.id == chosen,
    )


def _checked(new: NewAddress) -> NewAddress | Refused:
    """Check an address; a telephone number without country code belongs to its country."""
    where = place(new.place_id)
    if where is None:
        return _place_unknown(new)
    recipient = text.line("recipient", new.recipient, longest=NAME_MAX)
    phone = contacts.phone(new.phone, where.country)
    postcode = new.postcode and text.line("postcode", new.postcode, longest=_POSTCODE_MAX)
    lines = [
        text.line(f"lines.{number}", line, longest=_LINE_MAX)
        for number, line in enumerate(new.lines)
    ]
    if not 1 <= len(lines) <= _LINES_MAX:
        return Refused(Code.FIELD_INVALID, {"field": "lines", "min": 1, "max": _LINES_MAX})
    if refused := text.first_refusal(recipient, phone, postcode, *lines):
        return refused
    return NewAddress(
        recipient=text.accepted(recipient),
        phone=text.accepted(phone),
        lines=[text.accepted(line) for line in lines],
        place_id=new.place_id,
        postcode=text.accepted(postcode) or None,
    )


def _place_unknown(new: NewAddress) -> Refused:
    return Refused(Code.PLACE_UNKNOWN, {"field": "place_id", "place_id": new.place_id})
