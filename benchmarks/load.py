"""Load: many clients in a few processes, each sending its next command when answered.

Every process is one door of the market: an event loop, a pool of connections
and a batcher. What is counted is what was answered between the end of the
warm-up and the end of the measure.
"""

import asyncio
import random
import resource
import time
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import uvloop
from msgspec import Struct

from benchmarks.stage import Stage
from serai.kernel import collector
from serai.kernel.tx import Database

Act = Callable[[random.Random], Awaitable[str]]
"""Does one thing as one client; gives a word for how it ended."""

Opening = Callable[[Database, Stage, dict[str, Any]], Awaitable[Act]]
"""Prepares a process to act; a module's function, so that it can be sent to a process."""

_PREPARE_SECONDS = 3.0


class Load(Struct, frozen=True):
    """What to run. With `attempts`, so many in all instead of for some seconds."""

    opening: Opening
    stage: Stage
    clients: int = 1_000
    processes: int = 2
    warm_seconds: float = 2.0
    seconds: float = 10.0
    attempts: int | None = None
    pool: int = 8
    facts: dict[str, Any] = {}


class Tally(Struct):
    """What one or several processes did."""

    answers: Counter[str]
    seconds: float
    latencies_s: "array[float]"
    memory_mb: float
    cpu_s: float
    """Of the processes themselves, clients and all; the database's is not among it."""

    @property
    def count(self) -> int:
        """Count the answers of every kind."""
        return sum(self.answers.values())

    @property
    def rate(self) -> float:
        """Tell how many there were a second."""
        return self.count / self.seconds

    def latency_ms(self, percent: float) -> float:
        """Give a percentile of the time from sending to the answer."""
        if not self.latencies_s:
            return 0.0
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def run(load: Load) -> Tally:
    """Run the load in its processes and add up what they did."""
    begin = time.monotonic() + _PREPARE_SECONDS
    with ProcessPoolExecutor(load.processes, mp_context=get_context("spawn")) as pool:
        tasks = [pool.submit(_process, load, number, begin) for number in range(load.processes)]
        tallies = [task.result() for task in tasks]
    latencies: array[float] = array("d")
    answers: Counter[str] = Counter()
    for tally in tallies:
        answers += tally.answers
        latencies += tally.latencies_s
    seconds = max(tally.seconds for tally in tallies)
    memory = max(tally.memory_mb for tally in tallies)
    cpu = sum(tally.cpu_s for tally in tallies)
    return Tally(answers, seconds, latencies, memory, cpu)


def alone(load: Load) -> Tally:
    """Run the load in this process, which does all of it."""
    return _process(load, 0, time.monotonic())


def _process(load: Load, number: int, begin: float) -> Tally:
    return uvloop.run(_run(load, number, begin))


async def _run(load: Load, number: int, begin: float) -> Tally:
    database = await Database.open(load.stage.dsn, size=load.pool)
    try:
        act = await load.opening(database, load.stage, load.facts | {"process": number})
        collector.calm()
        await asyncio.sleep(max(0.0, begin - time.monotonic()))
        return await _Clients(load, number, act).run()
    finally:
        await database.close()


class _Clients:
    """The clients of one process, for as long as they run."""

    def __init__(self, load: Load, number: int, act: Act) -> None:
        self._load = load
        self._act = act
        self._number = number
        self._answers: Counter[str] = Counter()
        self._latencies: array[float] = array("d")
        self._left = (load.attempts or 0) // load.processes
        now = time.monotonic()
        self._from = now if load.attempts else now + load.warm_seconds
        self._until = self._from + load.seconds

    async def run(self) -> Tally:
        clients = self._load.clients // self._load.processes
        one = self._some if self._load.attempts else self._forever
        began, used = time.monotonic(), time.process_time()
        await asyncio.gather(*(one(random.Random(f"{self._number} {n}")) for n in range(clients)))
        took = time.monotonic() - began if self._load.attempts else self._load.seconds
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        # What was spent on the warm-up counts by its share of the time.
        share = took / (time.monotonic() - began)
        cpu = share * (time.process_time() - used)
        return Tally(self._answers, took, self._latencies, memory, cpu)

    async def _forever(self, chance: random.Random) -> None:
        while (sent := time.monotonic()) < self._until:
            word = await self._act(chance)
            answered = time.monotonic()
            if self._from <= answered < self._until:
                self._answers[word] += 1
                self._latencies.append(answered - sent)

    async def _some(self, chance: random.Random) -> None:
        while self._left > 0:
            self._left -= 1
            sent = time.monotonic()
            word = await self._act(chance)
            self._answers[word] += 1
            self._latencies.append(time.monotonic() - sent)
