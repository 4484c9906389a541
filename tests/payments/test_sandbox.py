"""The sandbox bank: it behaves by the account given, and forgets nothing it was asked."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from serai.kernel import ids
from serai.kernel.clock import ManualClock
from serai.kernel.tx import Database
from serai.payments import Ask, SandboxBank, Word

pytestmark = pytest.mark.money

MARKET = UUID(int=7)
HOUR = timedelta(hours=1)


class Counter:
    """The bank's counter, where one asks and listens."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.bank, self.clock = SandboxBank(database), clock
        self.opened = clock.now()

    def ask(self, account: str, amount: int = 900) -> Ask:
        return Ask(ids.new(self.clock.now()), MARKET, account, "Ana Ng", "CNY", amount)

    async def hear(self) -> list[tuple[Word, timedelta]]:
        """Take every answer that is told at this hour, and how long after the opening it is due."""
        told: list[tuple[Word, timedelta]] = []
        while answers := await self.bank.answers(10):
            told += [(answer.word, self._since(answer.at)) for answer in answers]
            await self.bank.acknowledge(answers)
        return told

    async def read(self) -> list[tuple[int, timedelta]]:
        """Take the lines of the statement."""
        lines = await self.bank.lines(10)
        await self.bank.acknowledge_lines(lines)
        assert await self.bank.lines(10) == []
        return [(line.amount, self._since(line.booked_at)) for line in lines]

    def _since(self, moment: datetime) -> timedelta:
        return moment - self.opened


@pytest.fixture
def counter(database: Database, clock: ManualClock) -> Counter:
    return Counter(database, clock)


NOW, LATE, FOUR_DAYS, TWO_DAYS = 0 * HOUR, 36 * HOUR, 96 * HOUR, 48 * HOUR
PAID, FAILED, RETURNED = Word.PAID, Word.FAILED, Word.RETURNED


@pytest.mark.parametrize(
    ("account", "answers", "moves"),
    [
        ("SANDBOX-OK", [(PAID, NOW)], [(1, NOW)]),
        ("DE02 1203 0000 0000 2020 51", [(PAID, NOW)], [(1, NOW)]),
        (" sandbox-fail ", [(FAILED, NOW)], []),
        ("SANDBOX-FAIL", [(FAILED, NOW)], []),
        ("SANDBOX-LATE", [(PAID, LATE)], [(1, LATE)]),
        ("SANDBOX-TWICE", [(PAID, NOW), (PAID, NOW)], [(1, NOW)]),
        ("SANDBOX-SILENT", [], [(1, FOUR_DAYS)]),
        ("SANDBOX-RETURN", [(PAID, NOW), (RETURNED, TWO_DAYS)], [(1, NOW), (-1, TWO_DAYS)]),
    ],
)
async def test_the_account_decides_what_a_payout_does(
    counter: Counter,
    account: str,
    answers: list[tuple[Word, timedelta]],
    moves: list[tuple[int, timedelta]],
) -> None:
    await counter.bank.send_payout(counter.ask(account))
    told, lines = [], []
    for _ in range(10):
        told += await counter.hear()
        lines += await counter.read()
        counter.clock.advance(12 * HOUR)

    assert told == answers
    assert lines == [(-900 * sign, at) for sign, at in moves]


async def test_a_deposit_comes_in_and_is_never_returned(counter: Counter) -> None:
    await counter.bank.ask_deposit(counter.ask("SANDBOX-RETURN"))
    assert await counter.hear() == [(PAID, NOW)]
    assert await counter.read() == [(900, NOW)]

    counter.clock.advance(TWO_DAYS)

    assert await counter.hear() == []
    assert await counter.read() == []


async def test_an_ask_made_again_is_the_same_ask(counter: Counter) -> None:
    ask = counter.ask("SANDBOX-OK")
    await counter.bank.send_payout(ask)
    assert await counter.hear() == [(PAID, NOW)]
    counter.clock.advance(HOUR)

    await counter.bank.send_payout(ask)

    assert await counter.hear() == []
    assert await counter.read() == [(-900, NOW)]
    for other in (replace(ask, amount=901), replace(ask, account="SANDBOX-FAIL")):
        with pytest.raises(ValueError, match=str(ask.id)):
            await counter.bank.send_payout(other)
    with pytest.raises(ValueError, match=str(ask.id)):
        await counter.bank.ask_deposit(ask)
    assert await counter.hear() == []


async def test_what_is_not_acknowledged_is_told_again(counter: Counter) -> None:
    await counter.bank.send_payout(counter.ask("SANDBOX-OK"))

    answers, lines = await counter.bank.answers(10), await counter.bank.lines(10)

    assert await counter.bank.answers(10) == answers
    assert await counter.bank.lines(10) == lines
    assert [line.reference for line in lines] == [str(answer.ask_id) for answer in answers]
    await counter.bank.acknowledge(answers)
    assert await counter.bank.answers(10) == []
    assert await counter.bank.lines(10) == lines


async def test_told_twice_is_told_with_the_same_id(counter: Counter) -> None:
    await counter.bank.send_payout(counter.ask("SANDBOX-TWICE"))
    first = await counter.bank.answers(10)
    await counter.bank.acknowledge(first)
    assert await counter.bank.answers(10) == first


async def test_asked_again_the_bank_says_what_it_knows(counter: Counter) -> None:
    asks = {word: counter.ask(f"SANDBOX-{word}") for word in ("OK", "LATE", "SILENT", "RETURN")}
    for ask in asks.values():
        await counter.bank.send_payout(ask)

    async def known() -> dict[str, Word | None]:
        found = {word: await counter.bank.look_up(ask.id) for word, ask in asks.items()}
        return {word: answer.word if answer else None for word, answer in found.items()}

    assert await known() == {"OK": PAID, "LATE": None, "SILENT": None, "RETURN": PAID}
    counter.clock.advance(FOUR_DAYS)
    assert await known() == {"OK": PAID, "LATE": PAID, "SILENT": None, "RETURN": RETURNED}
    assert await counter.bank.look_up(MARKET) is None


async def test_answers_and_lines_come_oldest_first_and_no_more_than_asked(counter: Counter) -> None:
    for _ in range(3):
        await counter.bank.send_payout(counter.ask("SANDBOX-OK"))
        counter.clock.advance(HOUR)

    answers, lines = await counter.bank.answers(2), await counter.bank.lines(2)

    assert [answer.at - counter.opened for answer in answers] == [NOW, HOUR]
    assert [line.booked_at - counter.opened for line in lines] == [NOW, HOUR]


async def test_a_stray_line_is_one_that_nobody_asked_for(counter: Counter) -> None:
    id = await counter.bank.stray(MARKET, -5, "EUR", "what is this")
    [line] = await counter.bank.lines(10)
    assert (line.id, line.market_id, line.provider) == (id, MARKET, "sandbox")
    assert (line.amount, line.currency, line.reference) == (-5, "EUR", "what is this")
    with pytest.raises(ValueError, match="moves money"):
        await counter.bank.stray(MARKET, 0, "EUR", "nothing")
    assert await counter.bank.answers(10) == []
