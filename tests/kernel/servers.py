"""What the tests of the embedded PostgreSQL share: folders, users, strangers, a query."""

import asyncio
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from serai.kernel import cluster_account, postmaster
from serai.kernel.cluster import Cluster

SOURCE = Path(postmaster.__file__).parents[2]
IS_ROOT = os.geteuid() == 0

# Another serai on the same data, until its input ends.
_USER = """
import sys
from pathlib import Path
from serai.kernel.postgres import serve

with serve(Path(sys.argv[1])) as dsn:
    print(dsn, flush=True)
    sys.stdin.read()
"""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user may enter; pytest's own are closed to it."""
    path = Path(tempfile.mkdtemp(prefix="serai-test-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        sweep(path)


def sweep(path: Path) -> None:
    """Stop and remove whatever a test left in its folder."""
    for place in path.rglob("postgres"):
        cluster = place.resolve()
        if (cluster / "postmaster.pid").exists():
            owner = cluster_account.of_owner(cluster.stat().st_uid)
            if owner is not None:
                stop = ("stop", "-D", cluster, "-m", "immediate", "-t", "20")
                cluster_account.run(owner, "pg_ctl", *stop)
        if place.is_symlink():
            shutil.rmtree(cluster, ignore_errors=True)
    shutil.rmtree(path)


def user(data: Path, script: str = _USER, *before: str) -> subprocess.Popen[str]:
    """Start another process that uses the database of `data`."""
    return subprocess.Popen(
        [*before, sys.executable, "-c", script, data],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def address(process: subprocess.Popen[str]) -> str:
    """The address that a user prints when it has its database."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> None:
    """Let a user end in good order."""
    process.communicate(timeout=60)
    assert process.returncode == 0


def kill(process: subprocess.Popen[str]) -> None:
    """End a user without a word."""
    process.kill()
    process.communicate(timeout=60)


def ordinary() -> list[str]:
    """What to write before a command so that no root runs it."""
    if not IS_ROOT:
        return []
    nobody = pwd.getpwnam("nobody")
    become = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    module = SOURCE / "serai" / "__init__.py"
    reads: list[str | Path] = [
        *become,
        sys.executable,
        "-c",
        "import sys, asyncpg; open(sys.argv[1])",
        module,
    ]
    if subprocess.run(reads, capture_output=True, check=False).returncode != 0:
        # The checkout lies where only root may enter; nobody may read it all the same.
        become += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return become


def ask(dsn: str, sql: str, *arguments: object) -> object:
    """The one value that a query answers."""

    async def answer() -> object:
        try:
            connection = await asyncpg.connect(dsn, timeout=10)
            try:
                return await connection.fetchval(sql, *arguments)
            finally:
                await connection.close()
        finally:
            # A connection that broke is closed in the loop's next round.
            await asyncio.sleep(0)

    return asyncio.run(answer())


def answers(dsn: str) -> bool:
    """Whether a server listens at this address."""
    try:
        return ask(dsn, "select 1") == 1
    except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
        return False


def server_process(data: Path) -> int:
    """The process number of the server that runs on `data`."""
    lines = (data / "postgres" / "postmaster.pid").read_text().splitlines()
    assert lines[7].strip() == "ready"
    return int(lines[0])


def crash(data: Path, dsn: str) -> None:
    """Kill the server as the kernel would, and wait until it is dead."""
    os.kill(server_process(data), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while answers(dsn):
        assert time.monotonic() < deadline


def stranger(directory: Path) -> Cluster:
    """A cluster that serai did not make, as `initdb` leaves it."""
    account = cluster_account.chosen()
    directory.mkdir(parents=True, mode=0o700)
    cluster_account.give(directory, account)
    made = cluster_account.run(
        account, "initdb", "-D", directory, "-U", "postgres", "-A", "trust", "--no-sync"
    )
    assert made.exit_code == 0, made.output
    return Cluster(directory, account, durable=True)


@contextmanager
def started(cluster: Cluster) -> Iterator[str]:
    """Run a server by hand, as an administrator would; gives its address."""
    with folder() as sockets:
        cluster_account.give(sockets, cluster.account)
        pg_ctl = ("pg_ctl", "-D", cluster.directory, "-w", "-t", "30")
        options = f"-h '' -k {sockets}"
        log = cluster.directory / "by-hand.log"
        ran = cluster_account.run(cluster.account, *pg_ctl, "-l", log, "-o", options, "start")
        assert ran.exit_code == 0, ran.output
        try:
            yield f"postgresql://postgres@/postgres?host={sockets}"
        finally:
            cluster_account.run(cluster.account, *pg_ctl, "-m", "immediate", "stop")


def snapshot(path: Path) -> dict[str, tuple[int, int, int, str]]:
    """Names, owners, modes and contents of all that lies below a path."""
    found = {}
    for one in [path, *sorted(path.rglob("*"))]:
        about = one.lstat()
        content = hashlib.sha256(one.read_bytes()).hexdigest() if one.is_file() else ""
        found[str(one)] = (about.st_mode, about.st_uid, about.st_gid, content)
    return found
