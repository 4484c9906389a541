"""Run a command beside a throw-away PostgreSQL 15, the oldest that serai promises.

    python tests/postgres15.py -- COMMAND ...

COMMAND finds the server in SERAI_DATABASE_URL, and its exit code is ours. The
server is the distribution's: 15 if it is installed, else the oldest later one.
Where none is installed, Debian's packages are fetched by `apt-get download`,
kept in `.cache/` and unpacked for this run. Nothing is installed, so no package
starts a server of its own or needs an administrator, and the system stays as it is.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from serai.kernel import cluster_account
from serai.kernel.cluster_account import Account, PostgresRefused

OLDEST = 15
CACHE = Path(__file__).resolve().parents[1] / ".cache" / "postgresql-debian"

_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
max_connections = 100
fsync = off
synchronous_commit = off
full_page_writes = off
jit = off
timezone = 'UTC'
"""


class Programs(msgspec.Struct, frozen=True):
    """A PostgreSQL server's programs, and where the libraries they need may lie."""

    bin: Path
    major: int
    libraries: str = ""


def main(arguments: Sequence[str]) -> int:
    """Run the command that follows `--`; its exit code, or 2 if there is no server."""
    if arguments[:1] != ["--"] or len(arguments) == 1:
        _say(__doc__ or "")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with _folder() as folder, _server(folder) as url:
            return _run(arguments[1:], {**os.environ, "SERAI_DATABASE_URL": url})
    except PostgresRefused as refused:
        _say(f"No PostgreSQL {OLDEST} or newer to test with. {refused}")
        return 2


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run the command to its end, even when we are told to stop."""
    try:
        process = subprocess.Popen(command, env=environment)
    except OSError as error:
        _say(f"{command[0]}: {error.strerror}")
        return 127
    with process:
        try:
            code = process.wait()
        except (KeyboardInterrupt, SystemExit):
            process.terminate()
            raise
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder that the server's user may enter, gone at the end."""
    path = Path(tempfile.mkdtemp(prefix="serai-postgres-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[str]:
    """A running server with an empty cluster in the folder; gives its address."""
    account = cluster_account.chosen()
    programs = _installed() or _unpacked(folder / "programs")
    cluster, sockets = folder / "cluster", folder / "sockets"
    for path in (cluster, sockets):
        path.mkdir(mode=0o700)
        cluster_account.give(path, account)
    made = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    _must(account, programs, "initdb", "-D", cluster, "--no-sync", *made)
    with (cluster / "postgresql.conf").open("a") as conf:
        conf.write(_SETTINGS.format(sockets=sockets))
    log = cluster / "server.log"
    try:
        _must(account, programs, "pg_ctl", "-D", cluster, "-l", log, "-w", "-t", "60", "start")
    except PostgresRefused as refused:
        tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        raise PostgresRefused(f"{refused}\n{tail}") from refused
    try:
        version = _must(account, programs, "postgres", "--version").strip()
        _say(f"{version} from {programs.bin}")
        yield f"postgresql://postgres@/postgres?host={sockets}"
    finally:
        _must(account, programs, "pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop")


def _must(account: Account, programs: Programs, program: str, *arguments: str | Path) -> str:
    """Run one of the programs as the account; what it wrote."""
    libraries = f"LD_LIBRARY_PATH={programs.libraries}"
    ran = cluster_account.run(
        account, "/usr/bin/env", libraries, programs.bin / program, *arguments, timeout_s=120
    )
    if ran.exit_code != 0:
        raise PostgresRefused(f"{program} failed:\n{ran.output.strip()}")
    return ran.output


def _installed() -> Programs | None:
    """The oldest installed server that serai promises to work with."""
    places = {*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")}
    on_path = shutil.which("initdb")
    if on_path:
        places.add(Path(on_path).resolve().parent)
    found = [programs for place in places if (programs := _at(place)) is not None]
    return min(found, key=lambda programs: (programs.major, programs.bin), default=None)


def _at(place: Path, libraries: str = "") -> Programs | None:
    """The programs in a directory, if they are a whole server that is new enough."""
    if not all((place / name).exists() for name in ("postgres", "initdb", "pg_ctl")):
        return None
    said = _output(place / "postgres", "--version", LD_LIBRARY_PATH=libraries)
    major = re.search(r"\(PostgreSQL\) (\d+)", said)
    if major is None or int(major[1]) < OLDEST:
        return None
    return Programs(place, int(major[1]), libraries)


def _unpacked(folder: Path) -> Programs:
    """A server from Debian's packages, unpacked into the folder."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise PostgresRefused("Install one, and see that initdb is on the PATH.")
    for package in _packages():
        _output("dpkg-deb", "--extract", package, folder)
    # Users that did not fetch them run the programs.
    _output("chmod", "-R", "a+rX", folder)
    libraries = ":".join(str(path) for path in sorted(folder.glob("usr/lib/*-linux-*")))
    places = sorted(folder.glob("usr/lib/postgresql/*/bin"))
    for place in places:
        programs = _at(place, libraries)
        if programs is not None:
            return programs
    raise PostgresRefused(f"The distribution offers none: {[str(place) for place in places]}.")


def _packages() -> list[Path]:
    """The package files of a server and of what it needs and this system lacks."""
    names = _needed(check=False)
    if not names:
        _apt("update")
        names = _needed(check=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    # Names are files there as well; what is fetched already is not fetched again.
    _say(f"Fetching {len(names)} packages into {CACHE}")
    _apt("download", *names)
    return [newest for name in names if (newest := _newest(name)) is not None]


def _needed(*, check: bool) -> list[str]:
    """What `apt-get install postgresql` would install."""
    planned = _apt("install", "--simulate", "--no-install-recommends", "postgresql", check=check)
    return re.findall(r"^Inst (\S+)", planned, re.MULTILINE)


def _newest(name: str) -> Path | None:
    found = CACHE.glob(f"{name}_*.deb")
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _apt(*arguments: str, check: bool = True) -> str:
    """Ask apt-get, with package lists of our own once the system's did not help."""
    lists, archives = CACHE / "lists", CACHE / "archives"
    options = ["-o", "Debug::NoLocking=1", "-o", f"Dir::Cache={CACHE}", "-qq"]
    if os.geteuid() == 0:
        options += ["-o", "APT::Sandbox::User=root"]
    if arguments[0] == "update":
        (lists / "partial").mkdir(parents=True, exist_ok=True)
    if lists.exists():
        options += ["-o", f"Dir::State::lists={lists}"]
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    return _output("apt-get", *options, *arguments, check=check)


def _output(*command: str | Path, check: bool = True, **environment: str) -> str:
    """What a command writes; PostgresRefused if it fails and that matters."""
    try:
        ran = subprocess.run(
            command,
            env={**os.environ, "LC_ALL": "C", **environment},
            cwd=CACHE if CACHE.exists() else None,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise PostgresRefused(f"{command[0]} did not finish in 600 s.") from late
    if check and ran.returncode != 0:
        raise PostgresRefused(f"{command[0]} failed: {ran.stderr.strip()}")
    return ran.stdout


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
