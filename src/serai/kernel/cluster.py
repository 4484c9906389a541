"""A cluster: a PostgreSQL data directory that we made, and only such a one.

It lies in `<data>/postgres` and carries `serai.json`, the mark by which we know
our own. Whatever else lies there is refused and left as it is, whether it runs
or not.

Root's data often lies where the system user that must run PostgreSQL cannot
enter (`/root`). We do not change the modes of directories that we did not make,
so the cluster is then kept in `/var/lib/serai` and `<data>/postgres` is a
symbolic link to it. A backup of the data directory must follow that link.
"""

import fcntl
import hashlib
import os
import shutil
import time
from pathlib import Path

import msgspec

from serai.kernel import cluster_account
from serai.kernel.cluster_account import Account, PostgresRefused
from serai.kernel.cluster_conf import settings

FORMAT = 1
MARKER = "serai.json"
CONF = "serai.conf"
# Held by whoever uses the server, and by the server while it lives (`postgres.py`).
USERS_LOCK = "serai.users"
SERVER_LOCK = "serai.server"

_MAKING_NOTE = "made-by-serai"
_INITDB_SECONDS_MAX = 120

# The whole of pg_hba.conf. No password: whoever can reach the socket, which lies
# in a directory that only the cluster's owner and root may enter, could read the
# data files as well.
_ACCESS = "local all all trust\n"


class Cluster(msgspec.Struct, frozen=True):
    """A data directory that was examined and found ours, and who runs it."""

    directory: Path
    account: Account
    durable: bool


class Marker(msgspec.Struct, frozen=True):
    """What `serai.json` says of the cluster that it lies in."""

    format: int
    system_identifier: str
    """PostgreSQL's own number of the cluster: a mark copied elsewhere is no mark."""
    data: str
    """The data directory that the cluster was made for."""
    durable: bool
    """False: made for tests, never synced, and thrown away by its last user."""


def find(data: Path, *, durable: bool) -> Cluster | None:
    """The cluster of this data directory; None if there is nothing yet.

    Changes nothing on disk. PostgresRefused if what is there is not a cluster
    that we made, as durable as asked, that belongs to a user we can run as and
    that our programs understand.
    """
    if (data / "PG_VERSION").exists():
        said = f"{data} is itself a PostgreSQL data directory"
        raise PostgresRefused(f"{said}, which serai leaves alone: choose another directory")
    place = data / "postgres"
    if not os.path.lexists(place):
        return None
    directory = place.resolve()
    marker = _marker(directory)
    account = _runner(directory)
    _check_version(directory, account)
    if not cluster_account.can_enter(account, directory):
        said = f"PostgreSQL runs as {account.name}, who may not enter {directory}"
        raise PostgresRefused(f"{said}: move the data to where others may enter, such as /srv")
    if marker.system_identifier != _system_identifier(directory, account):
        said = f"{directory / MARKER} belongs to another cluster than the one in {directory}"
        raise PostgresRefused(f"{said}, so serai did not make it: choose another directory")
    _check_home(data, directory, Path(marker.data))
    if marker.durable != durable:
        made, asked = ("to last", "tests") if marker.durable else ("for tests", "a market")
        said = f"the database in {directory} was made {made} and is asked for by {asked}"
        raise PostgresRefused(f"{said}: choose another data directory")
    return Cluster(directory, account, durable)


def create(data: Path, *, durable: bool) -> Cluster:
    """Make the cluster of a data directory that has none, in about a second.

    It appears complete or not at all: it is made beside its place and moved
    there when it is ready. The caller sees to it that nobody else does the same.
    """
    account = cluster_account.chosen()
    inside = cluster_account.can_enter(account, data)
    final = data / "postgres" if inside else _place_outside(data)
    making = _making(final)
    note = take(making / _MAKING_NOTE)
    assert note is not None, "only we know of it"
    try:
        directory = making / "cluster"
        directory.mkdir(mode=0o700)
        cluster_account.give(directory, account)
        _initialise(Cluster(directory, account, durable), data, note)
    finally:
        os.close(note)
    directory.rename(final)
    _clear(making)
    if not inside:
        (data / "postgres").symlink_to(final)
        _sync(data)
    _sync(final.parent)
    return Cluster(final, account, durable)


