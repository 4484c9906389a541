"""`serai backup`: the whole market in one file.

The file is a tar archive: `manifest.json` says what made it, `database.dump` is
PostgreSQL's own dump in its custom format, `pictures/` is the picture store.
The dump sees one moment. Pictures are copied after it, and since the store only
ever grows, every picture that the dump speaks of is among them.
"""

import io
import os
import tarfile
import tempfile
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import rich_click as click
from msgspec import Struct

from serai.cli import place, terminal
from serai.cli.stops import Exit, Stopped

if TYPE_CHECKING:
    from serai.kernel.tx import Database

FORMAT = 1
MANIFEST, DUMP, PICTURES = "manifest.json", "database.dump", "pictures"


class Manifest(Struct, frozen=True):
    """What a backup says of itself."""

    format: int
    serai: str
    made_at: datetime
    migrations: list[str]
    pictures: int


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the backup's manifest as JSON.")
def backup(file: Path, as_json: bool) -> None:
    """Write the whole market into FILE: database and pictures, as they are at one moment.

    The market may be open meanwhile. FILE must not exist, appears complete or not at all, and
    can be read by its owner alone. `serai restore` brings it back.

    Example: `serai backup market-$(date +%F).tar`

    Exit codes: 0 written; 3 FILE exists; 4 the database cannot be reached or dumped.
    """
    if file.exists():
        raise Stopped(f"{file} exists: name another file, or remove it", Exit.REFUSED)
    if not file.parent.is_dir():
        raise Stopped(f"{file.parent} is no directory: make it first", Exit.REFUSED)
    given = place.settings()
    with place.server(given) as dsn:
        migrations = place.with_database(_migrations, given)
        manifest = write(dsn, given.data / PICTURES, file, migrations)
    if as_json:
        terminal.print_json(manifest)
        return
    size = file.stat().st_size / 1024 / 1024
    said = f"{file}: the database and {manifest.pictures} pictures, {size:.1f} MiB."
    terminal.out().print(said, markup=False)


async def _migrations(database: "Database") -> list[str]:
    async with database.tx() as tx:
        return sorted(await tx.values("select migration_id from _pogo_migration"))


def write(dsn: str, pictures: Path, file: Path, migrations: list[str]) -> Manifest:
    """Write a backup beside its place and move it there when it is complete."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as target:
            manifest = _pack(dsn, pictures, target, file.parent, migrations)
            target.flush()
            os.fsync(target.fileno())
        Path(name).rename(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return manifest


def _pack(
    dsn: str, pictures: Path, target: io.BufferedWriter, folder: Path, migrations: list[str]
) -> Manifest:
    from serai.cli import programs
    from serai.kernel.clock import SystemClock

    with (
        tempfile.TemporaryFile(dir=folder) as dump,
        tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        wanted = ("--format=custom", "--no-owner", "--no-privileges", "--exclude-extension=*")
        with terminal.waiting("Dumping the database"):
            programs.run(programs.command("pg_dump", dsn, *wanted), dsn, into=dump)
        files = sorted(path for path in pictures.glob("*/*") if path.is_file())
        manifest = Manifest(FORMAT, version("serai"), SystemClock().now(), migrations, len(files))
        _add(archive, MANIFEST, io.BytesIO(msgspec.json.encode(manifest)))
        _add(archive, DUMP, dump)
        with terminal.progress() as shown:
            for path in shown.track(files, description="Pictures"):
                with path.open("rb") as picture:
                    _add(archive, f"{PICTURES}/{path.parent.name}/{path.name}", picture)
    return manifest


def _add(archive: tarfile.TarFile, name: str, content: "io.BufferedIOBase | io.IOBase") -> None:
    """Add a file by its content alone: no owner, mode or time of this machine goes along."""
    member = tarfile.TarInfo(name)
    member.size = content.seek(0, os.SEEK_END)
    content.seek(0)
    archive.addfile(member, content)
