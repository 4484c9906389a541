"""Text that people type: trimmed, bounded, and free of what only deceives the eye."""

import unicodedata
from collections.abc import Sequence
from typing import TypeVar

from serai.kernel.errors import Refused
from serai.members.model import Code

T = TypeVar("T")

REASON_MAX = 500

# Marks that turn the direction of what follows them; a name could pose as another by these.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_BREAKS = frozenset("\n\t")


def line(field: str, text: str, *, longest: int, shortest: int = 1) -> str | Refused:
    """Clean one line: NFC, runs of white space become one blank, none at the ends."""
    cleaned = " ".join(unicodedata.normalize("NFC", text).split())
    return _bounded(field, cleaned, shortest, longest, allowed=frozenset())


def paragraph(field: str, text: str, *, longest: int) -> str | Refused:
    """Clean a longer text, which may be empty and may have line breaks."""
    cleaned = unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()
    return _bounded(field, cleaned, 0, longest, allowed=_LINE_BREAKS)


def reason(text: str) -> str | Refused:
    """Clean the reason that somebody gives for what they do; a reason is never empty."""
    return line("reason", text, longest=REASON_MAX)


def slug(field: str, text: str) -> str | Refused:
    """Check a name for addresses of pages: lower-case letters, digits, single hyphens."""
    fits = len(text) <= _SLUG_MAX and all(
        part and part.isascii() and part.isalnum() and part == part.lower()
        for part in text.split("-")
    )
    if fits:
        return text
    return Refused(Code.FIELD_INVALID, {"field": field, "expected": "slug", "max": _SLUG_MAX})


_SLUG_MAX = 80


def first_refusal(*answers: object) -> Refused | None:
    """Find the first of some answers that is a refusal."""
    return next((answer for answer in answers if isinstance(answer, Refused)), None)


def accepted(answer: T | Refused) -> T:
    """Take what is known not to be a refusal, because `first_refusal` found none."""
    if isinstance(answer, Refused):
        message = f"refused: {answer.code}"
        raise TypeError(message)
    return answer


def one_of(field: str, value: str, offered: Sequence[str]) -> str | Refused:
    """Check that a locale is among those that are offered."""
    if value in offered:
        return value
    facts = {"field": field, "locale": value, "offered": list(offered)}
    return Refused(Code.LOCALE_UNKNOWN, facts)


def _bounded(
    field: str, text: str, shortest: int, longest: int, *, allowed: frozenset[str]
) -> str | Refused:
    if not shortest <= len(text) <= longest:
        return Refused(Code.FIELD_INVALID, {"field": field, "min": shortest, "max": longest})
    if any(_unfit(character) for character in text if character not in allowed):
        return Refused(Code.FIELD_INVALID, {"field": field, "expected": "printable text"})
    return text


def _unfit(character: str) -> bool:
    # Cc: control characters. Cs: halves of characters, which no UTF-8 can carry.
    return character in _TURNING or unicodedata.category(character) in {"Cc", "Cs"}
