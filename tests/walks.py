"""Walks of a state machine over a real database, each in a transaction that is rolled back.

The same walks are taken every time; `MACHINE_EXAMPLES` in the environment asks
for so many others, to look for longer.
"""

import asyncio
import os
from collections.abc import Awaitable
from typing import Any, TypeVar

import asyncpg
import hypothesis
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from serai.kernel.tx import prepare

T = TypeVar("T")


class Walker(RuleBasedStateMachine):
    """A machine whose rules run in a transaction of its own on the class's connection."""

    loop: asyncio.AbstractEventLoop
    connection: "asyncpg.Connection[Any]"

    def __init__(self) -> None:
        super().__init__()
        self.transaction = self.connection.transaction()
        self.run(self.transaction.start())

    def run(self, work: Awaitable[T]) -> T:
        """Wait for something asynchronous, as rules cannot."""
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.run(self.transaction.rollback())


def walk(machine: type[Walker], dsn: str, *, examples: int, steps: int) -> None:
    """Let a machine take so many walks of so many steps."""
    more = os.environ.get("MACHINE_EXAMPLES")
    loop = asyncio.new_event_loop()
    try:
        connection = loop.run_until_complete(asyncpg.connect(dsn))
        loop.run_until_complete(prepare(connection))
        here = type(f"{machine.__name__}Here", (machine,), {"loop": loop, "connection": connection})
        settings = hypothesis.settings(
            max_examples=int(more or examples),
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=more is None,
            suppress_health_check=list(hypothesis.HealthCheck),
            # A walk can be read as it is; making it shorter takes minutes.
            phases=[hypothesis.Phase.generate],
        )
        run_state_machine_as_test(here, settings=settings)
        loop.run_until_complete(connection.close())
    finally:
        loop.close()
