from uuid import uuid4

import msgspec
import pytest

from serai import members
from serai.kernel.errors import Refused
from serai.kernel.tx import Tx
from serai.members import Founded, Market, Member, Newcomer, NewMarket, Role, Terms
from tests.members.conftest import Join, founded

HILL = NewMarket(slug="hill", name="Hill", currency="CNY", country="CN", locales=("zh-Hans", "en"))


async def test_a_market_starts_with_the_terms_of_the_house(tx: Tx) -> None:
    answer = await members.found_market(tx, HILL)
    assert isinstance(answer, Founded)
    assert answer.operator is None
    market = answer.market
    assert market.terms == Terms(
        unpaid_minutes=30,
        ship_hours=72,
        confirm_days=10,
        confirm_unscanned_days=30,
        confirm_digital_days=3,
        extension_days=5,
        commission_bp=0,
    )
    assert await members.market(tx, market.id) == market
    assert await members.market_by_slug(tx, "hill") == market
    assert await members.markets(tx) == [market]


async def test_its_first_operator_is_a_buyer_like_everybody(tx: Tx, opening: Founded) -> None:
    assert opening.operator is not None
    roles = await members.roles_of(tx, opening.operator.id)
    assert roles == {Role.BUYER, Role.OPERATOR}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"slug": "Hill"}, "field_invalid", "slug"),
        ({"slug": "hill-"}, "field_invalid", "slug"),
        ({"slug": ""}, "field_invalid", "slug"),
        ({"slug": "h" * 81}, "field_invalid", "slug"),
        ({"slug": "hügel"}, "field_invalid", "slug"),
        ({"name": "  "}, "field_invalid", "name"),
        ({"currency": "EUX"}, "currency_unknown", "currency"),
        ({"currency": "XAU"}, "currency_unknown", "currency"),
        ({"country": "ZZ"}, "country_unknown", "country"),
        ({"locales": ()}, "field_invalid", "locales"),
        ({"locales": ("en", "xx-nowhere")}, "locale_unknown", "locales"),
        ({"locales": ("",)}, "locale_unknown", "locales"),
        ({"terms": Terms(commission_bp=5_001)}, "terms_invalid", "commission_bp"),
    ],
)
async def test_a_market_that_will_not_do_is_not_founded(
    tx: Tx, change: dict[str, object], code: str, field: str
) -> None:
    refused = await members.found_market(tx, msgspec.structs.replace(HILL, **change))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.facts["field"]) == (code, field)
    assert await members.markets(tx) == []


async def test_no_two_markets_share_a_slug(tx: Tx) -> None:
    first = await founded(tx, "hill")
    refused = await members.found_market(tx, HILL)
    assert refused == Refused("slug_taken", {"field": "slug", "slug": "hill"})
    assert await members.markets(tx) == [first.market]


async def test_a_refused_operator_leaves_no_market_behind(tx: Tx) -> None:
    poor = Newcomer(name="Olga", email="olga@example.com", password="password")
    refused = await members.found_market(tx, HILL, operator=poor)
    assert isinstance(refused, Refused)
    assert refused.code == "password_guessable"
    assert await members.markets(tx) == []


async def test_terms_change_with_who_when_and_why(tx: Tx, market: Market, operator: Member) -> None:
    terms = Terms(ship_hours=48, commission_bp=250)
    changed = await members.set_terms(tx, market.id, terms, by=operator.id, reason=" Faster ")
    assert isinstance(changed, Market)
    assert changed.terms == terms
    assert await members.market(tx, market.id) == changed
    (kept,) = await members.terms_changes(tx, market.id)
    assert (kept.before, kept.after) == (market.terms, terms)
    assert (kept.by_id, kept.reason, kept.at) == (operator.id, "Faster", tx.clock.now())
    (action,) = await members.actions_page(tx, market.id)
    assert (action.action, action.actor_id, action.subject) == (
        "terms.changed",
        operator.id,
        market.id,
    )


async def test_the_same_terms_again_leave_no_row(tx: Tx, market: Market, operator: Member) -> None:
    same = await members.set_terms(tx, market.id, market.terms, by=operator.id, reason="again")
    assert same == market
    assert await members.terms_changes(tx, market.id) == []
    assert await members.actions_page(tx, market.id) == []


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        ("unpaid_minutes", 1, 10_080),
        ("ship_hours", 1, 2_160),
        ("confirm_days", 1, 90),
        ("confirm_unscanned_days", 1, 180),
        ("confirm_digital_days", 1, 90),
        ("extension_days", 1, 90),
        ("commission_bp", 0, 5_000),
    ],
)
async def test_terms_stay_within_their_bounds(
    tx: Tx, market: Market, field: str, least: int, most: int
) -> None:
    for value in (least, most):
        terms = msgspec.structs.replace(market.terms, **{field: value})
        answer = await members.set_terms(tx, market.id, terms, by=None, reason="as far as it goes")
        assert isinstance(answer, Market)
    before = await members.market(tx, market.id)
    for value in (least - 1, most + 1):
        terms = msgspec.structs.replace(market.terms, **{field: value})
        refused = await members.set_terms(tx, market.id, terms, by=None, reason="too far")
        assert isinstance(refused, Refused)
        assert (refused.code, refused.facts["field"]) == ("terms_invalid", field)
    assert await members.market(tx, market.id) == before


async def test_only_this_markets_operator_changes_its_terms(
    tx: Tx, market: Market, join: Join
) -> None:
    stranger = (await founded(tx, "hill")).operator
    assert stranger is not None
    buyer = await join()
    for by in (buyer.id, stranger.id, uuid4()):
        refused = await members.set_terms(tx, market.id, Terms(ship_hours=1), by=by, reason="mine")
        assert refused == Refused("operator_only", {"needs": "operator"})
    assert await members.market(tx, market.id) == market


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "bell\x07"])
async def test_terms_do_not_change_without_a_reason(
    tx: Tx, market: Market, operator: Member, reason: str
) -> None:
    refused = await members.set_terms(
        tx, market.id, Terms(ship_hours=1), by=operator.id, reason=reason
    )
    assert isinstance(refused, Refused)
    assert refused.facts["field"] == "reason"
    assert await members.market(tx, market.id) == market


async def test_terms_kept_before_a_term_was_invented_have_its_default(
    tx: Tx, market: Market
) -> None:
    await tx.execute("update members_market set terms = terms - 'extension_days'")
    assert await members.market(tx, market.id) == market
