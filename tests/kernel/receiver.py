"""A program elsewhere that webhooks are sent to: a real HTTP server that answers as told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct


class Got(Struct, frozen=True):
    """One request that came in."""

    path: str
    headers: dict[str, str]
    body: str


class Receiver:
    """Answers with the statuses it was told, the last one for ever; 0 is no answer at all."""

    def __init__(self) -> None:
        self.statuses = [200]
        self.got: list[Got] = []
        self.port = 0
        self.over = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            pairs = [line.partition(": ") for line in head[1:] if line]
            headers = {name.lower(): value for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.got.append(Got(head[0].split()[1], headers, body.decode()))
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            if status == 0:
                await self.over.wait()
            else:
                reply = f"HTTP/1.1 {status} X\r\nlocation: {self.url}/elsewhere\r\n"
                writer.write(f"{reply}content-length: 0\r\nconnection: close\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # whoever connected went away, which a server must bear
        finally:
            writer.close()


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver on a port of its own."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.close()
        await server.wait_closed()
