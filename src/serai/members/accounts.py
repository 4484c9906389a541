"""Members: joining a market, and what a member may change about oneself."""

from collections.abc import Iterable
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from serai.kernel import ids, outbox
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import contacts, passwords, text
from serai.members.audit import page_size
from serai.members.markets import market, market_unknown
from serai.members.model import Code, Market, Member, MemberEntry, Newcomer, Role
from serai.members.roles import become

NAME_MAX = 80

_SELECT = "select id, market_id, name, email, phone, locale, joined_at from members_member"


class Accepted(Struct, frozen=True):
    """A newcomer whose every word was found fit for a market."""

    name: str
    email: str | None
    phone: str | None
    locale: str
    password: str


async def sign_up(tx: Tx, market_id: UUID, newcomer: Newcomer) -> Member | Refused:
    """Make somebody a member, and a buyer: everybody may buy.

    The e-mail address and the telephone number are normalised, and each belongs
    to one member of a market. Emits `member.joined`.
    """
    home = await market(tx, market_id)
    if home is None:
        return market_unknown(market_id)
    accepted = accept(home, newcomer)
    return accepted if isinstance(accepted, Refused) else await join(tx, home, accepted)


def accept(home: Market, newcomer: Newcomer) -> Accepted | Refused:
    """Check what a newcomer says; nothing is read and nothing written."""
    locale = newcomer.locale or home.locales[0]
    name = text.line("name", newcomer.name, longest=NAME_MAX)
    email = contacts.email(newcomer.email) if newcomer.email else None
    phone = contacts.phone(newcomer.phone, home.country) if newcomer.phone else None
    spoken = text.one_of("locale", locale, home.locales)
    if refused := text.first_refusal(name, email, phone, spoken):
        return refused
    if email is None and phone is None:
        return Refused(Code.CONTACT_MISSING, {"fields": ["email", "phone"]})
    fit = Accepted(
        text.accepted(name), text.accepted(email), text.accepted(phone), locale, newcomer.password
    )
    return passwords.refusal(fit.password, (fit.name, fit.email, fit.phone)) or fit


_INSERT = """
insert into members_member (id, market_id, name, email, phone, locale, joined_at)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
"""


async def join(tx: Tx, home: Market, accepted: Accepted) -> Member | Refused:
    """Write a member who was accepted, unless the address or number has one already."""
    if taken := await _taken(tx, home.id, accepted):
        return taken
    kept = await passwords.hashed(accepted.password)
    now = tx.clock.now()
    member = Member(
        ids.new(now), home.id, accepted.name, accepted.email, accepted.phone, accepted.locale, now
    )
    fields = [getattr(member, name) for name in Member.__struct_fields__]
    if not await tx.execute(_INSERT, *fields):
        # Somebody joined with it while the password was being hashed.
        return await _taken(tx, home.id, accepted) or Refused(Code.EMAIL_TAKEN, {"field": "email"})
    await tx.execute(
        "insert into members_password (member_id, hash, set_at) values ($1, $2, $3)",
        member.id,
        kept,
        now,
    )
    await become(tx, member, Role.BUYER)
    joined = outbox.event(
        tx,
        market_id=home.id,
        subject=member.id,
        kind="member.joined",
        body={"member_id": str(member.id), "name": member.name, "locale": member.locale},
        audience=[member.id],
    )
    await outbox.emit(tx, [joined])
    return member


_TAKEN = """
select case when email = $2 then 'email' else 'phone' end from members_member
where market_id = $1 and (email = $2 or phone = $3) order by 1 limit 1
"""


async def _taken(tx: Tx, market_id: UUID, accepted: Accepted) -> Refused | None:
    field = await tx.value(_TAKEN, market_id, accepted.email, accepted.phone)
    if field is None:
        return None
    code = Code.EMAIL_TAKEN if field == "email" else Code.PHONE_TAKEN
    return Refused(code, {"field": field})


async def member(tx: Tx, id: UUID) -> Member | None:
    """Find a member."""
    return await tx.first(Member, _SELECT + " where id = $1", id)


async def members(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Member]:
    """Find members by id; one who does not exist is not among them."""
    found = await tx.fetch(Member, _SELECT + " where id = any($1)", list(set(ids)))
    return {member.id: member for member in found}


async def member_by_login(tx: Tx, home: Market, login: str) -> Member | None:
    """Find the member of a market who signs in with that address or number."""
    contact = contacts.login(login, home.country)
    if contact is None:
        return None
    return await tx.first(
        Member, _SELECT + " where market_id = $1 and (email = $2 or phone = $2)", home.id, contact
    )


_PAGE = r"""
select m.id, m.name, m.email, m.phone, m.locale, m.joined_at,
    array(select r.role from members_role as r where r.member_id = m.id order by r.role) as roles,
    d.at as deactivated_at
from members_member as m left join members_deactivation as d on d.member_id = m.id
where m.market_id = $1 and ($2::uuid is null or m.id < $2)
  and ($3::text is null or m.name ilike $3 or m.email ilike $3 or m.phone like $3)
order by m.id desc limit $4
"""


async def members_page(
    tx: Tx,
    market_id: UUID,
    *,
    before: UUID | None = None,
    containing: str | None = None,
    limit: int = 50,
) -> list[MemberEntry]:
    """List members, the newest first; `before` is the id of the last one of the page before.

    `containing` looks into names, addresses and numbers.
    """
    pattern = None
    if containing:
        literal = containing.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        pattern = f"%{literal}%"
    return await tx.fetch(MemberEntry, _PAGE, market_id, before, pattern, page_size(limit))


async def rename(tx: Tx, member_id: UUID, name: str) -> Member | Refused:
    """Call a member by another name from now on."""
    cleaned = text.line("name", name, longest=NAME_MAX)
    if isinstance(cleaned, Refused):
        return cleaned
    found = await member(tx, member_id)
    if found is None:
        return member_unknown(member_id)
    await tx.execute("update members_member set name = $2 where id = $1", member_id, cleaned)
    return replace(found, name=cleaned)


async def set_locale(tx: Tx, member_id: UUID, locale: str) -> Member | Refused:
    """Speak to a member in another of the market's locales from now on."""
    found = await member(tx, member_id)
    home = await market(tx, found.market_id) if found else None
    if found is None or home is None:
        return member_unknown(member_id)
    spoken = text.one_of("locale", locale, home.locales)
    if isinstance(spoken, Refused):
        return spoken
    await tx.execute("update members_member set locale = $2 where id = $1", member_id, spoken)
    return replace(found, locale=spoken)


def member_unknown(member_id: UUID) -> Refused:
    """Refuse: there is no such member."""
    return Refused(Code.MEMBER_UNKNOWN, {"member_id": str(member_id)})
