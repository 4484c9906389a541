import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from prometheus_client import REGISTRY

from serai import members
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Database, Tx
from serai.members import Caller, Market, Member, Newcomer, Role, SignedIn
from tests.members.conftest import PASSWORD, Join, founded

FAILED = "sign_in_failed"
TOO_MANY = "too_many_attempts"


def passwords_weighed() -> float:
    return REGISTRY.get_sample_value("serai_password_checks_total") or 0.0


async def come_in(tx: Tx, member: Member, **more: str | None) -> SignedIn:
    answer = await members.sign_in(tx, member.market_id, member.email or "", PASSWORD, **more)
    assert isinstance(answer, SignedIn)
    return answer


async def later(tx: Tx, clock: ManualClock, by: timedelta) -> None:
    clock.advance(by)
    tx.now = clock.now()


async def test_a_member_comes_in_by_mailbox_or_number(tx: Tx, market: Market) -> None:
    newcomer = Newcomer(
        name="Anna", email="anna@example.com", phone="030 901820", password=PASSWORD
    )
    anna = await members.sign_up(tx, market.id, newcomer)
    for login in (" ANNA@example.com", "+49 30 901820", "030901820"):
        answer = await members.sign_in(tx, market.id, login, PASSWORD)
        assert isinstance(answer, SignedIn)
        assert answer.member == anna
        assert answer.token not in repr(answer)


