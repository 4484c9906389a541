"""Time as a parameter, so that tests and rehearsals turn months into milliseconds."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Whatever tells the time. Moments are aware, in UTC."""

    def now(self) -> datetime:
        """Tell the present moment; later calls never tell an earlier one."""
        ...


class SystemClock:
    """The machine's clock, which never runs backwards within one process.

    A step back by a time server would put a later transfer before an earlier
    one, so the last moment told is repeated until the machine has caught up.
    """

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Tell the present moment, or the last one told if the machine went back."""
        self._last = max(self._last, datetime.now(UTC))
        return self._last


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Tell the moment the clock was last moved to."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move forward. Moving back would break what `Clock` promises."""
        if by < timedelta(0):
            message = f"a clock does not go back: {by}"
            raise ValueError(message)
        self._at += by

    def move_to(self, at: datetime) -> None:
        """Move forward to a moment; a moment already passed leaves it where it is."""
        self._at = max(self._at, at)
