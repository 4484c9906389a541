"""What a benchmark says when it is over."""

import os
import platform
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field


class Yardstick(Struct, frozen=True):
    """What it is held against, measured in the same run on the same server."""

    name: str
    value: float


class Result(Struct, frozen=True, kw_only=True):
    """One measurement; `ratio` is the value over the yardstick's."""

    name: str
    value: float
    unit: str
    p50_ms: float | None
    p99_ms: float | None
    yardstick: Yardstick | None
    ratio: float | None
    machine: str
    seconds: float
    facts: dict[str, Any] = field(default_factory=dict)
    """What else belongs to it: `sold` and `attempts`, sizes, memory."""

    def encoded(self) -> str:
        """Write it as JSON, the facts beside the rest."""
        plain = msgspec.to_builtins(self)
        return msgspec.json.encode(plain | plain.pop("facts")).decode()

    def line(self) -> str:
        """Write it for people."""
        said = f"{self.name}: {self.value:,.0f} {self.unit}"
        if self.p50_ms is not None and self.p99_ms is not None:
            said += f", p50 {self.p50_ms:.1f} ms, p99 {self.p99_ms:.1f} ms"
        if self.yardstick is not None and self.ratio is not None:
            said += f"; {self.ratio:.2f} of {self.yardstick.name} ({self.yardstick.value:,.0f})"
        for name, value in self.facts.items():
            said += f"; {name} {value}"
        return said


def result(
    name: str,
    value: float,
    unit: str,
    *,
    p50_ms: float | None = None,
    p99_ms: float | None = None,
    against: Yardstick | None = None,
    seconds: float,
    **facts: Any,  # noqa: ANN401  JSON values
) -> Result:
    """Make a result of this machine."""
    return Result(
        name=name,
        value=round(value, 1),
        unit=unit,
        p50_ms=None if p50_ms is None else round(p50_ms, 2),
        p99_ms=None if p99_ms is None else round(p99_ms, 2),
        yardstick=against and Yardstick(against.name, round(against.value, 1)),
        ratio=round(value / against.value, 3) if against else None,
        machine=machine(),
        seconds=seconds,
        facts=facts | {"load_before": round(os.getloadavg()[1], 1)},
    )


def machine() -> str:
    """Describe the machine in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} x {_processor()}, {memory:.0f} GiB, {platform.system()}"


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    for line in told.read_text().splitlines() if told.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
