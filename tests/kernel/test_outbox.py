"""The outbox: everything arrives, in order of its subject, and has its effect once."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from serai.kernel import outbox
from serai.kernel.clock import ManualClock
from serai.kernel.outbox import Event, Reaction
from serai.kernel.tx import Database, Tx

MARKET = UUID(int=1)
TEA, RUG = UUID(int=2), UUID(int=3)


async def happen(database: Database, subject: UUID, *words: str) -> None:
    async with database.tx() as tx:
        events = [
            outbox.event(tx, market_id=MARKET, subject=subject, kind="said", body={"word": word})
            for word in words
        ]
        await outbox.emit(tx, events)


class Listener:
    """A reaction that remembers what it heard, and fails on the words that it is told to."""

    def __init__(self, *fails_on: str) -> None:
        self.heard: list[str] = []
        self.fails_on = set(fails_on)
        self.reaction = Reaction("test.listen", frozenset({"said"}), self._react)

    async def _react(self, tx: Tx, events: Sequence[Event]) -> None:
        words = [event.body["word"] for event in events]
        # The effect: a row that a second time would refuse.
        await tx.insert([outbox.Delivery(event.id, "effect", tx.now) for event in events])
        if self.fails_on & set(words):
            message = "I do not like that word"
            raise ValueError(message)
        self.heard += words


async def effects(database: Database) -> int:
    async with database.tx() as tx:
        count: int = await tx.value("select count(*) from kernel_delivery where reaction='effect'")
        return count


async def test_what_happened_is_heard_once_and_in_order(database: Database) -> None:
    listener = Listener()
    await happen(database, TEA, "one", "two")
    await happen(database, TEA, "three")
    assert await outbox.deliver(database, [listener.reaction]) == 3
    assert await outbox.deliver(database, [listener.reaction]) == 0
    assert listener.heard == ["one", "two", "three"]
    assert await effects(database) == 3


async def test_what_is_rolled_back_never_happened(database: Database) -> None:
    listener = Listener()

    async def half_way() -> None:
        async with database.tx() as tx:
            event = outbox.event(tx, market_id=MARKET, subject=TEA, kind="said", body={"word": "x"})
            await outbox.emit(tx, [event])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half_way()
    assert await outbox.deliver(database, [listener.reaction]) == 0
    assert listener.heard == []


async def test_a_failing_event_holds_back_its_own_subject_only(
    database: Database, clock: ManualClock
) -> None:
    listener = Listener("bad")
    await happen(database, TEA, "one", "bad", "three")
    await happen(database, RUG, "four")
    await outbox.deliver(database, [listener.reaction])
    assert sorted(listener.heard) == ["four", "one"]
    assert await effects(database) == 2
    listener.fails_on.clear()
    assert await outbox.deliver(database, [listener.reaction]) == 0
    clock.advance(timedelta(minutes=1))
    await outbox.deliver(database, [listener.reaction])
    assert listener.heard[-2:] == ["bad", "three"]
    assert await effects(database) == 4


async def test_pauses_grow_but_never_beyond_ten_minutes(
    database: Database, clock: ManualClock
) -> None:
    listener = Listener("bad")
    await happen(database, TEA, "bad")
    for _ in range(15):
        await outbox.deliver(database, [listener.reaction])
        clock.advance(timedelta(minutes=10))
    async with database.tx() as tx:
        attempts, pause = await tx.value(
            "select (attempts, retry_at - $1::timestamptz) from kernel_failure", tx.now
        )
    assert attempts == 15
    assert pause <= timedelta(minutes=10)


async def test_a_reaction_that_comes_later_hears_what_waits(database: Database) -> None:
    first = Listener()
    second: list[str] = []
    await happen(database, TEA, "one")

    async def react(_: Tx, events: Sequence[Event]) -> None:
        second.extend(event.body["word"] for event in events)

    both = [first.reaction, Reaction("test.other", frozenset({"said"}), react)]
    await outbox.deliver(database, both)
    assert (first.heard, second) == (["one"], ["one"])


async def test_an_event_that_nobody_wants_does_not_stay_in_the_way(database: Database) -> None:
    listener = Listener()
    async with database.tx() as tx:
        event = outbox.event(tx, market_id=MARKET, subject=TEA, kind="whispered", body={})
        await outbox.emit(tx, [event])
    await outbox.deliver(database, [listener.reaction])
    async with database.tx() as tx:
        assert await tx.value("select count(*) from kernel_event where delivered_at is null") == 0


async def test_an_audit_finds_what_is_overdue(database: Database, clock: ManualClock) -> None:
    listener = Listener("bad")
    await happen(database, TEA, "bad")
    await outbox.deliver(database, [listener.reaction])
    async with database.tx() as tx:
        assert (await outbox.reached(tx, [listener.reaction])).holds
    clock.advance(timedelta(hours=2))
    async with database.tx() as tx:
        proof = await outbox.reached(tx, [listener.reaction])
    assert not proof.holds
    assert len(proof.breaches) == 1
