from datetime import timedelta

import pytest

from serai import members
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import ApiToken, IssuedToken, Member, Role, Scope
from tests.members.conftest import Join


async def issue(tx: Tx, member: Member, *scopes: Scope) -> IssuedToken:
    issued = await members.issue_token(tx, member.id, name="till", scopes=scopes or [Scope.READ])
    assert isinstance(issued, IssuedToken)
    return issued


async def test_a_key_lets_a_program_in_for_what_it_needs_and_no_more(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    issued = await issue(tx, anna, Scope.READ, Scope.CATALOG_WRITE, Scope.READ)
    assert issued.secret.startswith("serai_")
    assert issued.secret not in repr(issued)
    caller = await members.authenticate(tx, issued.secret)
    assert caller is not None
    assert (caller.member_id, caller.token_id) == (anna.id, issued.token.id)
    assert caller.session_id is None
    assert [scope for scope in Scope if caller.may(scope)] == [Scope.READ, Scope.CATALOG_WRITE]


async def test_a_session_may_all_that_its_member_may(tx: Tx, join: Join) -> None:
    signed_in = await members.start_session(tx, (await join()).id)
    assert not isinstance(signed_in, Refused)
    caller = await members.authenticate(tx, signed_in.token)
    assert caller is not None
    assert all(caller.may(scope) for scope in Scope)


async def test_the_secret_is_shown_once_and_not_kept(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    issued = await issue(tx, anna)
    row = await tx.value("select members_token::text from members_token")
    assert issued.secret.removeprefix("serai_") not in row
    assert await members.tokens_of(tx, anna.id) == [issued.token]
    assert await members.authenticate(tx, issued.secret.removeprefix("serai_")) is None
    assert await members.authenticate(tx, issued.secret[:-1]) is None


async def test_a_key_ends_when_it_was_said_to(tx: Tx, clock: ManualClock, join: Join) -> None:
    anna = await join("Anna")
    until = clock.now() + timedelta(hours=1)
    issued = await members.issue_token(
        tx, anna.id, name="till", scopes=[Scope.READ], expires_at=until
    )
    assert isinstance(issued, IssuedToken)
    tx.now = until - timedelta(seconds=1)
    assert await members.authenticate(tx, issued.secret) is not None
    tx.now = until
    assert await members.authenticate(tx, issued.secret) is None


@pytest.mark.parametrize("away", [timedelta(0), timedelta(days=-1), timedelta(days=367)])
async def test_no_key_lasts_for_ever_or_is_over_before_it_begins(
    tx: Tx, clock: ManualClock, join: Join, away: timedelta
) -> None:
    anna = await join("Anna")
    refused = await members.issue_token(
        tx, anna.id, name="till", scopes=[Scope.READ], expires_at=clock.now() + away
    )
    assert refused == Refused(
        "expiry_invalid",
        {
            "field": "expires_at",
            "after": clock.now().isoformat(),
            "until": (clock.now() + timedelta(days=366)).isoformat(),
        },
    )
    assert await members.tokens_of(tx, anna.id) == []


async def test_a_revoked_key_is_dead_and_a_stranger_cannot_revoke_it(tx: Tx, join: Join) -> None:
    anna, berta = await join("Anna"), await join("Berta")
    issued, other = await issue(tx, anna), await issue(tx, anna)
    refused = Refused("token_unknown", {"token_id": str(issued.token.id)})
    assert await members.revoke_token(tx, berta.id, issued.token.id) == refused
    assert await members.authenticate(tx, issued.secret) is not None
    assert await members.revoke_token(tx, anna.id, issued.token.id) is None
    assert await members.authenticate(tx, issued.secret) is None
    assert await members.authenticate(tx, other.secret) is not None


async def test_the_last_use_is_noted_once_a_minute(tx: Tx, clock: ManualClock, join: Join) -> None:
    anna = await join("Anna")
    issued = await issue(tx, anna)
    began = tx.now
    for seconds, used in ((0, 0), (59, 0), (60, 60), (61, 60)):
        tx.now = began + timedelta(seconds=seconds)
        await members.authenticate(tx, issued.secret)
        (token,) = await members.tokens_of(tx, anna.id)
        assert token.used_at == began + timedelta(seconds=used)


async def test_only_an_operator_has_a_key_to_operate(tx: Tx, operator: Member, join: Join) -> None:
    anna = await join("Anna")
    refused = await members.issue_token(
        tx, anna.id, name="till", scopes=[Scope.READ, Scope.MARKET_OPERATE]
    )
    facts = {"field": "scopes", "scope": "market:operate", "needs": "operator"}
    assert refused == Refused("scope_not_yours", facts)
    issued = await issue(tx, operator, Scope.MARKET_OPERATE)
    caller = await members.authenticate(tx, issued.secret)
    assert caller is not None
    assert Role.OPERATOR in caller.roles
    assert not caller.may(Scope.READ)


async def test_a_key_needs_a_name_and_a_purpose(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    nameless = await members.issue_token(tx, anna.id, name=" ", scopes=[Scope.READ])
    idle = await members.issue_token(tx, anna.id, name="till", scopes=[])
    assert nameless == Refused("field_invalid", {"field": "name", "min": 1, "max": 80})
    assert idle == Refused("field_invalid", {"field": "scopes", "min": 1, "max": 6})
    assert await members.tokens_of(tx, anna.id) == []


async def test_fifty_keys_are_enough_and_a_revoked_one_makes_room(tx: Tx, join: Join) -> None:
    anna = await join("Anna")
    issued = [await issue(tx, anna) for _ in range(50)]
    refused = await members.issue_token(tx, anna.id, name="till", scopes=[Scope.READ])
    assert refused == Refused("limit_reached", {"of": "tokens", "max": 50})
    await members.revoke_token(tx, anna.id, issued[0].token.id)
    assert isinstance((await issue(tx, anna)).token, ApiToken)
