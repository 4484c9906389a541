"""Pictures at the machine's door: taken in as they are, given out for ever the same."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Request, Response, get, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.params import FromPath
from msgspec import Struct

from serai import catalog
from serai.api.asked import TheHouse
from serai.api.callers import requires
from serai.api.house import House
from serai.api.says import Says, accepted, decline
from serai.catalog import PICTURE_MAX_BYTES
from serai.members import Role, Scope

_COST = 4
TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml")
_NOT_MODIFIED = 304
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    # A picture opened by itself is a document of ours: it may run and fetch nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


class Kept(Struct, frozen=True):
    """A picture that is kept: its `file` goes into a listing, `url` shows it."""

    file: str
    url: str
    media_type: str
    bytes: int
    width: int | None
    height: int | None


@dataclass
class TakesPicture(Operation):
    """An operation whose body is the picture itself."""

    def __post_init__(self) -> None:
        """Describe the body."""
        content = {
            kind: OpenAPIMediaType(schema=Schema(type=None, content_media_type=kind))
            for kind in TYPES
        }
        self.request_body = RequestBody(content=content, required=True)


def folder(house: House) -> Path:
    """Name the folder of the picture store."""
    return house.settings.data / "pictures"


def served_at(house: House) -> str:
    """Name the address under which the pictures of the store are served."""
    return f"{house.settings.public_url.rstrip('/')}/media/"


@post(
    "/pictures",
    tags=["listings"],
    opt=requires(Scope.CATALOG_WRITE, role=Role.SELLER, cost=_COST),
    request_max_body_size=PICTURE_MAX_BYTES,
    operation_class=TakesPicture,
)
async def keep_picture(request: Request[Any, Any, Any], house: TheHouse) -> Kept:
    """Keep a picture: PNG, JPEG, WebP, GIF or SVG, five megabytes at most.

    The body is the picture itself. What it is, its bytes say; the same bytes
    are kept once and get the same name.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in {*TYPES, "application/octet-stream"}:
        raise decline("media_type_picture", takes=", ".join(TYPES))
    data = await request.body()
    stored = accepted(await asyncio.to_thread(catalog.store_picture, folder(house), data))
    url = served_at(house) + stored.file
    return Kept(stored.file, url, stored.media_type, stored.bytes, stored.width, stored.height)


@get("/media/{file:path}", include_in_schema=False)
async def show_picture(request: Request[Any, Any, Any], file: FromPath[Path]) -> Response[bytes]:
    """Give a picture; it never changes, so whoever has it may keep it."""
    house: House = request.app.state.house
    name = str(file).removeprefix("/")
    path = await asyncio.to_thread(catalog.picture_path, folder(house), name)
    if path is None:
        raise decline("not_found")
    headers = {**_HEADERS, "ETag": f'"{name}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=_NOT_MODIFIED, headers=headers)
    data = await asyncio.to_thread(path.read_bytes)
    return Response(data, media_type=catalog.media_type(name), headers=headers)


ROUTES = [keep_picture]
PAGES = [show_picture]
"""Served beside the API, not under it."""
REFUSALS: dict[str, Says] = {
    "media_type_picture": Says(
        415, "This form is not read here", "Send the picture itself, as one of: {takes}."
    ),
}
