"""The picture store: files named by what is in them.

A file's name is the SHA-256 of its bytes, so the same picture is kept once,
never changes, and may be cached for ever. The folder is given by the caller.
Bytes count, not names or media types that somebody claims.
"""

import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path

from msgspec import Struct

from serai.catalog import svg
from serai.catalog.model import Code
from serai.kernel.errors import Refused

PICTURE_MAX_BYTES = 5 * 1024 * 1024
FILE = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}\.(png|jpg|webp|gif|svg)")
"""What a name in the store looks like; nothing else is ever made into a path."""

MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "svg": "image/svg+xml",
}


class Stored(Struct, frozen=True):
    """A picture in the store. Sizes are None where the format hides them."""

    file: str
    media_type: str
    bytes: int
    width: int | None
    height: int | None


def store_picture(folder: Path, data: bytes) -> Stored | Refused:
    """Keep a picture under the name of its content; the same bytes get the same name.

    A reader sees the whole file or none: it is written beside and moved.
    """
    if len(data) > PICTURE_MAX_BYTES:
        return Refused(Code.PICTURE_TOO_LARGE, {"bytes": len(data), "max": PICTURE_MAX_BYTES})
    kind = _kind(data)
    size: tuple[int, int] | None
    if kind is None:
        checked = svg.check(data)
        if isinstance(checked, Refused):
            return checked
        kind, size = "svg", checked.size
    else:
        size = _size(kind, data)
    digest = hashlib.sha256(data).hexdigest()
    file = f"{digest[:2]}/{digest[2:]}.{kind}"
    path = folder / file
    if not path.exists():
        _write(path, data)
    width, height = size or (None, None)
    return Stored(file, MEDIA_TYPES[kind], len(data), width, height)


def picture_path(folder: Path, file: str) -> Path | None:
    """Find a stored picture; None for what is no name of ours or is not there."""
    if not FILE.fullmatch(file):
        return None
    path = folder / file
    return path if path.is_file() else None


def media_type(file: str) -> str:
    """Name the media type to serve a stored picture with."""
    return MEDIA_TYPES[file.rpartition(".")[2]]


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A temporary file is its owner's alone; a picture may be read by a server beside us.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _kind(data: bytes) -> str | None:
    """Recognise a raster format by the bytes it begins with."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


def _size(kind: str, data: bytes) -> tuple[int, int] | None:
    """Read width and height where the format has them at a fixed place."""
    if kind == "png" and data[12:16] == b"IHDR":
        size = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    elif kind == "gif":
        size = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    else:
        return None
    return size if all(0 < side <= 1_000_000 for side in size) else None  # noqa: PLR2004
