"""The crowd: buyers who order, confirm and give money away, sellers who ship and refund."""

import asyncio
import contextlib
import random
from uuid import UUID

import msgspec
from msgspec import Struct

from benchmarks.crash.journal import Acknowledged, Asked, Journal
from benchmarks.stage import CURRENCY, Buyer, Stage
from benchmarks.wire import Wire, request
from serai.api.idempotency import HEADER
from serai.kernel import ids
from serai.kernel.clock import SystemClock

API = "/api/v1"
_ANSWER_S = 20.0
_PAUSE_S = 0.05
_UNDECIDED = frozenset({401, 408, 429})
_SERVER_FAULT = 500
_CREATED = 300


class People(Struct, frozen=True):
    """The market's people and goods, and the tokens of their sessions."""

    stage: Stage
    tokens: dict[UUID, str]


class Client:
    """Somebody with a connection, which is opened again when it breaks."""

    def __init__(self, port: int, journal: Journal, tokens: dict[UUID, str]) -> None:
        self._port = port
        self._journal = journal
        self._tokens = tokens
        self._wire: Wire | None = None
        self.sent = 0

    async def post(self, member_id: UUID, path: str, body: object = None) -> Acknowledged | None:
        """Send a new command; None where its outcome is in doubt."""
        raw = msgspec.Raw(msgspec.json.encode(body) if body is not None else b"null")
        asked = Asked(ids.new(SystemClock().now()), member_id, path, raw)
        self._journal.ask(asked)
        return await self.send(asked)

    async def send(self, asked: Asked) -> Acknowledged | None:
        """Send a command of the journal, and note what it is answered."""
        answer = await self.answer(asked)
        if answer is not None and asked.key not in self._journal.acknowledged:
            self._journal.acknowledge(answer)
        return answer

    async def answer(self, asked: Asked) -> Acknowledged | None:
        """Send a command; its answer, or None where it decides nothing or never came."""
        headers = {"authorization": f"Bearer {self._tokens[asked.member_id]}"}
        headers[HEADER] = str(asked.key)
        body = None if asked.body == b"null" else bytes(asked.body)
        self.sent += 1
        try:
            if self._wire is None or not self._wire.is_open:
                self._wire = await Wire.open(self._port)
            sent = self._wire.ask(request("POST", API + asked.path, headers, body))
            answer = await asyncio.wait_for(sent, _ANSWER_S)
        except (OSError, TimeoutError):
            self.close()
            await asyncio.sleep(_PAUSE_S)
            return None
        if answer.status >= _SERVER_FAULT or answer.status in _UNDECIDED:
            await asyncio.sleep(_PAUSE_S)
            return None
        return Acknowledged(asked.key, answer.status, msgspec.Raw(answer.body))

    def close(self) -> None:
        """Hang up."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None


class Crowd:
    """Everybody at once, until told to stop."""

    def __init__(self, people: People, journal: Journal, port: int, seed: str) -> None:
        self._people = people
        self._sellers = {listing.shop_id: listing.seller_id for listing in people.stage.listings}
        self._journal = journal
        self._port = port
        self._seed = seed
        self._stopped = False
        self.sent = 0

    def stop(self) -> None:
        """Let everybody finish what they are waiting for, and no more."""
        self._stopped = True

    async def run(self) -> None:
        """Trade until stopped."""
        await asyncio.gather(*(self._live(buyer) for buyer in self._people.stage.buyers))

    async def _live(self, buyer: Buyer) -> None:
        chance = random.Random(f"{self._seed} {buyer.id}")
        client = Client(self._port, self._journal, self._people.tokens)
        with contextlib.closing(client):
            while not self._stopped:
                if chance.random() < 0.2:  # noqa: PLR2004  one in five
                    await self._give(client, buyer, chance)
                else:
                    await self._trade(client, buyer, chance)
        self.sent += client.sent

    async def _give(self, client: Client, buyer: Buyer, chance: random.Random) -> None:
        other = chance.choice([one for one in self._people.stage.buyers if one is not buyer])
        body = {"to_id": other.id, "amount": chance.randint(1, 500), "currency": CURRENCY}
        await client.post(buyer.id, "/transfers", body)

    async def _trade(self, client: Client, buyer: Buyer, chance: random.Random) -> None:
        """Buy something, and take the order as far as chance will have it."""
        line = {"variant_id": chance.choice(self._people.stage.variants), "quantity": 1}
        bought = await client.post(
            buyer.id, "/orders", {"lines": [line], "address_id": buyer.address_id}
        )
        if bought is None or bought.status >= _CREATED:
            return
        order = msgspec.json.decode(bought.answer)["orders"][0]
        seller_id, path = self._sellers[UUID(order["shop_id"])], f"/orders/{order['id']}"
        steps = [
            (0.7, seller_id, f"{path}/shipment", {"note": ""}),
            (0.6, buyer.id, f"{path}/confirmation", None),
            (0.3, seller_id, f"{path}/refunds", {"amount": chance.randint(1, 1000)}),
        ]
        for likely, who, where, body in steps:
            if chance.random() < likely and not self._stopped:
                await client.post(who, where, body)


async def ask_again(people: People, journal: Journal, port: int, asked: list[Asked]) -> list[str]:
    """Send commands again under their keys; gives those that were answered otherwise.

    What was in doubt is acknowledged by it; what was acknowledged must get the
    very same answer.
    """
    left = list(reversed(asked))
    breaches: list[str] = []

    async def work() -> None:
        client = Client(port, journal, people.tokens)
        with contextlib.closing(client):
            while left:
                one = left.pop()
                breaches.extend(await _again(client, journal, one))

    await asyncio.gather(*(work() for _ in range(16)))
    return breaches


async def _again(client: Client, journal: Journal, one: Asked) -> list[str]:
    for _ in range(100):
        known = journal.acknowledged.get(one.key)
        answer = await client.send(one)
        if answer is None:
            continue
        if known is not None and known != answer:
            return [f"{one.path} {one.key} was answered {known} and then {answer}"]
        return []
    return [f"{one.path} {one.key} is not decided"]
