"""Lists a page at a time. A cursor is opaque: it says after which row the next page begins."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter
from msgspec import Struct

from serai.api.fields import is_in_time, wrong
from serai.api.says import WrongFieldsError

T = TypeVar("T")
R = TypeVar("R")
K = TypeVar("K")

LIMIT_MAX = 100
LIMIT = 20


class Page(Struct, Generic[T], frozen=True):
    """A part of a list, and the cursor of what follows; null on the last page."""

    items: list[T]
    next: str | None


class Cut(Struct, frozen=True):
    """Which part of a list was asked for."""

    limit: int
    cursor: str | None

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than are shown tells whether more follow."""
        return self.limit + 1

    def after(self, kind: type[K]) -> K | None:
        """Read the key after which the page begins; None for the first page.

        `kind` is the type of the key, such as `UUID` or `tuple[datetime, UUID]`.
        """
        if self.cursor is None:
            return None
        try:
            padding = "=" * (-len(self.cursor) % 4)
            packed = base64.b64decode(self.cursor + padding, altchars=b"-_", validate=True)
            key: K = msgspec.msgpack.decode(packed, type=kind)
            _check_moments(key)
        except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
            reason = "it is not a cursor that this list gave"
            raise WrongFieldsError([wrong("?cursor", "invalid", reason=reason)]) from error
        return key


def _check_moments(key: object) -> None:
    """Refuse a moment without a zone, or beyond all time; no list gave it."""
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, datetime) and (part.tzinfo is None or not is_in_time(part)):
            raise ValueError("this is no moment")


async def cut(
    limit: Annotated[
        int, QueryParameter(ge=1, le=LIMIT_MAX, description="How many entries a page has.")
    ] = LIMIT,
    cursor: Annotated[
        str | None,
        QueryParameter(
            max_length=500, description="`next` of the page before; without it, the first."
        ),
    ] = None,
) -> Cut:
    """Give the part of the list that the query asks for; a dependency of every list."""
    return Cut(limit, cursor)


def paged(
    request: Request[Any, Any, Any],
    rows: Sequence[R],
    part: Cut,
    *,
    key: Callable[[R], object],
    show: Callable[[R], T],
) -> Response[Page[T]]:
    """Answer with a page of rows, of which `part.fetch` were read.

    `key` gives what the list is sorted by, down to a unique id; it comes back
    from `part.after`.
    """
    shown = rows[: part.limit]
    following = encode(key(shown[-1])) if len(rows) > part.limit else None
    headers = {}
    if following is not None:
        kept = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
        query = urlencode([*kept, ("cursor", following)])
        headers["Link"] = f'<{request.scope["path"]}?{query}>; rel="next"'
    return Response(Page([show(row) for row in shown], following), headers=headers)


def encode(key: object) -> str:
    """Write a key as a cursor."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(key)).rstrip(b"=").decode()
