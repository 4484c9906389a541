"""docs/api.md is true: its session is played, its sample is run, its events are all there."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from serai import members, worker
from serai.api.app import create_app
from serai.kernel.settings import Settings
from serai.kernel.tx import Database
from tests.docs import reading
from tests.docs.session import Session, blocks, timeless
from tests.world import good

API = "http://127.0.0.1:8000/api/v1"

_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.money
async def test_the_session_is_what_a_market_answers(database: Database) -> None:
    async with database.tx() as tx:
        new = members.NewMarket(
            slug="serai", name="Serai", currency="USD", country="US", locales=("en", "zh")
        )
        good(await members.found_market(tx, new))
    document = reading.text("docs/api.md")
    app = create_app(database, Settings())
    # The framework's own type for an application is looser than httpx's.
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with app.lifespan(), httpx.AsyncClient(transport=transport) as client:
        session = Session(client, lambda: worker.settle(database), API=API)
        told, answered = [], []
        for block in blocks(document):
            answer = await session.play(block.commands)
            if block.answer is not None:
                told.append(timeless(block.answer))
                answered.append(timeless(answer))

    assert answered == told
    assert len(told) > 8
    assert f"API={API}\n" in document


def test_every_kind_of_event_is_told_and_no_other() -> None:
    rows = reading.table(reading.text("docs/api.md"), "kind")

    assert sorted(row[0].strip("`") for row in rows) == sorted(worker.KINDS)


@pytest.fixture
def sample() -> Callable[[bytes, dict[str, str], str], dict[str, Any] | None]:
    """Give the function that the document shows to those who receive webhooks."""
    [code] = re.findall(
        r"^```python\n(.*?)^```$", reading.text("docs/api.md"), re.MULTILINE | re.DOTALL
    )
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  our own document
    read: Callable[[bytes, dict[str, str], str], dict[str, Any] | None] = names["read"]
    return read


def test_the_sample_reads_what_the_market_signed_and_nothing_else(
    sample: Callable[[bytes, dict[str, str], str], dict[str, Any] | None],
) -> None:
    secret = "whsec_" + "c2VjcmV0IG9mIHRoZSBtYXJrZXQsIDMyIGJ5dGVzLi4="
    body = json.dumps({"type": "order.paid", "data": {"total": 4300}})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
    }

    assert sample(body.encode(), headers, secret) == json.loads(body)
    assert sample(body.replace("4300", "1").encode(), headers, secret) is None
    assert sample(body.encode(), {**headers, "webhook-id": "msg_2"}, secret) is None
    assert sample(body.encode(), {}, secret) is None