def discard(data: Path, cluster: Cluster) -> None:
    """Remove a stopped cluster that was made for tests; never another."""
    if cluster.durable:
        raise PostgresRefused(f"{cluster.directory} was made to last and is not removed")
    place = data / "postgres"
    if place.is_symlink():
        place.unlink()
    making = _making(cluster.directory)
    cluster.directory.rename(making / "cluster")
    _clear(making)


def write(cluster: Cluster, name: str, text: str) -> None:
    """Replace a file of the cluster, whole or not at all, owned by its account."""
    path = cluster.directory / name
    fresh = cluster.directory / f"{name}.new"
    fresh.unlink(missing_ok=True)
    # Never through a link: the account, not we, rules this directory.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(fresh, flags, 0o600), "w") as file:
        cluster_account.give(fresh, cluster.account)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def take(path: Path, kind: int = fcntl.LOCK_EX) -> int | None:
    """Lock a file without waiting: its descriptor, or None if others hold it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _marker(directory: Path) -> Marker:
    """The mark of a directory, or a refusal that says what is there instead."""
    try:
        marker = msgspec.json.decode((directory / MARKER).read_bytes(), type=Marker)
    except (FileNotFoundError, NotADirectoryError):
        if not directory.exists():
            said = f"the database was kept in {directory}, which is gone"
            raise PostgresRefused(f"{said}: bring it back, or remove the link to it") from None
        said = f"{directory} was not made by serai"
        if (directory / "postmaster.pid").exists():
            said += " and another PostgreSQL may be running in it"
        way_out = "choose another data directory, or move it away if it is not needed"
        raise PostgresRefused(f"{said}, so it is left alone: {way_out}") from None
    except PermissionError:
        said = f"{directory} belongs to {_owner_name(directory)} and may not be read"
        raise PostgresRefused(f"{said}: run serai as that user") from None
    except msgspec.MsgspecError as error:
        said = f"{directory / MARKER} cannot be understood ({error})"
        raise PostgresRefused(f"{said}: restore it from a backup") from error
    if marker.format != FORMAT:
        said = f"{directory} has format {marker.format}, and this serai knows {FORMAT}"
        raise PostgresRefused(f"{said}: run the serai that made it")
    return marker


def _runner(directory: Path) -> Account:
    """The account that owns the cluster, which alone may run it."""
    account = cluster_account.of_owner(directory.stat().st_uid)
    if account is None:
        owner = _owner_name(directory)
        said = f"the database in {directory} belongs to {owner}"
        if os.geteuid() == 0:
            said += ", and root runs PostgreSQL only as its own system user"
        raise PostgresRefused(f"{said}: run serai as {owner}")
    return account


def _check_version(directory: Path, account: Account) -> None:
    """Refuse a cluster of another major version: its files read otherwise."""
    path = directory / "PG_VERSION"
    found = path.read_text().strip() if path.exists() else "none"
    if found != str(account.major):
        said = f"{directory} was made by PostgreSQL {found}; this serai brings {account.major}"
        way_out = (
            f"dump it with the serai that made it (pg_dumpall) and load it into an empty one, "
            f"or serve it by a PostgreSQL {found} of your own and name that in SERAI_DATABASE_URL"
        )
        raise PostgresRefused(f"{said}: {way_out}")


def _check_home(data: Path, directory: Path, made_for: Path) -> None:
    """Refuse a copied link: two markets must not write to one database.

    A data directory that was moved keeps its cluster.
    """
    if made_for == data or not (made_for / "postgres").exists():
        return
    same_cluster = directory.samefile(made_for / "postgres")
    if same_cluster and not data.samefile(made_for):
        said = f"{data / 'postgres'} is a copied link to the database of {made_for}"
        raise PostgresRefused(f"{said}: remove the link and load a dump instead")


def _system_identifier(directory: Path, account: Account) -> str:
    """PostgreSQL's own number of the cluster, from its control file."""
    said = cluster_account.run(account, "pg_controldata", "-D", directory)
    for line in said.output.splitlines():
        name, _, value = line.partition(":")
        if name == "Database system identifier":
            return value.strip()
    way_out = "restore the directory from a backup"
    raise PostgresRefused(f"{directory} is damaged: {said.output.strip()}. To go on, {way_out}")


