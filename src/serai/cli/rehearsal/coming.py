"""Coming: the market is founded, its guarantee funded, and people join."""

from collections.abc import Sequence

import phonenumbers

from serai import catalog, ledger, members, payments
from serai.cli.demo_market import DemoPerson
from serai.cli.rehearsal.agenda import Entry
from serai.cli.rehearsal.model import Joining, Login
from serai.cli.rehearsal.stage import Stage, agreed, things
from serai.kernel.clock import ManualClock
from serai.kernel.tx import Database, Tx

MARKET = members.NewMarket(
    slug="demo",
    name="Serai Demo Market (sample data)",
    currency="USD",
    country="US",
    locales=("en", "zh"),
)
OPERATOR_EMAIL = "operator@example.com"
COURIER_EMAIL = "courier@example.com"
_SECOND_COURIER_EMAIL = "courier.two@example.com"

BEGUN, FINISHED = "sample.begun", "sample.finished"
"""Marks in the operator's record: this market is sample data, and all of it is there."""

_GUARANTEE = 5_000_000
"""What the operator puts into the guarantee in each currency, in minor units."""

_STREETS = {
    "en": ("Harbour Street", "Mill Lane", "Station Road", "Garden Row", "Old Bridge Street",
           "Market Square", "Cedar Avenue", "Chapel Hill", "River Walk", "Orchard Road"),
    "zh": ("和平路", "解放街", "文化巷", "青年路", "梧桐里", "新华街", "人民路", "荷花池街"),
}  # fmt: skip


async def found(stage: Stage) -> None:
    """Found the market, mark it as sample data, and let those join who run it."""
    operator = stage.login("operator", "Demo Operator", OPERATOR_EMAIL)
    couriers = [
        stage.login("courier", "Demo Courier", COURIER_EMAIL),
        stage.login("courier", "Second Courier", _SECOND_COURIER_EMAIL),
    ]
    async with stage.database.tx() as tx:
        [founded] = agreed(
            [await members.found_market(tx, MARKET, operator=newcomer(operator))], "founding"
        )
        assert founded.operator is not None
        stage.market, stage.operator_id = founded.market, founded.operator.id
        await mark(tx, stage.market, BEGUN, "sample data for serai seed --demo")
        for one in couriers:
            [joined] = agreed(
                [await members.sign_up(tx, stage.market.id, newcomer(one))], "joining"
            )
            agreed(
                [
                    await members.grant_role(
                        tx, joined.id, members.Role.COURIER,
                        by=stage.operator_id, reason="drives for the demo market",
                    )
                ],
                "granting",
            )  # fmt: skip
            stage.couriers.append(joined.id)
        await _lay_out_categories(tx, stage)


async def mark(tx: Tx, market: members.Market, action: str, reason: str) -> None:
    """Write a mark into the market's own record."""
    await members.record_action(
        tx, market_id=market.id, actor_id=None, action=action, subject=market.id, reason=reason
    )


def newcomer(login: Login, locale: str = "en") -> members.Newcomer:
    """Put somebody of the demo into the words of joining."""
    return members.Newcomer(
        name=login.name, email=login.email, password=login.password, locale=locale
    )


async def _lay_out_categories(tx: Tx, stage: Stage) -> None:
    known: dict[str, catalog.Category] = {}
    for position, category in enumerate(stage.content.categories):
        parent = known[category.parent].id if category.parent else None
        names = {"en": category.name.en, "zh": category.name.zh}
        made = await catalog.ensure_category(
            tx, stage.market.id, category.slug, names, parent_id=parent, position=position
        )
        [known[category.slug]] = agreed([made], category.slug)
    stage.categories = {slug: category.id for slug, category in known.items()}


async def fund_guarantee(stage: Stage, _: Sequence[Entry]) -> None:
    """Let the operator's own money stand behind the market's promise to buyers."""
    currencies = sorted({shop.currency for shop in stage.content.shops})
    async with stage.database.tx() as tx:
        commands = [
            payments.TopUp(
                **stage.command(stage.operator_id),
                amount=_GUARANTEE, currency=currency, account="SANDBOX-OPERATOR",
            )
            for currency in currencies
        ]  # fmt: skip
        agreed(await payments.top_up(tx, commands), "funding")
    await stage.hear_banks()
    async with stage.database.tx() as tx:
        market_id = stage.market.id
        journals = [
            ledger.Journal(
                **stage.command(stage.operator_id),
                code="guarantee.funded",
                subject_id=market_id,
                legs=(
                    ledger.Move(
                        ledger.wallet(market_id, stage.operator_id, currency),
                        ledger.house(market_id, ledger.Kind.GUARANTEE, currency),
                        _GUARANTEE,
                    ),
                ),
            )
            for currency in currencies
        ]
        agreed(await ledger.transfer(tx, journals), "funding the guarantee")


async def join(stage: Stage, lane: Database, clock: ManualClock, due: Sequence[Entry]) -> None:
    """Let people join, each at the exact time, beside what else happens at the moment.

    Hashing a password takes longer than all else that somebody does, so it has a
    connection and a clock of its own.
    """
    for joining in things(due, Joining):
        clock.move_to(joining.at)
        person = stage.people[joining.email]
        login = stage.login("buyer", person.name, person.email)
        async with lane.tx() as tx:
            who = newcomer(login, person.locale)
            [member] = agreed([await members.sign_up(tx, stage.market.id, who)], person.email)
            made = await members.add_address(tx, member.id, _address(person))
            [address] = agreed([made], f"the address of {person.email}")
        stage.members[person.email], stage.addresses[person.email] = member.id, address.id


def _address(person: DemoPerson) -> members.NewAddress:
    """Make up an address; the same for the same person."""
    number = sum(person.email.encode())
    streets = _STREETS[person.locale]
    street = streets[number % len(streets)]
    door = 1 + number % 180
    line = f"{street} {door} 号" if person.locale == "zh" else f"{door} {street}"
    phone = phonenumbers.example_number_for_type(
        person.country, phonenumbers.PhoneNumberType.MOBILE
    )
    assert phone is not None
    return members.NewAddress(
        recipient=person.name,
        phone=phonenumbers.format_number(phone, phonenumbers.PhoneNumberFormat.E164),
        lines=[line],
        place_id=person.geonameid,
    )
