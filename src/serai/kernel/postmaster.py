"""The running server of a cluster of ours: start it, ask it, stop it.

The server inherits an open file that is locked (`serai.server`) and so do its
children, so that the kernel itself says whether any of them lives. Process
numbers in `postmaster.pid` say so only until they are used again.
"""

import hashlib
import os
import re
import stat
import time
from enum import Enum
from pathlib import Path

import msgspec

from serai.kernel import cluster_account
from serai.kernel.cluster import CONF, SERVER_LOCK, Cluster, take, write
from serai.kernel.cluster_account import Account, PostgresRefused
from serai.kernel.cluster_conf import settings

START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 90

_START_LOG = "serai.start.log"
_PORT = 5432
# A socket's whole path, in bytes: 104 on BSD and macOS, 108 on Linux, with its end.
_SOCKET_PATH_MAX = 103
_PAUSE_SECONDS = 0.03


class Address(msgspec.Struct, frozen=True):
    """Where a server listens: a directory that holds its socket, and a port."""

    socket_directory: str
    port: int


class Resident(Enum):
    """What the process that `postmaster.pid` names is."""

    NOBODY = "nobody"
    SERVER = "server"
    OTHER = "other"


def start(cluster: Cluster) -> Address:
    """Start the server, or find it running, and wait until it answers.

    The caller holds the cluster's start and stop. A server that was killed is
    recovered; one that we did not start is left alone and refused.
    """
    deadline = time.monotonic() + START_SECONDS_MAX
    launched = False
    while time.monotonic() < deadline:
        lock = take(cluster.directory / SERVER_LOCK)
        if lock is not None:
            try:
                if launched:
                    raise PostgresRefused(f"PostgreSQL did not start:\n{_log_tail(cluster)}")
                _launch(cluster, lock)
                launched = True
            finally:
                # The server holds its own handle of the same lock.
                os.close(lock)
        else:
            address = _ready(cluster)
            if address is not None:
                return address
        time.sleep(_PAUSE_SECONDS)
    said = f"PostgreSQL in {cluster.directory} did not answer in {START_SECONDS_MAX} s"
    raise PostgresRefused(f"{said}:\n{_log_tail(cluster)}")


def stop(cluster: Cluster) -> None:
    """Stop the server that we started, if it lives; open transactions are undone."""
    if _is_free(cluster):
        return
    said = "no server process was found, only children of one that died"
    if _resident(cluster)[0] is Resident.SERVER:
        ran = cluster_account.run(
            cluster.account,
            "pg_ctl",
            *("stop", "-D", cluster.directory, "-m", "fast", "-t", str(STOP_SECONDS_MAX)),
            timeout_s=STOP_SECONDS_MAX + 10,
        )
        said = ran.output.strip()
    # The process outlives its pid file by a moment, children of a killed one longer.
    deadline = time.monotonic() + 10
    while not _is_free(cluster):
        if time.monotonic() > deadline:
            way_out = "it is left running and the next start takes it over"
            raise PostgresRefused(
                f"PostgreSQL in {cluster.directory} did not stop ({said}); {way_out}:\n"
                f"{_log_tail(cluster)}"
            )
        time.sleep(_PAUSE_SECONDS)
    outside = _outside(cluster)
    if outside is not None and outside.exists() and not any(outside.iterdir()):
        outside.rmdir()


def _is_free(cluster: Cluster) -> bool:
    """Whether no process of a server that we started lives."""
    lock = take(cluster.directory / SERVER_LOCK)
    if lock is not None:
        os.close(lock)
    return lock is not None


def _launch(cluster: Cluster, lock: int) -> None:
    """Start a server that inherits the lock, and do not wait for it."""
    resident, process_id = _resident(cluster)
    if resident is Resident.SERVER:
        said = f"process {process_id} that serai did not start is serving {cluster.directory}"
        way_out = "name it in SERAI_DATABASE_URL, or stop it (pg_ctl stop) and start serai again"
        raise PostgresRefused(f"{said}: {way_out}")
    sockets = _socket_directory(cluster)
    if resident is Resident.OTHER:
        # PostgreSQL would take any living process of its user for the server that
        # was killed, and refuse to start: usual in a container, where numbers repeat.
        (cluster.directory / "postmaster.pid").unlink(missing_ok=True)
        (sockets / f".s.PGSQL.{_PORT}.lock").unlink(missing_ok=True)
    text = settings(sockets, durable=cluster.durable)
    if not _has(cluster.directory / CONF, text):
        write(cluster, CONF, text)
    # The shell leaves at once, so the server is nobody's child: it outlives us
    # and never becomes a zombie of ours.
    script = 'exec >"$1" 2>&1 </dev/null; shift; "$@" &'
    log = cluster.directory / _START_LOG
    postgres = cluster.account.bin / "postgres"
    cluster_account.run(
        cluster.account,
        "/bin/sh",
        *("-c", script, "sh", log, postgres, "-D", cluster.directory),
        pass_fds=[lock],
    )


