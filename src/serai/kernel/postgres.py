"""The embedded PostgreSQL: a server of our own for a data directory.

All `serai` processes on one data directory share one server. Each holds a shared
lock on `serai.users` as long as it lives; the kernel drops it when the process
dies, however it dies. Whoever leaves and can then take the lock for himself
alone was the last, and stops the server. Joining and leaving happen one at a
time, behind the lock on `<data>/postgres.gate`.

A process that was killed leaves the server running; the next start takes it
over, and the last to leave stops it. A server that was killed stays down until
somebody joins or one of its users revives it. There is no TCP port: the server listens
on a Unix socket that only its user (and root) can reach.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from serai.kernel.cluster import SERVER_LOCK, USERS_LOCK, Cluster, create, discard, find, take
from serai.kernel.cluster_account import PostgresRefused
from serai.kernel.postmaster import START_SECONDS_MAX, STOP_SECONDS_MAX, Address, start, stop

__all__ = ["PostgresRefused", "revive", "serve"]

GATE = "postgres.gate"
_GATE_SECONDS_MAX = START_SECONDS_MAX + STOP_SECONDS_MAX + 60


@contextmanager
def serve(data: Path, *, durable: bool = True) -> Iterator[str]:
    """Serve the database of a data directory; yields its address (a DSN).

    The cluster is `<data>/postgres`, made at the first start, found again at the
    next. Works as an ordinary user and as root (then PostgreSQL runs as a system
    user, see `cluster_account`). On leaving, the server stops if nobody else
    uses it. Blocks for about two seconds the first time, less than one later,
    and after a kill as long as recovery takes.

    PostgresRefused if there is something that serai did not make, or nothing can
    be served there: nothing was changed then, and the message says what to do.

    `durable=False` is for tests only: nothing is synced, and the database is gone
    when its last user has left. One made so is never served as a lasting one, nor
    the other way round.
    """
    data = data.resolve()
    if not str(data).isprintable():
        raise PostgresRefused(f"{data!r} has characters that cannot be printed: rename it")
    try:
        cluster, users, address = _join(data, durable=durable)
    except OSError as error:
        way_out = "see that this user may write there and that the disk has room"
        raise PostgresRefused(f"{data} cannot hold a database ({error}): {way_out}") from error
    try:
        where = quote(address.socket_directory, safe="/")
        yield f"postgresql://postgres@/postgres?host={where}&port={address.port}"
    finally:
        with _gate(data):
            _leave(data, cluster, users)


def revive(data: Path) -> bool:
    """Start the server again if it died under its users; tells whether it had.

    For whoever is inside `serve` and outlives the server: what was committed is
    there again, at the same address. Cheap while the server lives, else blocks
    as long as recovery takes. PostgresRefused if it cannot be started.
    """
    data = data.resolve()
    lock = take(data / "postgres" / SERVER_LOCK)
    if lock is None:
        return False
    os.close(lock)
    with _gate(data):
        cluster = find(data, durable=True)
        if cluster is None:
            raise PostgresRefused(f"the database in {data} is gone: bring it back")
        start(cluster)
    return True


def _join(data: Path, *, durable: bool) -> tuple[Cluster, int, Address]:
    """Become a user of the server, starting or even making it if need be."""
    if not (data / GATE).exists():
        # Looked at first, so that a refusal comes before anything is written.
        find(data, durable=durable)
        data.mkdir(parents=True, exist_ok=True)
    with _gate(data):
        cluster = find(data, durable=durable) or create(data, durable=durable)
        users = take(cluster.directory / USERS_LOCK, fcntl.LOCK_SH)
        if users is None:
            said = f"{cluster.directory / USERS_LOCK} is locked by another program"
            raise PostgresRefused(f"{said}: end that program")
        try:
            return cluster, users, start(cluster)
        except BaseException:
            _leave(data, cluster, users)
            raise


def _leave(data: Path, cluster: Cluster, users: int) -> None:
    """Stop being a user; the last one out stops the server."""
    # Closed and opened again: a forked child that still uses the server shares
    # our handle, and an upgrade of that would not see it.
    os.close(users)
    alone = take(cluster.directory / USERS_LOCK)
    if alone is None:
        return
    try:
        stop(cluster)
        if not cluster.durable:
            discard(data, cluster)
    finally:
        os.close(alone)


@contextmanager
def _gate(data: Path) -> Iterator[None]:
    """One at a time: whoever makes, starts or stops the server of `data`."""
    deadline = time.monotonic() + _GATE_SECONDS_MAX
    while (lock := take(data / GATE)) is None:
        if time.monotonic() > deadline:
            said = f"another serai has been starting or stopping PostgreSQL in {data}"
            way_out = "see what it waits for, or end it"
            raise PostgresRefused(f"{said} for {_GATE_SECONDS_MAX} s: {way_out}")
        time.sleep(0.02)
    try:
        yield
    finally:
        os.close(lock)
