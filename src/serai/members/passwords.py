"""Passwords: what makes a fair one, and how it is kept and checked.

Kept as Argon2id. The parameters stand here and nowhere else: 19 MiB, two
passes, one lane, as the OWASP Password Storage Cheat Sheet advises; salt and
tag lengths as RFC 9106, section 4. A hash made with others is replaced when its
owner signs in.
"""

import asyncio
import base64
import os
import secrets
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from prometheus_client import Counter

from serai.kernel.errors import Refused
from serai.members.model import Code

T = TypeVar("T")

LENGTH_MIN = 8
LENGTH_MAX = 128

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, salt_len=16, hash_len=32)
# Hashing holds a processor and 19 MiB for tens of milliseconds: so many at once, the others
# wait, and the event loop goes on meanwhile.
_hands = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="argon2")

checks = Counter(
    "serai_password_checks_total", "Passwords that were weighed against a hash, true or decoy."
)

# The commonest of eight characters and more in published leaks, in lower case.
_COMMON_ONES = """
00000000 11111111 11223344 12121212 123123123 12341234 12344321 1234567890 123456789
12345678 123456789a 1234qwer 147258369 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc 31415926
5201314520 52013145 66666666 87654321 88888888 987654321 99999999 a1234567 a12345678
a123456789 aa123456 aa12345678 abc12345 abc123456 abcd1234 abcdefgh admin123 administrator
alexander asdf1234 asdfasdf asdfghjkl barcelona baseball basketball benjamin butterfly
changeme chocolate computer corvette danielle elephant football hello123 iloveyou
iloveyou1 internet jennifer jonathan liverpool master123 maverick mercedes michelle
mountain natalie1 nicholas p@ssw0rd p@ssword passw0rd password password1 password12
password123 password1234 patricia pokemon1 princess q1w2e3r4 q1w2e3r4t5 qazwsxedc qq123456
qwer1234 qwerty12 qwerty123 qwerty12345 qwertyui qwertyuiop samantha starwars sunshine
superman test1234 trustno1 victoria welcome1 welcome123 whatever woaini123 woaini1314
woaini520 zaq12wsx zxcvbnm123 zxcvbnm1
"""
_COMMON = frozenset(_COMMON_ONES.split())


def refusal(password: str, personal: Iterable[str | None]) -> Refused | None:
    """Say why a password will not do; `personal` is what anybody knows of its owner.

    The rules follow NIST SP 800-63B, 3.1.1: a length, and no value that is the first
    guess of whoever wants in. No rule of composition, no expiry.
    """
    if not LENGTH_MIN <= len(_plain(password)) <= LENGTH_MAX:
        return Refused(Code.PASSWORD_LENGTH, {"min": LENGTH_MIN, "max": LENGTH_MAX})
    guess = _squeezed(password)
    if guess in _COMMON or len(set(guess)) <= 1:
        return Refused(Code.PASSWORD_GUESSABLE, {"because": "common"})
    if guess in set(_spellings(personal)):
        return Refused(Code.PASSWORD_GUESSABLE, {"because": "personal"})
    return None


def _spellings(personal: Iterable[str | None]) -> Iterable[str]:
    for text in personal:
        if text:
            yield _squeezed(text)
            yield _squeezed(text.partition("@")[0])
            yield _squeezed(text.removeprefix("+"))


def _squeezed(text: str) -> str:
    return "".join(_plain(text).casefold().split())


async def hashed(password: str) -> str:
    """Hash a password for keeping; tens of milliseconds, beside the event loop."""
    return await _beside(lambda: _hasher.hash(_bytes(password)))


async def matches(password: str, kept: str | None) -> bool:
    """Tell whether it is the password that was kept; nothing kept, nothing matches.

    Where nothing is kept the same work is done on a decoy, so that the time of the
    answer does not tell who has an account.
    """
    right = await _beside(lambda: _verify(password, kept or _decoy()))
    return right and kept is not None


def outdated(kept: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _verify(password: str, kept: str) -> bool:
    try:
        return _hasher.verify(kept, _bytes(password))
    except VerifyMismatchError:
        return False
    finally:
        checks.inc()


def _decoy() -> str:
    """Spell a hash of today's parameters that no password is known to have."""
    salt, tag = (
        base64.b64encode(secrets.token_bytes(length)).rstrip(b"=").decode()
        for length in (_hasher.salt_len, _hasher.hash_len)
    )
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${tag}"


def _plain(password: str) -> str:
    # The same keys give different code points on different systems.
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    # One character past the longest is kept, so that a longer one is wrong at no greater cost.
    plain = _plain(password[: 4 * LENGTH_MAX])[: LENGTH_MAX + 1]
    return plain.encode("utf-8", "surrogatepass")


async def _beside(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_hands, work)