def _ready(cluster: Cluster) -> Address | None:
    """Where the server answers; None as long as it does not."""
    port, sockets, _, _, status, *_ = [*_pid_file(cluster)[3:], "", "", "", "", ""]
    # Asked only then: a server that recovers has better things to do than refuse.
    if status.strip() != "ready":
        return None
    address = Address(sockets.strip(), int(port))
    asked = cluster_account.run(
        cluster.account,
        "pg_isready",
        *("-h", address.socket_directory, "-p", str(address.port), "-t", "5"),
        *("-U", "postgres", "-d", "postgres"),
    )
    return address if asked.exit_code == 0 else None


# Asked as the account: PostgreSQL at its start sees just what it sees, and root in
# a container may not look into another user's processes. A zombie has no directory.
_WHO_IS = """
kill -0 "$1" 2>/dev/null || { echo nobody; exit; }
test -d /proc/self/cwd || { echo server; exit; }
if test "/proc/$1/cwd" -ef "$2"; then echo server; else echo other; fi
"""


def _resident(cluster: Cluster) -> tuple[Resident, int]:
    """What lives under the number in `postmaster.pid`, and that number.

    A server has the cluster for its working directory. Where the system does
    not show that of a living process, it is taken for a server.
    """
    lines = _pid_file(cluster)
    if not lines or not lines[0].strip().isdigit():
        return Resident.NOBODY, 0
    who = ("-c", _WHO_IS, "sh", lines[0].strip(), cluster.directory)
    ran = cluster_account.run(cluster.account, "/bin/sh", *who)
    return Resident(ran.output.strip()), int(lines[0])


def _pid_file(cluster: Cluster) -> list[str]:
    """Lines of `postmaster.pid`: process, directory, start, port, sockets, ..."""
    try:
        return (cluster.directory / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _socket_directory(cluster: Cluster) -> Path:
    """A directory for the socket that only the account (and root) may enter.

    In the cluster itself, unless that makes a path longer than a socket may
    have, or one that PostgreSQL's settings would misread.
    """
    directory = _outside(cluster) or _inside(cluster)
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if found.st_uid == os.geteuid():
        cluster_account.give(directory, cluster.account)
        found = directory.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == cluster.account.uid
    if not is_ours or found.st_mode & 0o077:
        said = f"{directory} is in the way of the server's socket and is not ours"
        raise PostgresRefused(f"{said}: remove it")
    return directory


def _inside(cluster: Cluster) -> Path:
    return cluster.directory / "socket"


def _outside(cluster: Cluster) -> Path | None:
    """Where the socket goes when it cannot be in the cluster; None if it can."""
    if _fits(_inside(cluster)):
        return None
    digest = hashlib.sha256(os.fsencode(cluster.directory)).hexdigest()[:16]
    return _short_base(cluster.account) / f"serai-{digest}"


def _short_base(account: Account) -> Path:
    """A short directory, private to the user where the system has one."""
    mine = Path("/run") if account.switched else Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"))
    fits = _fits(mine / "serai-0123456789abcdef")
    private = fits and mine.is_dir() and mine.stat().st_uid == os.geteuid()
    # Others can write in /tmp too; `_socket_directory` refuses what is not ours.
    return mine if private and os.access(mine, os.W_OK) else Path("/tmp")  # noqa: S108


def _fits(directory: Path) -> bool:
    socket = os.fsencode(directory / f".s.PGSQL.{_PORT}")
    return len(socket) <= _SOCKET_PATH_MAX and re.fullmatch(rb"[\w/.+-]+", socket) is not None


def _has(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


def _log_tail(cluster: Cluster) -> str:
    """The last lines that the server wrote, for whoever has to mend it."""
    logs = [cluster.directory / _START_LOG, *(cluster.directory / "log").glob("*.log")]
    written = [path for path in logs if path.exists() and not path.is_symlink()]
    tails = []
    for path in sorted(written, key=lambda path: path.stat().st_mtime)[-2:]:
        lines = path.read_text(errors="replace").splitlines()[-15:]
        tails.append("\n".join([f"{path}:", *lines]))
    return "\n".join(tails) or "it wrote no log"
