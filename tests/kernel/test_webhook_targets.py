"""Where webhooks may lead: to the open Internet, never into the market's own network."""

import asyncio
import ipaddress
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from serai.kernel import ids, timers, webhooks
from serai.kernel.clock import ManualClock
from serai.kernel.errors import Refused
from serai.kernel.settings import Settings
from serai.kernel.tx import Database, Tx
from serai.kernel.webhooks import Code, Message, Registered, State, TargetError, targets
from tests.conftest import START
from tests.kernel.receiver import receiving

LOCAL = Settings(webhook_private_targets=True)
OPEN = Settings()
MARKET, LIN = ids.new(START), ids.new(START)
KEY = Path(__file__).parent / "hooks.example.org.pem"
NAME = "hooks.example.org"

PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.1", "255.255.255.255", "224.0.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known_in_all_their_spellings(address: str) -> None:
    assert not targets.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_let_through(address: str) -> None:
    assert targets.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "//example.org/",
        "example.org",
        "https://",
        "https:///path",
        "https://user:pass@example.org/",
        "https://example.org:99999/",
        "https://example.org:0/",
        "https://example.org/#fragment",
        "https://exa mple.org/",
        "https://example.org/\r\nHost: other",
        "https://例子.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "https://example.org/" + "a" * 2_000,
        "file:///etc/passwd",
    ],
)
async def test_what_cannot_be_sent_to_is_not_registered(tx: Tx, url: str) -> None:
    refused = await webhooks.register(
        tx, OPEN, market_id=MARKET, owner_id=LIN, url=url, kinds=["*"]
    )
    assert isinstance(refused, Refused)
    assert (refused.code, refused.facts["field"]) == (Code.URL_INVALID, "url")
    assert await tx.value("select count(*) from kernel_webhook") == 0


@pytest.mark.parametrize("kinds", [[], ["order"], ["order.", "*"], ["Order.paid"], ["*"] * 51])
async def test_what_is_no_kind_of_event_is_not_registered(tx: Tx, kinds: list[str]) -> None:
    refused = await webhooks.register(
        tx, OPEN, market_id=MARKET, owner_id=LIN, url="https://example.org", kinds=kinds
    )
    assert isinstance(refused, Refused)
    assert refused.code == Code.KINDS_INVALID


async def test_an_owner_has_so_many_webhooks_and_no_more(tx: Tx) -> None:
    made = [
        await webhooks.register(
            tx, OPEN, market_id=MARKET, owner_id=LIN, url="https://example.org", kinds=["*"]
        )
        for _ in range(21)
    ]
    assert [isinstance(one, Registered) for one in made] == [True] * 20 + [False]


@pytest.mark.parametrize("host", ["localhost", "0x7f000001", "2130706433", "127.1"])
async def test_a_name_that_leads_inside_is_refused_when_it_is_resolved(host: str) -> None:
    with pytest.raises(TargetError):
        await targets.resolve(f"https://{host}:8000/", private=False)


def answers(*addresses: str) -> Any:  # noqa: ANN401
    """Make a resolver that gives these addresses, one list a question."""
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:  # noqa: ANN401
        asked.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses
        ]

    getaddrinfo.asked = asked  # type: ignore[attr-defined]
    return getaddrinfo


async def test_a_name_with_one_private_address_is_refused_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", answers("1.1.1.1", "10.0.0.1"))
    with pytest.raises(TargetError, match="private network"):
        await targets.resolve("https://example.org/", private=False)


async def send(database: Database, url: str, settings: Settings, tls: ssl.SSLContext) -> Message:
    """Register a webhook where everything may be registered, and send to it under `settings`."""
    async with database.tx() as tx:
        made = await webhooks.register(
            tx, LOCAL, market_id=MARKET, owner_id=LIN, url=url, kinds=["*"]
        )
        assert isinstance(made, Registered)
        await webhooks.ping(tx, LIN, made.webhook.id)
    await timers.fire(database, {webhooks.TIMER: webhooks.sender(settings, tls=tls)})
    async with database.tx() as tx:
        found = await webhooks.messages_of(tx, LIN, made.webhook.id)
    assert isinstance(found, list)
    return found[0]


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(KEY))


async def test_nothing_is_sent_into_a_private_network(database: Database) -> None:
    async with receiving() as inside:
        for url in (f"https://localhost:{inside.port}/", f"https://127.0.0.1:{inside.port}/"):
            message = await send(database, url, OPEN, trusting())
            assert message.state is State.WAITING
            assert message.error == "it leads into a private network"
        plain = await send(database, inside.url, OPEN, trusting())
        assert plain.error == "it must begin with https://"
    assert inside.got == []


async def test_the_connection_goes_to_the_address_that_was_checked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(KEY)
    async with receiving(tls) as receiver:
        resolver = answers("127.0.0.1")
        monkeypatch.setattr(loop, "getaddrinfo", resolver)
        message = await send(database, f"https://{NAME}:{receiver.port}/h?a=1", LOCAL, trusting())
        assert (message.state, message.error) == (State.SENT, None)
        # The name was asked for once: there is no second answer that could lead elsewhere.
        assert resolver.asked.count(NAME) == 1
        assert receiver.got[0].headers["host"] == f"{NAME}:{receiver.port}"
        assert receiver.got[0].path == "/h?a=1"


async def test_a_certificate_of_another_name_is_not_believed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(KEY)
    async with receiving(tls) as receiver:
        monkeypatch.setattr(loop, "getaddrinfo", answers("127.0.0.1"))
        url = f"https://other.example.org:{receiver.port}/"
        message = await send(database, url, LOCAL, trusting())
        unknown = await send(
            database, f"https://{NAME}:{receiver.port}/", LOCAL, ssl.create_default_context()
        )
    for refused in (message, unknown):
        assert refused.state is State.WAITING
        assert "certificate" in str(refused.error).lower()
    assert receiver.got == []


async def test_a_name_that_is_not_known_is_a_failure_like_any_other(
    database: Database, clock: ManualClock
) -> None:
    message = await send(database, "https://nobody.invalid/", LOCAL, trusting())
    assert message.state is State.WAITING
    assert message.error == "the name nobody.invalid cannot be resolved"