async def test_a_session_says_who_calls_and_what_they_are(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    signed_in = await come_in(tx, anna)
    assert await members.authenticate(tx, signed_in.token) == Caller(
        member_id=anna.id,
        market_id=anna.market_id,
        roles=frozenset({Role.BUYER}),
        scopes=None,
        session_id=signed_in.session.id,
    )


@pytest.mark.parametrize(
    "token", ["", "x", "serai_", "serai_x", "\x00", "\ud800", "ü" * 43, "x" * 100_000]
)
async def test_a_forged_token_is_nobody(tx: Tx, join: Join, token: str) -> None:
    await come_in(tx, await join())
    assert await members.authenticate(tx, token) is None


async def test_what_the_database_keeps_of_a_session_does_not_open_it(tx: Tx, join: Join) -> None:
    signed_in = await come_in(tx, await join())
    row = await tx.value("select members_session::text from members_session")
    assert signed_in.token not in row
    digest = await tx.value("select encode(digest, 'hex') from members_session")
    assert await members.authenticate(tx, digest) is None


async def test_an_unknown_account_is_answered_like_a_wrong_password_after_the_same_work(
    tx: Tx, market: Market, join: Join
) -> None:
    anna = await join("Anna")
    answers = []
    for login in (anna.email or "", "nobody@example.com", "+8613800138000", "not a login"):
        before = passwords_weighed()
        answers.append(await members.sign_in(tx, market.id, login, "not her password"))
        assert passwords_weighed() - before == 1
    assert answers == [Refused(FAILED)] * 4
    assert await members.sessions_of(tx, anna.id) == []


async def test_an_unknown_account_has_to_wait_like_a_real_one(
    tx: Tx, market: Market, join: Join
) -> None:
    anna = await join("Anna")
    for login in (anna.email or "", "nobody@example.com"):
        answers = [await members.sign_in(tx, market.id, login, "wrong one") for _ in range(6)]
        assert [answer.code for answer in answers if isinstance(answer, Refused)] == [
            *[FAILED] * 5,
            TOO_MANY,
        ]


async def test_after_five_failures_even_the_right_password_waits_until_the_moment_told(
    tx: Tx, clock: ManualClock, market: Market, join: Join
) -> None:
    anna = await join("Anna")
    login = anna.email or ""
    answers = [await members.sign_in(tx, market.id, login, "wrong one") for _ in range(5)]
    moment = (clock.now() + timedelta(seconds=30)).isoformat()
    facts = {"retry_at": moment, "wait_seconds": 30}
    assert answers == [*[Refused(FAILED)] * 4, Refused(FAILED, facts)]
    before = passwords_weighed()
    assert await members.sign_in(tx, market.id, login, PASSWORD) == Refused(TOO_MANY, facts)
    assert passwords_weighed() == before
    assert await members.sessions_of(tx, anna.id) == []
    await later(tx, clock, timedelta(seconds=30))
    assert isinstance(await members.sign_in(tx, market.id, login, PASSWORD), SignedIn)


async def test_waits_double_up_to_a_quarter_of_an_hour(
    tx: Tx, clock: ManualClock, market: Market
) -> None:
    waits = []
    for _ in range(12):
        answer = await members.sign_in(tx, market.id, "nobody@example.com", "wrong one")
        assert isinstance(answer, Refused)
        assert answer.code == FAILED
        waits.append(answer.facts.get("wait_seconds", 0))
        await later(tx, clock, timedelta(seconds=waits[-1]))
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


async def test_failures_are_forgotten_after_a_quiet_day_and_by_a_success(
    tx: Tx, clock: ManualClock, join: Join
) -> None:
    anna = await join("Anna")

    async def fail() -> Refused:
        answer = await members.sign_in(tx, anna.market_id, anna.email or "", "wrong one")
        assert isinstance(answer, Refused)
        return answer

    for _ in range(4):
        await fail()
    await later(tx, clock, timedelta(days=1))
    assert [await fail() for _ in range(4)] == [Refused(FAILED)] * 4
    await come_in(tx, anna)
    assert [await fail() for _ in range(4)] == [Refused(FAILED)] * 4


async def test_failures_that_are_forgotten_do_not_pile_up(
    tx: Tx, clock: ManualClock, market: Market
) -> None:
    async def fail(login: str) -> None:
        assert await members.sign_in(tx, market.id, login, "wrong one") == Refused(FAILED)

    for number in range(3):
        await fail(f"guess{number}@example.com")
    await later(tx, clock, timedelta(hours=23))
    await fail("recent@example.com")
    await later(tx, clock, timedelta(hours=1))
    await fail("last@example.com")
    assert await tx.value("select count(*) from members_attempt") == 2


async def test_one_address_that_tries_many_accounts_waits_and_others_do_not(
    tx: Tx, join: Join
) -> None:
    anna = await join("Anna")
    for number in range(30):
        answer = await members.sign_in(
            tx, anna.market_id, f"guess{number}@example.com", "wrong one", address="203.0.113.9"
        )
        assert isinstance(answer, Refused)
        assert answer.code == FAILED
    login = anna.email or ""
    blocked = await members.sign_in(tx, anna.market_id, login, PASSWORD, address="203.0.113.9")
    assert isinstance(blocked, Refused)
    assert blocked.code == TOO_MANY
    assert "retry_at" in blocked.facts
    await come_in(tx, anna, address="198.51.100.7")
    still = await members.sign_in(tx, anna.market_id, login, PASSWORD, address="203.0.113.9")
    assert isinstance(still, Refused)


async def test_an_account_of_ones_own_does_not_buy_an_address_more_tries(
    tx: Tx, join: Join
) -> None:
    mallory = await join("Mallory")
    answers = []
    for number in range(30):
        login = f"guess{number}@example.com"
        await come_in(tx, mallory, address="203.0.113.9")
        answers.append(
            await members.sign_in(tx, mallory.market_id, login, "wrong one", address="203.0.113.9")
        )
    assert answers[:29] == [Refused(FAILED)] * 29
    assert isinstance(answers[29], Refused)
    assert answers[29].facts["wait_seconds"] == 30


async def test_guessing_many_at_once_is_no_faster_than_one_by_one(database: Database) -> None:
    async with database.tx() as tx:
        opened = await founded(tx)

    async def guess() -> Refused | SignedIn:
        async with database.tx() as tx:
            return await members.sign_in(tx, opened.market.id, "olga@harbour.example.com", "wrong")

    answers = await asyncio.gather(*(guess() for _ in range(12)))
    codes = sorted(answer.code for answer in answers if isinstance(answer, Refused))
    assert codes == [FAILED] * 5 + [TOO_MANY] * 7


async def test_a_password_typed_into_the_wrong_field_is_not_kept(tx: Tx, market: Market) -> None:
    await members.sign_in(tx, market.id, PASSWORD, PASSWORD)
    assert PASSWORD not in await tx.value("select members_attempt::text from members_attempt")


async def test_signing_in_ends_the_session_that_was_presented(tx: Tx, join: Join) -> None:
    anna, mallory = await join("Anna"), await join("Mallory")
    planted = await come_in(tx, mallory)
    elsewhere = await come_in(tx, mallory)
    mine = await come_in(tx, anna, presented=planted.token)
    assert mine.token != planted.token
    assert await members.authenticate(tx, planted.token) is None
    assert await members.authenticate(tx, elsewhere.token) is not None


async def test_a_failed_sign_in_ends_nothing(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    mine = await come_in(tx, anna)
    login = anna.email or ""
    await members.sign_in(tx, anna.market_id, login, "wrong one", presented=mine.token)
    assert await members.authenticate(tx, mine.token) is not None


async def test_a_session_ends_after_a_week_without_use(
    tx: Tx, clock: ManualClock, join: Join
) -> None:
    used, idle = await come_in(tx, await join("Anna")), await come_in(tx, await join("Berta"))
    await later(tx, clock, timedelta(days=6))
    assert await members.authenticate(tx, used.token) is not None
    await later(tx, clock, timedelta(days=1))
    assert await members.authenticate(tx, used.token) is not None
    assert await members.authenticate(tx, idle.token) is None
    assert await members.sessions_of(tx, idle.member.id) == []


async def test_a_session_ends_after_thirty_days_however_much_it_is_used(
    tx: Tx, clock: ManualClock, join: Join
) -> None:
    signed_in = await come_in(tx, await join())
    for _ in range(29):
        await later(tx, clock, timedelta(days=1))
        assert await members.authenticate(tx, signed_in.token) is not None
    await later(tx, clock, timedelta(days=1))
    assert await members.authenticate(tx, signed_in.token) is None


async def test_that_a_session_was_seen_is_noted_once_a_minute(
    tx: Tx, clock: ManualClock, join: Join
) -> None:
    anna = await join("Anna")
    signed_in = await come_in(tx, anna)
    began = clock.now()
    for seconds, seen in ((59, began), (1, began + timedelta(seconds=60))):
        await later(tx, clock, timedelta(seconds=seconds))
        await members.authenticate(tx, signed_in.token)
        assert [session.seen_at for session in await members.sessions_of(tx, anna.id)] == [seen]


async def test_signing_out_ends_this_session_and_no_other(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    one, other = await come_in(tx, anna), await come_in(tx, anna)
    await members.sign_out(tx, one.token)
    await members.sign_out(tx, "never was")
    assert await members.authenticate(tx, one.token) is None
    assert [session.id for session in await members.sessions_of(tx, anna.id)] == [other.session.id]


async def test_a_member_ends_one_session_or_all_others_but_never_anothers(
    tx: Tx, join: Join
) -> None:
    anna, berta = await join("Anna"), await join("Berta")
    phone, laptop, library = [await come_in(tx, anna, agent=a) for a in ("phone", "laptop", "lib")]
    hers = await come_in(tx, berta)
    refused = await members.end_session(tx, anna.id, hers.session.id)
    assert refused == Refused("session_unknown", {"session_id": str(hers.session.id)})
    assert await members.end_session(tx, anna.id, library.session.id) is None
    assert await members.end_other_sessions(tx, anna.id, keep=laptop.session.id) == 1
    assert await members.authenticate(tx, phone.token) is None
    assert await members.authenticate(tx, library.token) is None
    assert await members.authenticate(tx, laptop.token) is not None
    assert await members.authenticate(tx, hers.token) is not None


async def test_of_too_many_sessions_the_oldest_ends(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    started = []
    for _ in range(51):
        answer = await members.start_session(tx, anna.id, agent="x" * 1000)
        assert isinstance(answer, SignedIn)
        started.append(answer)
    live = await members.sessions_of(tx, anna.id)
    assert [s.id for s in live] == [s.session.id for s in started[:0:-1]]
    assert await members.authenticate(tx, started[0].token) is None


async def test_a_new_password_ends_the_other_sessions_and_the_old_password(
    tx: Tx, join: Join
) -> None:
    anna = await join("Anna")
    here, there = await come_in(tx, anna), await come_in(tx, anna)
    new = "another walk by the sea"
    kept = here.session.id
    changed = await members.change_password(tx, anna.id, old=PASSWORD, new=new, keep=kept)
    assert changed == anna
    assert await members.authenticate(tx, here.token) is not None
    assert await members.authenticate(tx, there.token) is None
    login = anna.email or ""
    assert await members.sign_in(tx, anna.market_id, login, PASSWORD) == Refused(FAILED)
    assert isinstance(await members.sign_in(tx, anna.market_id, login, new), SignedIn)


async def test_a_password_is_not_changed_without_the_old_one_or_to_a_poor_one(
    tx: Tx, join: Join
) -> None:
    anna = await join("Anna")
    here = await come_in(tx, anna)
    wrong = await members.change_password(tx, anna.id, old="wrong one", new="river and sea")
    assert wrong == Refused(FAILED)
    poor = await members.change_password(tx, anna.id, old=PASSWORD, new="anna@example.com")
    assert poor == Refused("password_guessable", {"because": "personal"})
    assert await members.authenticate(tx, here.token) is not None
    await come_in(tx, anna)


async def test_a_hash_of_weaker_parameters_is_replaced_when_its_owner_signs_in(
    tx: Tx, join: Join
) -> None:
    anna = await join("Anna")
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await tx.execute("update members_password set hash = $2 where member_id = $1", anna.id, weak)
    await members.sign_in(tx, anna.market_id, anna.email or "", "wrong one")
    kept = "select hash from members_password where member_id = $1"
    assert await tx.value(kept, anna.id) == weak
    await come_in(tx, anna)
    assert (await tx.value(kept, anna.id)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await come_in(tx, anna)
