"""What every request needs: the database, the settings, and the batches it joins."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from serai.api.says import Says
from serai.kernel.batch import Batcher, Write
from serai.kernel.settings import Settings
from serai.kernel.tx import Database

C = TypeVar("C")
R = TypeVar("R")


class House:
    """The life of a server process. Its database belongs to whoever opened it."""

    def __init__(self, database: Database, settings: Settings, says: Mapping[str, Says]) -> None:
        self.database = database
        self.settings = settings
        self.says = says
        """What to say to each refusal, by its code."""
        self._batchers: dict[Write[Any, Any], Batcher[Any, Any]] = {}

    def batch(self, write: Write[C, R]) -> Batcher[C, R]:
        """Give the one batcher of a write function; it is made when first asked for."""
        batcher = self._batchers.get(write)
        if batcher is None:
            batcher = self._batchers[write] = Batcher(self.database, write)
        return cast("Batcher[C, R]", batcher)

    async def submit(self, write: Write[C, R], command: C) -> R:
        """Have one command decided together with everybody else's, and committed."""
        return await self.batch(write).submit(command)

    async def close(self) -> None:
        """Wait until every command that was submitted is decided."""
        for batcher in self._batchers.values():
            await batcher.close()
