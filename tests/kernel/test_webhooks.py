"""Webhooks: told of what is one's affair, signed, tried again for a day, then kept as dead."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from standardwebhooks import Webhook as Verifier

from serai.kernel import ids, outbox, timers, webhooks
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.settings import Settings
from serai.kernel.tx import Database
from serai.kernel.webhooks import Code, Message, Registered, State, delivery
from tests.kernel.receiver import Got, Receiver, receiving

KINDS = frozenset({"order.paid", "order.completed", "parcel.scanned", "webhook.disabled"})
LOCAL = Settings(webhook_private_targets=True)
MARKET, LIN, AMIR = (ids.new(datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 2, 3))
HOURS = [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)] + [
    timedelta(hours=hours) for hours in (2, 5, 10, 10)
]


@pytest.fixture
def now() -> ManualClock:
    """Give a clock that stands at this very moment: who verifies looks at the machine's."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
async def house(dsn: str, now: ManualClock) -> AsyncIterator[Database]:
    opened = await Database.open(dsn, clock=now)
    yield opened
    await opened.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


async def listen(
    house: Database,
    url: str,
    *kinds: str,
    owner: UUID = LIN,
    market: UUID = MARKET,
    whole: bool = False,
) -> Registered:
    async with house.tx() as tx:
        made = await webhooks.register(
            tx,
            LOCAL,
            market_id=market,
            owner_id=owner,
            url=url,
            kinds=kinds or ("*",),
            whole_market=whole,
        )
    assert isinstance(made, Registered), made
    return made


async def happen(
    house: Database, kind: str = "order.paid", *audience: UUID, market: UUID = MARKET
) -> None:
    async with house.tx() as tx:
        event = outbox.event(
            tx,
            market_id=market,
            subject=ids.new(tx.now),
            kind=kind,
            body={"total": 12800, "currency": "CNY"},
            audience=audience,
        )
        await outbox.emit(tx, [event])


async def work(house: Database, settings: Settings = LOCAL) -> None:
    """Do what a worker does once."""
    await outbox.deliver(house, [webhooks.reaction(KINDS)])
    await timers.fire(house, {webhooks.TIMER: webhooks.sender(settings)})


async def messages(house: Database, made: Registered) -> list[Message]:
    async with house.tx() as tx:
        found = await webhooks.messages_of(tx, made.webhook.owner_id, made.webhook.id)
    assert isinstance(found, list)
    return found


def kinds_of(got: list[Got], made: Registered) -> list[str]:
    """Verify what arrived by the scheme's own library, and tell which events it was."""
    verifier = Verifier(made.secret)
    return [verifier.verify(one.body, one.headers)["type"] for one in got]


async def test_a_message_arrives_signed_and_says_what_happened(
    house: Database, receiver: Receiver
) -> None:
    made = await listen(house, receiver.url)
    await happen(house, "order.paid", LIN)
    await work(house)
    assert kinds_of(receiver.got, made) == ["order.paid"]
    payload = Verifier(made.secret).verify(receiver.got[0].body, receiver.got[0].headers)
    assert payload["data"]["total"] == 12800
    assert payload["timestamp"].endswith("Z")
    (message,) = await messages(house, made)
    assert (message.state, message.attempts, message.status) == (State.SENT, 1, 200)
    assert receiver.got[0].headers["webhook-id"] == f"msg_{message.id.hex}"
    await work(house)
    assert len(receiver.got) == 1


async def test_only_ones_own_affairs_are_heard_of(house: Database, receiver: Receiver) -> None:
    lin = await listen(house, f"{receiver.url}/lin")
    amir = await listen(house, f"{receiver.url}/amir", "parcel.*", owner=AMIR)
    run = await listen(house, f"{receiver.url}/all", "order.paid", owner=AMIR, whole=True)
    elsewhere = ids.new(house.clock.now())
    await listen(house, f"{receiver.url}/elsewhere", market=elsewhere, whole=True)
    await happen(house, "order.paid", LIN)
    await happen(house, "parcel.scanned", LIN, AMIR)
    await happen(house, "order.completed", AMIR)
    await work(house)
    heard = {
        path: kinds_of([got for got in receiver.got if got.path.endswith(path)], made)
        for path, made in (("/lin", lin), ("/amir", amir), ("/all", run))
    }
    assert heard == {
        "/lin": ["order.paid", "parcel.scanned"],
        "/amir": ["parcel.scanned"],
        "/all": ["order.paid"],
    }
    assert not [got for got in receiver.got if got.path.endswith("/elsewhere")]


async def test_who_no_longer_runs_the_market_hears_of_it_no_more(
    house: Database, receiver: Receiver
) -> None:
    await listen(house, receiver.url, owner=AMIR, whole=True)
    async with house.tx() as tx:
        assert await webhooks.narrow(tx, AMIR) == 1
    await happen(house, "order.paid", LIN)
    await work(house)
    assert receiver.got == []


async def test_a_failing_receiver_is_tried_again_after_the_scheduled_pauses(
    house: Database, receiver: Receiver, now: ManualClock
) -> None:
    made = await listen(house, receiver.url)
    receiver.statuses = [500, 429, 302, 200]
    await happen(house, "order.paid", LIN)
    await work(house)
    for tries, pause in enumerate(HOURS[:3], start=1):
        (message,) = await messages(house, made)
        assert (message.state, message.attempts) == (State.WAITING, tries)
        assert message.next_at == now.now() + pause
        now.advance(pause - timedelta(milliseconds=1))
        await work(house)
        assert len(receiver.got) == tries
        now.advance(timedelta(milliseconds=1))
        await work(house)
    (message,) = await messages(house, made)
    assert (message.state, message.attempts, message.error) == (State.SENT, 4, None)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    # A redirect is a failure and is not followed.
    assert {got.path for got in receiver.got} == {"/hooks"}


