"""The journal of the clients: what was asked, and what was acknowledged, on disk.

A line is written and synced before a request is sent and after its answer came.
What has no answer is in doubt, until it was sent again under the same key.
"""

import os
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct

from serai.api.idempotency import command_id_of


class Asked(Struct, frozen=True, tag="asked"):
    """A request, before it is sent."""

    key: UUID
    member_id: UUID
    path: str
    body: msgspec.Raw

    @property
    def command_id(self) -> UUID:
        """Name the command that the market makes of it."""
        return command_id_of(self.member_id, str(self.key))


class Acknowledged(Struct, frozen=True, tag="acknowledged"):
    """An answer that decides: done, or refused for good."""

    key: UUID
    status: int
    answer: msgspec.Raw


class Journal:
    """A file that only grows, and what it says."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self.asked: dict[UUID, Asked] = {}
        self.acknowledged: dict[UUID, Acknowledged] = {}
        self.again: dict[UUID, Acknowledged] = {}
        """Those acknowledged since they were last asked for again."""

    def ask(self, asked: Asked) -> None:
        """Note a request; it may be sent when this returns."""
        self._write(asked)
        self.asked[asked.key] = asked

    def acknowledge(self, acknowledged: Acknowledged) -> None:
        """Note an answer."""
        self._write(acknowledged)
        self.acknowledged[acknowledged.key] = acknowledged
        self.again[acknowledged.key] = acknowledged

    @property
    def in_doubt(self) -> list[Asked]:
        """List the requests without an answer, in the order in which they were sent."""
        return [asked for key, asked in self.asked.items() if key not in self.acknowledged]

    def close(self) -> None:
        """Close the file; it stays."""
        os.close(self._file)

    def _write(self, entry: Asked | Acknowledged) -> None:
        os.write(self._file, msgspec.json.encode(entry) + b"\n")
        os.fdatasync(self._file)
