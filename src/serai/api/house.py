"""What every request needs: the database, the settings, and the batches it joins."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from serai.api.door import Door
from serai.api.rush import Rush
from serai.api.says import Says
from serai.kernel.batch import Batcher, Write
from serai.kernel.outbox import Reaction
from serai.kernel.settings import Settings
from serai.kernel.tx import Database, Tx

_WAIT_MAX_S = 1.0

C = TypeVar("C")
R = TypeVar("R")
P = ParamSpec("P")


class House:
    """The life of a server process. Its database belongs to whoever opened it."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        says: Mapping[str, Says],
        reactions: Sequence[Reaction],
    ) -> None:
        self.database = database
        self.settings = settings
        self.says = says
        """What to say to each refusal, by its code."""
        self.reactions = reactions
        """Those that the deployment's workers run."""
        self.door = Door(says["overloaded"])
        self.rush = Rush(self.door.admission)
        self._batchers: dict[Write[Any, Any], Batcher[Any, Any]] = {}

    def batch(self, write: Write[C, R]) -> Batcher[C, R]:
        """Give the one batcher of a write function; it is made when first asked for."""
        batcher = self._batchers.get(write)
        if batcher is None:
            batcher = self._batchers[write] = Batcher(self.database, write, wait_max_s=_WAIT_MAX_S)
        return cast("Batcher[C, R]", batcher)

    async def submit(self, write: Write[C, R], command: C) -> R:
        """Have one command decided together with everybody else's, and committed."""
        return await self.batch(write).submit(command)

    async def ask(
        self,
        function: Callable[Concatenate[Tx, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Call one function of a hall in a transaction of its own, and commit it.

        A refusal commits too: what led to it, such as a failed sign-in, is counted.
        """
        async with self.database.tx() as tx:
            return await function(tx, *args, **kwargs)

    async def close(self) -> None:
        """Wait until every command that was submitted is decided."""
        for batcher in self._batchers.values():
            await batcher.close()