async def test_a_message_that_never_arrives_is_kept_as_dead_and_sent_again_when_asked(
    house: Database, receiver: Receiver, now: ManualClock
) -> None:
    made = await listen(house, receiver.url)
    receiver.statuses = [503]
    await happen(house, "order.paid", LIN)
    await work(house)
    for pause in HOURS:
        now.advance(pause)
        await work(house)
    (message,) = await messages(house, made)
    assert (message.state, message.attempts, message.status) == (State.DEAD, 8, 503)
    assert message.error == "answered with status 503"
    now.advance(timedelta(days=2))
    await work(house)
    assert len(receiver.got) == 8
    receiver.statuses = [204]
    async with house.tx() as tx:
        again = await webhooks.redeliver(tx, LIN, made.webhook.id, message.id)
        other = await webhooks.redeliver(tx, AMIR, made.webhook.id, message.id)
    assert isinstance(again, Message)
    assert other == Refused(Code.WEBHOOK_UNKNOWN, {"webhook_id": str(made.webhook.id)})
    await work(house)
    (message,) = await messages(house, made)
    assert (message.state, message.attempts) == (State.SENT, 1)
    assert receiver.got[-1].headers["webhook-id"] == receiver.got[0].headers["webhook-id"]


async def test_a_receiver_that_does_not_answer_holds_up_nobody_else(
    house: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_POST_S", 0.3)
    async with receiving() as silent:
        silent.statuses = [0]
        slow = await listen(house, silent.url)
        fast = await listen(house, receiver.url)
        for _ in range(3):
            await happen(house, "order.paid", LIN)
        await work(house)
    assert len(kinds_of(receiver.got, fast)) == 3
    assert len(silent.got) == 1
    waiting = await messages(house, slow)
    assert sorted(message.attempts for message in waiting) == [0, 0, 1]
    assert {message.state for message in waiting} == {State.WAITING}
    assert len({message.next_at for message in waiting}) == 1


async def test_a_receiver_that_is_gone_is_disabled_and_its_owner_told(
    house: Database, receiver: Receiver
) -> None:
    made = await listen(house, receiver.url)
    receiver.statuses = [410]
    for _ in range(2):
        await happen(house, "order.paid", LIN)
    await work(house)
    assert {message.state for message in await messages(house, made)} <= {State.DEAD, State.WAITING}
    async with house.tx() as tx:
        found = await webhooks.webhook(tx, LIN, made.webhook.id)
        ping = await webhooks.ping(tx, LIN, made.webhook.id)
        told = await tx.values("select audience from kernel_event where kind = 'webhook.disabled'")
    assert isinstance(found, webhooks.Webhook)
    assert found.disabled_at is not None
    assert isinstance(ping, Refused)
    assert ping.code == Code.WEBHOOK_DISABLED
    assert told == [[LIN]]
    count = len(receiver.got)
    await happen(house, "order.paid", LIN)
    await work(house)
    assert len(receiver.got) == count
    async with house.tx() as tx:
        await webhooks.enable(tx, LIN, made.webhook.id)
        await webhooks.ping(tx, LIN, made.webhook.id)
    receiver.statuses = [200]
    await work(house)
    assert kinds_of(receiver.got[-1:], made) == ["webhook.test"]


@pytest.mark.parametrize("recovers", [True, False])
async def test_days_of_only_failures_disable_a_webhook_and_one_success_does_not(
    house: Database, receiver: Receiver, now: ManualClock, *, recovers: bool
) -> None:
    made = await listen(house, receiver.url)
    receiver.statuses = [500]
    for day in range(6):
        await happen(house, "order.paid", LIN)
        receiver.statuses = [200, 500] if recovers and day == 4 else [500]
        await work(house)
        now.advance(timedelta(days=1))
    async with house.tx() as tx:
        found = await webhooks.webhook(tx, LIN, made.webhook.id)
    assert isinstance(found, webhooks.Webhook)
    assert (found.disabled_at is None) is recovers


async def test_after_a_rotation_both_secrets_sign_for_a_day(
    house: Database, receiver: Receiver, now: ManualClock
) -> None:
    made = await listen(house, receiver.url)
    async with house.tx() as tx:
        rotated = await webhooks.rotate(tx, LIN, made.webhook.id)
    assert isinstance(rotated, Registered)
    assert rotated.secret != made.secret
    await happen(house, "order.paid", LIN)
    await work(house)
    assert kinds_of(receiver.got, made) == kinds_of(receiver.got, rotated) == ["order.paid"]
    now.advance(timedelta(days=1))
    await happen(house, "order.paid", LIN)
    await work(house)
    assert len(receiver.got[-1].headers["webhook-signature"].split()) == 1


async def test_a_removed_webhook_is_sent_nothing(house: Database, receiver: Receiver) -> None:
    made = await listen(house, receiver.url)
    await happen(house, "order.paid", LIN)
    await outbox.deliver(house, [webhooks.reaction(KINDS)])
    async with house.tx() as tx:
        await webhooks.remove(tx, LIN, made.webhook.id)
        left = await tx.value("select count(*) from kernel_webhook_message")
    assert left == 0
    await work(house)
    assert receiver.got == []
    async with house.tx() as tx:
        assert await tx.value("select count(*) from kernel_timer") == 0
