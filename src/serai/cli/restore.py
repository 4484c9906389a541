"""`serai restore`: bring back a market that `serai backup` wrote."""

import asyncio
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
import rich_click as click

from serai.cli import place, terminal
from serai.cli.backup import DUMP, FORMAT, MANIFEST, PICTURES, Manifest
from serai.cli.stops import Exit, Stopped

_HEAD_LINES_MAX = 60
# Written for PostgreSQL 17 and newer; an older server knows no such setting.
_NEWER_ONLY = b"SET transaction_timeout = 0;"


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a market that is there; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask, for programs. Only with --force.")
def restore(file: Path, force: bool, yes: bool) -> None:
    """Bring back the market in FILE, which `serai backup` wrote.

    The database must be empty, or is replaced with --force; either it is restored whole or
    stays as it was. No market may be open on it meanwhile.

    Example: `SERAI_DATA=/srv/new serai restore market-2026-03-02.tar`

    Exit codes: 0 restored; 3 FILE is no backup of ours, or the database is not empty; 4 the
    database cannot be reached; 130 you said no.
    """
    given = place.settings()
    with _archive(file) as archive:
        manifest = _manifest(archive, file)
        with place.server(given, make=True) as dsn:
            tables = _replaceable(dsn, force=force, yes=yes)
            _restore_database(archive, dsn, tables)
            pictures = _restore_pictures(archive, given.data / PICTURES, manifest.pictures)
            asyncio.run(place.migrated(dsn))
    said = f"Restored: the market as it was at {manifest.made_at:%Y-%m-%d %H:%M:%S %Z}"
    terminal.out().print(f"{said}, and {pictures} pictures.", markup=False)


def _archive(file: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(file, mode="r:")
    except (tarfile.TarError, OSError) as error:
        raise Stopped(f"{file} is no backup of serai ({error})", Exit.REFUSED) from error


def _manifest(archive: tarfile.TarFile, file: Path) -> Manifest:
    from serai.kernel.migrate import folder

    try:
        manifest = msgspec.json.decode(_member(archive, MANIFEST).read(), type=Manifest)
    except (KeyError, tarfile.TarError, msgspec.MsgspecError) as error:
        raise Stopped(f"{file} is no backup of serai ({error})", Exit.REFUSED) from error
    known = {path.stem for path in folder().glob("[0-9]*.sql")}
    strange = sorted(set(manifest.migrations) - known)
    if manifest.format != FORMAT or strange:
        said = f"{file} was made by a newer serai ({manifest.serai})"
        raise Stopped(f"{said}: restore it with that one", Exit.REFUSED)
    return manifest


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    found = archive.extractfile(name)
    if found is None:
        raise KeyError(f"{name} is no file")
    return found


def _replaceable(dsn: str, *, force: bool, yes: bool) -> list[str]:
    """Name the tables that are there and may be replaced; there is an end where they may not."""
    tables, users = asyncio.run(_look(dsn))
    if users:
        said = f"{users} connections of a serai are open on the database"
        raise Stopped(f"{said}: stop the market first", Exit.REFUSED)
    if tables and not force:
        said = f"the database at {place.shown(dsn)} holds {len(tables)} tables"
        raise Stopped(f"{said}: restore elsewhere, or replace them with --force", Exit.REFUSED)
    if tables and not yes:
        click.confirm(f"Replace everything in the database at {place.shown(dsn)}?", abort=True)
    return tables


_TABLES = """
select coalesce(array_agg(quote_ident(tablename) order by tablename), '{}')
from pg_tables where schemaname = 'public'
"""
_USERS = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name = 'serai' and pid <> pg_backend_pid()
"""


async def _look(dsn: str) -> tuple[list[str], int]:
    """List the tables that are there, and count the connections of markets that are open."""
    import asyncpg

    with place.reaching(dsn):
        connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(_TABLES), await connection.fetchval(_USERS)
    finally:
        await connection.close()


def _restore_database(archive: tarfile.TarFile, dsn: str, tables: list[str]) -> None:
    """Play the dump into the database in place of these tables, in one transaction."""
    from serai.cli import programs

    psql = programs.command(
        "psql", dsn, "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
        "--output=/dev/null", "--file=-",
    )  # fmt: skip
    unpack = programs.alone("pg_restore", "--no-owner", "--no-privileges", "--file=-")
    with tempfile.TemporaryFile() as dump, tempfile.TemporaryFile() as said:
        shutil.copyfileobj(_member(archive, DUMP), dump)
        dump.seek(0)
        with (
            terminal.waiting("Restoring the database"),
            subprocess.Popen(  # noqa: S603  our own lists, never a shell's line
                unpack, stdin=dump, stdout=subprocess.PIPE, stderr=said
            ) as unpacking,
            subprocess.Popen(  # noqa: S603  the same
                psql, stdin=subprocess.PIPE, stderr=said, env=programs.environment(dsn)
            ) as playing,
        ):
            assert unpacking.stdout is not None
            assert playing.stdin is not None
            _play(unpacking, unpacking.stdout, playing.stdin, tables)
        if unpacking.returncode or playing.returncode:
            said.seek(0)
            programs.fail("the restore", said.read())


def _play(
    unpacking: "subprocess.Popen[bytes]", script: IO[bytes], into: IO[bytes], tables: list[str]
) -> None:
    """Hand the script over; where it breaks off, the transaction must not be committed."""
    try:
        with into:
            if tables:
                into.write(f"drop table {', '.join(tables)} cascade;\n".encode())
            for line in _head(script):
                into.write(line)
            shutil.copyfileobj(script, into)
            if unpacking.wait():
                into.write(b"\\echo broken off\nselect 1/0;\n")
    except BrokenPipeError:
        # The reader has failed and says why itself; the writer need not go on.
        unpacking.kill()


def _head(script: IO[bytes]) -> Iterator[bytes]:
    """Give the first lines of a script, without the setting that older servers do not know."""
    for _ in range(_HEAD_LINES_MAX):
        line = script.readline()
        if line.strip() == _NEWER_ONLY:
            return
        yield line


def _restore_pictures(archive: tarfile.TarFile, folder: Path, count: int) -> int:
    """Put the pictures back, each checked against the name that its content gives it."""
    from serai import catalog

    restored = 0
    with terminal.progress() as shown:
        task = shown.add_task("Pictures", total=count)
        for member in archive:
            if not (member.isfile() and member.name.startswith(f"{PICTURES}/")):
                continue
            stored = catalog.store_picture(folder, _member(archive, member.name).read())
            if not isinstance(stored, catalog.Stored) or f"{PICTURES}/{stored.file}" != member.name:
                said = f"the backup is damaged: {member.name} is not what its name says"
                raise Stopped(said, Exit.REFUSED)
            restored += 1
            shown.advance(task)
    return restored