def _place_outside(data: Path) -> Path:
    """A free place in `/var/lib/serai`, named so that it can be found again.

    A place left behind by a data directory that was removed is never taken
    over: what it holds was somebody's money.
    """
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    name, number = f"{data.name or 'data'}-{digest}", 1
    home = cluster_account.root_home()
    while os.path.lexists(home / f"{name}-{number}"):
        number += 1
    return home / f"{name}-{number}"


def _making(final: Path) -> Path:
    """A fresh directory of ours beside the cluster's place, to make or remove it in."""
    making = final.with_name(f"{final.name}.making")
    if os.path.lexists(making):
        _clear(making)
    making.mkdir()
    (making / _MAKING_NOTE).touch()
    making.chmod(0o711)
    return making


def _clear(making: Path) -> None:
    """Remove what `_making` made, now or in a start that was killed."""
    left = {path.name for path in making.iterdir()} if making.is_dir() else {"?"}
    if left and _MAKING_NOTE not in left:
        said = f"{making} is in the way and was not made by serai"
        raise PostgresRefused(f"{said}: move it away")
    if left:
        # An `initdb` whose serai was killed works on, and at its end it tidies up.
        deadline = time.monotonic() + _INITDB_SECONDS_MAX
        while (note := take(making / _MAKING_NOTE)) is None:
            if time.monotonic() > deadline:
                raise PostgresRefused(f"a program still works in {making}: end it")
            time.sleep(0.05)
        os.close(note)
    if "cluster" in left:
        shutil.rmtree(making / "cluster")
    # The note goes last, so that a removal cut short can be resumed.
    (making / _MAKING_NOTE).unlink(missing_ok=True)
    making.rmdir()


def _initialise(cluster: Cluster, data: Path, note: int) -> None:
    """Fill an empty directory with a cluster that carries our mark.

    The programs inherit the locked note, which so stays locked while one lives.
    """
    directory = cluster.directory
    # The built-in locale orders text the same on every system and for ever; that
    # of the C library changes with its version and would spoil indexes.
    _must(
        cluster,
        note,
        "initdb",
        *("--pgdata", directory, "--username=postgres", "--auth=trust", "--encoding=UTF8"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *("--data-checksums", "--no-instructions"),
        *(() if cluster.durable else ("--no-sync",)),
    )
    write(cluster, "pg_hba.conf", _ACCESS)
    write(cluster, CONF, settings(None, durable=cluster.durable))
    conf = (directory / "postgresql.conf").read_text()
    write(cluster, "postgresql.conf", f"{conf}\ninclude '{CONF}'\n")
    _must(
        cluster,
        note,
        "postgres",
        *("--single", "-D", directory, "-c", "exit_on_error=on", "-c", "log_destination=stderr"),
        *("-c", "logging_collector=off", "postgres"),
        stdin="create extension pg_stat_statements\n",
    )
    identifier = _system_identifier(directory, cluster.account)
    marker = Marker(FORMAT, identifier, str(data), cluster.durable)
    write(cluster, MARKER, msgspec.json.encode(marker).decode())
    _sync(directory)


def _must(
    cluster: Cluster, note: int, program: str, *arguments: str | Path, stdin: str = ""
) -> None:
    """Run a program that has to succeed."""
    account, most = cluster.account, _INITDB_SECONDS_MAX
    ran = cluster_account.run(
        account, program, *arguments, stdin=stdin, timeout_s=most, pass_fds=[note]
    )
    if ran.exit_code != 0:
        raise PostgresRefused(f"{program} failed as {account.name}:\n{ran.output.strip()}")


def _owner_name(directory: Path) -> str:
    try:
        return directory.owner()
    except KeyError:
        return f"user id {directory.stat().st_uid}"


def _sync(directory: Path) -> None:
    """Make the names in a directory outlive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
