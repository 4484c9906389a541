import asyncio
from uuid import UUID, uuid4

import pytest

from serai import members
from serai.kernel.errors import Refused
from serai.kernel.tx import Database, Tx
from serai.members import (
    Deactivation,
    Market,
    Member,
    Newcomer,
    Role,
    RoleGrant,
    Scope,
    ShopState,
    SignedIn,
)
from tests.members.conftest import PASSWORD, PATIENCE_S, Join, OpenShop, founded

ONLY = Refused("operator_only", {"needs": "operator"})


async def actions(tx: Tx, market: Market) -> list[tuple[str, UUID | None, UUID, str]]:
    page = await members.actions_page(tx, market.id)
    return [(a.action, a.actor_id, a.subject, a.reason) for a in page]


async def test_an_operator_makes_couriers_and_operators_and_it_is_recorded(
    tx: Tx, market: Market, operator: Member, join: Join
) -> None:
    carl = await join("Carl")
    for role in (Role.COURIER, Role.OPERATOR):
        granted = await members.grant_role(tx, carl.id, role, by=operator.id, reason="Known well")
        assert isinstance(granted, RoleGrant)
        assert (granted.granted_by, granted.granted_at) == (operator.id, tx.clock.now())
    assert await members.roles_of(tx, carl.id) == {Role.BUYER, Role.COURIER, Role.OPERATOR}
    assert await actions(tx, market) == [
        ("operator.granted", operator.id, carl.id, "Known well"),
        ("courier.granted", operator.id, carl.id, "Known well"),
    ]


async def test_granting_twice_is_granting_once(
    tx: Tx, market: Market, operator: Member, join: Join
) -> None:
    carl = await join("Carl")
    first = await members.grant_role(tx, carl.id, Role.COURIER, by=operator.id, reason="First")
    again = await members.grant_role(tx, carl.id, Role.COURIER, by=None, reason="Again")
    assert again == first
    assert len(await actions(tx, market)) == 1


async def test_nobody_but_an_operator_of_this_market_grants_or_takes_roles(
    tx: Tx, market: Market, join: Join
) -> None:
    stranger = (await founded(tx, "hill")).operator
    assert stranger is not None
    carl = await join("Carl")
    for by in (carl.id, stranger.id, uuid4()):
        for role in (Role.COURIER, Role.OPERATOR):
            assert await members.grant_role(tx, carl.id, role, by=by, reason="Please") == ONLY
            assert await members.revoke_role(tx, carl.id, role, by=by, reason="Please") == ONLY
    assert await members.roles_of(tx, carl.id) == {Role.BUYER}
    assert await actions(tx, market) == []


@pytest.mark.parametrize("role", [Role.BUYER, Role.SELLER])
async def test_roles_that_come_by_themselves_are_not_granted(
    tx: Tx, join: Join, role: Role
) -> None:
    carl = await join("Carl")
    refused = Refused("role_not_granted", {"role": role})
    assert await members.grant_role(tx, carl.id, role, by=None, reason="Why not") == refused
    assert await members.revoke_role(tx, carl.id, role, by=None, reason="Why not") == refused
    assert await members.roles_of(tx, carl.id) == {Role.BUYER}


async def test_a_role_that_was_taken_is_gone_for_the_next_request(
    tx: Tx, operator: Member, join: Join
) -> None:
    carl = await join("Carl")
    await members.grant_role(tx, carl.id, Role.COURIER, by=operator.id, reason="In")
    session = await members.start_session(tx, carl.id)
    assert isinstance(session, SignedIn)
    caller = await members.authenticate(tx, session.token)
    assert caller is not None
    assert caller.roles == {Role.BUYER, Role.COURIER}
    await members.revoke_role(tx, carl.id, Role.COURIER, by=operator.id, reason="Out")
    caller = await members.authenticate(tx, session.token)
    assert caller is not None
    assert caller.roles == {Role.BUYER}


async def test_a_market_keeps_its_last_operator(tx: Tx, market: Market, operator: Member) -> None:
    refused = Refused("last_operator", {"member_id": str(operator.id)})
    id = operator.id
    assert await members.revoke_role(tx, id, Role.OPERATOR, by=id, reason="Tired") == refused
    assert await members.deactivate(tx, id, by=None, reason="Tired") == refused
    assert await members.is_operator(tx, market.id, id)


