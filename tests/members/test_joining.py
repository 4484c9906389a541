import asyncio
from uuid import uuid4

import pytest

from serai import members
from serai.kernel.errors import Refused
from serai.kernel.tx import Database, Tx
from serai.members import Market, Member, Newcomer, Role
from tests.members.conftest import PASSWORD, Join, founded


async def count(tx: Tx, table: str) -> int:
    found = await tx.value(f"select count(*) from {table}")
    assert isinstance(found, int)
    return found


async def test_a_newcomer_is_a_buyer_and_the_market_hears_of_it(tx: Tx, market: Market) -> None:
    newcomer = Newcomer(
        name="  Anna   Ahlers ", email=" Anna@Example.COM ", phone="030 901820", password=PASSWORD
    )
    anna = await members.sign_up(tx, market.id, newcomer)
    assert isinstance(anna, Member)
    assert (anna.name, anna.email, anna.phone) == ("Anna Ahlers", "anna@example.com", "+4930901820")
    assert anna.locale == "en"
    assert await members.roles_of(tx, anna.id) == {Role.BUYER}
    told = "select audience from kernel_event where kind = 'member.joined' and subject = $1"
    assert await tx.value(told, anna.id) == [anna.id]


async def test_a_password_is_kept_as_argon2id_and_printed_nowhere(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    kept = await tx.value("select hash from members_password where member_id = $1", anna.id)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    event = await tx.value("select body::text from kernel_event where subject = $1", anna.id)
    assert PASSWORD not in kept + event
    assert PASSWORD not in repr(Newcomer(name="Anna", email="a@example.com", password=PASSWORD))


async def test_a_mailbox_belongs_to_one_member_of_a_market(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    before = await count(tx, "members_member")
    again = Newcomer(name="Another", email="ANNA@example.com", password=PASSWORD)
    refused = await members.sign_up(tx, anna.market_id, again)
    assert refused == Refused("email_taken", {"field": "email"})
    assert await count(tx, "members_member") == before
    assert await count(tx, "members_password") == before


async def test_a_number_belongs_to_one_member_of_a_market(tx: Tx, market: Market) -> None:
    first = Newcomer(name="Anna", phone="+49 30 901820", password=PASSWORD)
    assert isinstance(await members.sign_up(tx, market.id, first), Member)
    second = Newcomer(name="Berta", phone="030/901820", password=PASSWORD)
    refused = await members.sign_up(tx, market.id, second)
    assert refused == Refused("phone_taken", {"field": "phone"})


async def test_two_markets_know_nothing_of_each_other(tx: Tx, join: Join) -> None:
    here = await join("Anna")
    other = await founded(tx, "hill")
    newcomer = Newcomer(name="Anna", email="anna@example.com", password=PASSWORD)
    there = await members.sign_up(tx, other.market.id, newcomer)
    assert isinstance(there, Member)
    assert there.id != here.id


async def test_of_two_who_join_at_once_with_one_mailbox_one_is_refused(database: Database) -> None:
    async with database.tx() as tx:
        market = (await founded(tx)).market

    async def one() -> Member | Refused:
        newcomer = Newcomer(name="Anna", email="anna@example.com", password=PASSWORD)
        async with database.tx() as tx:
            return await members.sign_up(tx, market.id, newcomer)

    answers = await asyncio.gather(*(one() for _ in range(4)))
    assert sum(isinstance(answer, Member) for answer in answers) == 1
    refused = [answer.code for answer in answers if isinstance(answer, Refused)]
    assert refused == ["email_taken"] * 3
    async with database.tx() as tx:
        assert await count(tx, "members_member") == 2
        assert await count(tx, "members_password") == 2


@pytest.mark.parametrize(
    ("newcomer", "code", "facts"),
    [
        (Newcomer(name="A", password=PASSWORD), "contact_missing", {"fields": ["email", "phone"]}),
        (Newcomer(name="A", email="a@b", password=PASSWORD), "email_invalid", {"field": "email"}),
        (
            Newcomer(name="A", phone="12", password=PASSWORD),
            "phone_invalid",
            {"field": "phone", "country": "DE"},
        ),
        (
            Newcomer(name=" \n ", email="a@example.com", password=PASSWORD),
            "field_invalid",
            {"field": "name", "min": 1, "max": 80},
        ),
        (
            Newcomer(name="x" * 81, email="a@example.com", password=PASSWORD),
            "field_invalid",
            {"field": "name", "min": 1, "max": 80},
        ),
        (
            Newcomer(name="evil\u202egnp.exe", email="a@example.com", password=PASSWORD),
            "field_invalid",
            {"field": "name", "expected": "printable text"},
        ),
        (
            Newcomer(name="nul\x00", email="a@example.com", password=PASSWORD),
            "field_invalid",
            {"field": "name", "expected": "printable text"},
        ),
        (
            Newcomer(name="A", email="a@example.com", password=PASSWORD, locale="fr"),
            "locale_unknown",
            {"field": "locale", "locale": "fr", "offered": ["en", "de", "zh"]},
        ),
        (
            Newcomer(name="A", email="a@example.com", password="short"),
            "password_length",
            {"min": 8, "max": 128},
        ),
        (
            Newcomer(name="A", email="a@example.com", password="x1" * 65),
            "password_length",
            {"min": 8, "max": 128},
        ),
        (
            Newcomer(name="A", email="a@example.com", password="PassWord123"),
            "password_guessable",
            {"because": "common"},
        ),
        (
            Newcomer(name="A", email="a@example.com", password="zzzzzzzzzz"),
            "password_guessable",
            {"because": "common"},
        ),
        (
            Newcomer(name="Anna Ahlers", email="a@example.com", password="annaahlers"),
            "password_guessable",
            {"because": "personal"},
        ),
        (
            Newcomer(name="A", email="anna.ahlers@example.com", password="Anna.Ahlers"),
            "password_guessable",
            {"because": "personal"},
        ),
        (
            Newcomer(name="A", phone="+49 30 901820", password="4930901820"),
            "password_guessable",
            {"because": "personal"},
        ),
    ],
)
async def test_whoever_is_refused_is_told_what_to_change_and_is_not_a_member(
    tx: Tx, market: Market, newcomer: Newcomer, code: str, facts: dict[str, object]
) -> None:
    before = await count(tx, "members_member"), await count(tx, "kernel_event")
    assert await members.sign_up(tx, market.id, newcomer) == Refused(code, facts)
    assert (await count(tx, "members_member"), await count(tx, "kernel_event")) == before


async def test_nobody_joins_a_market_that_is_not_there(tx: Tx) -> None:
    unknown = uuid4()
    newcomer = Newcomer(name="A", email="a@example.com", password=PASSWORD)
    refused = await members.sign_up(tx, unknown, newcomer)
    assert refused == Refused("market_unknown", {"market_id": str(unknown)})


async def test_a_member_changes_name_and_language(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    assert not isinstance(await members.rename(tx, anna.id, " Anna  B. "), Refused)
    assert not isinstance(await members.set_locale(tx, anna.id, "zh"), Refused)
    found = await members.member(tx, anna.id)
    assert found is not None
    assert (found.name, found.locale) == ("Anna B.", "zh")
    refused = await members.set_locale(tx, anna.id, "xx")
    assert isinstance(refused, Refused)
    assert refused.facts["offered"] == ["en", "de", "zh"]
    assert await members.member(tx, anna.id) == found


async def test_members_are_found_by_id_and_by_what_they_sign_in_with(
    tx: Tx, market: Market, join: Join
) -> None:
    anna, berta = await join("Anna"), await join("Berta")
    assert await members.members(tx, [anna.id, uuid4()]) == {anna.id: anna}
    assert await members.member_by_login(tx, market, "BERTA@example.com") == berta
    assert await members.member_by_login(tx, market, "nobody@example.com") is None
    assert await members.member_by_login(tx, market, "%") is None


async def test_the_operator_pages_through_all_members_once(
    tx: Tx, market: Market, operator: Member, join: Join
) -> None:
    joined = [operator.id, *[(await join(name)).id for name in ("Anna", "Berta", "Carl", "Doro")]]
    stranger = await founded(tx, "hill")
    first = await members.members_page(tx, market.id, limit=3)
    rest = await members.members_page(tx, market.id, before=first[-1].id, limit=3)
    assert [entry.id for entry in [*first, *rest]] == joined[::-1]
    assert rest[-1].roles == [Role.BUYER, Role.OPERATOR]
    assert stranger.operator is not None
    assert stranger.operator.id not in {entry.id for entry in [*first, *rest]}


async def test_a_search_takes_what_was_typed_literally(tx: Tx, market: Market, join: Join) -> None:
    anna = await join("Anna")
    found = await members.members_page(tx, market.id, containing="NNA@ex")
    assert [entry.id for entry in found] == [anna.id]
    assert await members.members_page(tx, market.id, containing="%") == []
    assert await members.members_page(tx, market.id, containing="_nna") == []
