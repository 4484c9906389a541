"""Rounds: doing every duty again and again, quietly while there is nothing to do."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from msgspec import Struct

from serai import ledger, members, payments
from serai.kernel import outbox, timers
from serai.kernel.settings import Settings
from serai.kernel.tx import Database, is_lost
from serai.worker.duties import banks, handlers, reactions


class Duty(Struct, frozen=True):
    """Something to be done again and again. `act` does what waits and gives how much that was."""

    name: str
    act: Callable[[], Awaitable[int]]
    busy_s: float = 0.05
    """How long to rest when there was something to do,"""
    idle_s: float = 1.0
    """and, after growing rests, when there was nothing for a while."""


_SEAL_S = 60.0
_TROUBLE_S = 10.0
_GRACE_S = 4.0
_ROUNDS_MAX = 1000

_log = structlog.get_logger(__name__)


async def run(database: Database, settings: Settings, stop: asyncio.Event) -> None:
    """Do every duty until `stop` is set, each at its own pace.

    A duty that fails is logged and tried again, a little later each time. When
    told to stop, what is under way has four seconds to end; what has not ended
    then is undone, and done by whoever works next.
    """
    tasks = [
        asyncio.create_task(_keep(duty, stop), name=f"worker {duty.name}")
        for duty in _duties(database, settings)
    ]
    try:
        await stop.wait()
        await asyncio.wait(tasks, timeout=_GRACE_S)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def step(database: Database, settings: Settings | None = None) -> int:
    """Do every duty once, now; gives how much there was to do.

    For tests, and for whoever moves a clock of his own. A reaction or a timer that
    fails is logged, and tried again when its pause is over.
    """
    done = 0
    for duty in _duties(database, settings or Settings()):
        done += await duty.act()
    return done


async def settle(database: Database, settings: Settings | None = None) -> int:
    """Do rounds until nothing is left to do at this moment; gives how much was done."""
    done = 0
    for _ in range(_ROUNDS_MAX):
        count = await step(database, settings)
        if count == 0:
            return done
        done += count
    message = f"after {_ROUNDS_MAX} rounds there is still something to do"
    raise RuntimeError(message)


def _duties(database: Database, settings: Settings) -> list[Duty]:
    providers = banks(database)
    groups = handlers(settings, providers)
    return [
        Duty("outbox", partial(outbox.deliver, database, reactions())),
        *(Duty(f"timers {n}", partial(timers.fire, database, g)) for n, g in enumerate(groups, 1)),
        *(
            Duty(f"bank {name}", partial(payments.listen, database, bank))
            for name, bank in providers.items()
        ),
        # Seldom even where much happens: a seal is meant to cover many transfers.
        Duty("seal", partial(_seal, database), _SEAL_S, _SEAL_S),
    ]


async def _seal(database: Database) -> int:
    async with database.tx() as tx:
        markets = await members.markets(tx)
    return sum([await ledger.seal(database, market.id) for market in markets])


async def _keep(duty: Duty, stop: asyncio.Event) -> None:
    """Do a duty until told to stop, resting twice as long each time there was nothing."""
    rest_s = duty.busy_s
    while not stop.is_set():
        try:
            busy = await duty.act() > 0
        except Exception as error:  # noqa: BLE001  a duty may fail as it likes; it is tried again
            if is_lost(error):
                _log.warning("database not reached", duty=duty.name, reason=str(error))
            else:
                _log.exception("duty failed", duty=duty.name)
            rest_s = min(2 * rest_s, _TROUBLE_S)
        else:
            rest_s = duty.busy_s if busy else min(2 * rest_s, duty.idle_s)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), rest_s)
