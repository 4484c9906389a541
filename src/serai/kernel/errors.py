"""What can go wrong, in two kinds that must never be mixed.

A *refusal* is a command that was understood and declined. It is a value, it is
stored with the command's id, and it is answered again to the same id. An
*exception* is a bug or the outside world failing; nothing was decided.
"""

from typing import Any

from msgspec import Struct, field


class Refused(Struct, frozen=True, tag="refused", tag_field="outcome"):
    """A command understood and declined.

    `code` is stable and documented; a program may branch on it. `facts` are the
    numbers and names a person needs to know what to do next, such as
    `{"missing": 2000, "currency": "CNY"}`.
    """

    code: str
    facts: dict[str, Any] = field(default_factory=dict)


class OverloadedError(Exception):
    """More is waiting than may wait. Nothing was decided; try again later."""

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__("too many commands are waiting")
        self.retry_after_s = retry_after_s


class OutcomeUnknownError(Exception):
    """The database was lost while committing: the command may or may not stand.

    Sending the same command id again tells which, and never does it twice.
    """