async def test_two_operators_who_remove_each_other_at_once_do_not_leave_nobody(
    database: Database,
) -> None:
    async with database.tx() as tx:
        opened = await founded(tx)
        newcomer = Newcomer(name="Otto", email="otto@example.com", password=PASSWORD)
        otto = await members.sign_up(tx, opened.market.id, newcomer)
        assert isinstance(otto, Member)
        await members.grant_role(tx, otto.id, Role.OPERATOR, by=None, reason="Two")
    olga = opened.operator
    assert olga is not None

    async def otto_removes_olga() -> object:
        async with database.tx() as tx:
            return await members.deactivate(tx, olga.id, by=otto.id, reason="It is me or you")

    async with database.tx() as tx:
        gone = await members.deactivate(tx, otto.id, by=olga.id, reason="It is you or me")
        answer = asyncio.create_task(otto_removes_olga())
        await asyncio.wait([answer], timeout=PATIENCE_S)
    assert isinstance(gone, Deactivation)
    assert await answer == Refused("last_operator", {"member_id": str(olga.id)})
    async with database.tx() as tx:
        left = [await members.is_operator(tx, opened.market.id, one.id) for one in (olga, otto)]
    assert left == [True, False]


async def test_a_deactivated_member_is_out_at_once_and_stays_out(
    tx: Tx, market: Market, operator: Member, join: Join, open_shop: OpenShop
) -> None:
    anna, berta = await join("Anna"), await join("Berta")
    shop = await open_shop(anna)
    session, others = [await members.start_session(tx, one.id) for one in (anna, berta)]
    assert isinstance(session, SignedIn)
    assert isinstance(others, SignedIn)
    issued = await members.issue_token(tx, anna.id, name="till", scopes=[Scope.READ])
    assert not isinstance(issued, Refused)

    kept_out = await members.deactivate(tx, anna.id, by=operator.id, reason="Sold air")
    assert isinstance(kept_out, Deactivation)
    assert await members.authenticate(tx, session.token) is None
    assert await members.authenticate(tx, issued.secret) is None
    assert await members.authenticate(tx, others.token) is not None
    refused = await members.sign_in(tx, market.id, anna.email or "", PASSWORD)
    assert refused == Refused("deactivated", {"since": kept_out.at.isoformat()})
    wrong = await members.sign_in(tx, market.id, anna.email or "", "wrong one")
    assert wrong == Refused("sign_in_failed")
    assert (await members.shops(tx, [shop.id]))[shop.id].state is ShopState.PAUSED
    assert await members.deactivation_of(tx, anna.id) == kept_out
    assert ("member.deactivated", operator.id, anna.id, "Sold air") in await actions(tx, market)


async def test_a_member_let_in_again_signs_in_but_old_keys_stay_dead(
    tx: Tx, market: Market, operator: Member, join: Join
) -> None:
    anna = await join("Anna")
    session = await members.start_session(tx, anna.id)
    issued = await members.issue_token(tx, anna.id, name="till", scopes=[Scope.READ])
    assert isinstance(session, SignedIn)
    assert not isinstance(issued, Refused)
    await members.deactivate(tx, anna.id, by=operator.id, reason="A mistake")
    assert await members.reactivate(tx, anna.id, by=operator.id, reason="It was") == anna
    assert await members.deactivation_of(tx, anna.id) is None
    assert await members.authenticate(tx, session.token) is None
    assert await members.authenticate(tx, issued.secret) is None
    assert isinstance(await members.sign_in(tx, market.id, anna.email or "", PASSWORD), SignedIn)
    done = [action for action, *_ in await actions(tx, market)]
    assert done == ["member.reactivated", "member.deactivated"]


async def test_only_an_operator_keeps_a_member_out(tx: Tx, market: Market, join: Join) -> None:
    anna, berta = await join("Anna"), await join("Berta")
    assert await members.deactivate(tx, anna.id, by=berta.id, reason="Rival") == ONLY
    assert await members.deactivate(tx, anna.id, by=anna.id, reason="Myself") == ONLY
    assert await members.deactivation_of(tx, anna.id) is None
    assert await actions(tx, market) == []


async def test_a_deactivated_operator_operates_no_more(
    tx: Tx, operator: Member, join: Join
) -> None:
    otto, anna = await join("Otto"), await join("Anna")
    await members.grant_role(tx, otto.id, Role.OPERATOR, by=operator.id, reason="Help")
    await members.deactivate(tx, otto.id, by=operator.id, reason="No help")
    assert await members.grant_role(tx, anna.id, Role.COURIER, by=otto.id, reason="Mate") == ONLY
    assert await members.roles_of(tx, anna.id) == {Role.BUYER}


async def test_the_audit_is_paged_newest_first_and_by_subject(
    tx: Tx, market: Market, operator: Member
) -> None:
    subjects = [uuid4(), uuid4(), uuid4()]
    recorded = [
        await members.record_action(
            tx,
            market_id=market.id,
            actor_id=operator.id,
            action="case.ruled",
            subject=subject,
            reason="Seen",
        )
        for subject in subjects
    ]
    first = await members.actions_page(tx, market.id, limit=2)
    rest = await members.actions_page(tx, market.id, before=first[-1].id, limit=2)
    assert [*first, *rest] == recorded[::-1]
    assert await members.actions_page(tx, market.id, subject=subjects[1]) == [recorded[1]]
