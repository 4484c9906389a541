"""What serai did not make it leaves alone; what it made it finds again."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serai.kernel import cluster_account
from serai.kernel.cluster import MARKER
from serai.kernel.postgres import PostgresRefused, serve
from tests.kernel.servers import (
    IS_ROOT,
    SOURCE,
    answers,
    ask,
    folder,
    kill,
    snapshot,
    started,
    stranger,
    user,
)


def _refused(data: Path) -> str:
    """What a refusal says; it must have changed nothing."""
    before = snapshot(data)
    with pytest.raises(PostgresRefused) as refused, serve(data):
        pass
    assert snapshot(data) == before
    return str(refused.value)


def test_a_copied_data_directory_is_served(ours: Path) -> None:
    with serve(ours) as dsn:
        assert ask(dsn, "select 1") == 1


def test_a_folder_with_files_is_refused(data: Path) -> None:
    (data / "postgres").mkdir(parents=True)
    (data / "postgres" / "letter.txt").write_text("Dear reader")
    assert "was not made by serai" in _refused(data)


def test_an_empty_folder_is_refused(data: Path) -> None:
    (data / "postgres").mkdir(parents=True)
    assert "was not made by serai" in _refused(data)


def test_a_file_in_the_place_is_refused(data: Path) -> None:
    data.mkdir()
    (data / "postgres").write_text("Dear reader")
    assert "was not made by serai" in _refused(data)


def test_a_link_to_nowhere_is_refused(data: Path) -> None:
    data.mkdir()
    (data / "postgres").symlink_to(data / "gone")
    assert "which is gone" in _refused(data)


def test_a_stranger_is_refused(data: Path) -> None:
    stranger(data / "postgres")
    assert "was not made by serai" in _refused(data)


def test_a_stranger_as_the_data_directory_itself_is_refused(data: Path) -> None:
    stranger(data)
    assert "is itself a PostgreSQL data directory" in _refused(data)


def test_a_running_stranger_is_refused_and_runs_on(data: Path) -> None:
    with started(stranger(data / "postgres")) as dsn:
        began = ask(dsn, "select pg_postmaster_start_time()")
        with pytest.raises(PostgresRefused, match="another PostgreSQL may be running"), serve(data):
            pass
        assert ask(dsn, "select pg_postmaster_start_time()") == began
        assert not (data / "postgres.gate").exists()


def test_a_stranger_with_our_mark_copied_in_is_refused(made: Path, data: Path) -> None:
    stranger(data / "postgres")
    shutil.copy(made / "postgres" / MARKER, data / "postgres" / MARKER)
    assert "belongs to another cluster" in _refused(data)


def test_another_major_version_is_refused_by_both_names(ours: Path) -> None:
    (ours / "postgres" / "PG_VERSION").write_text("15\n")
    said = _refused(ours)
    assert "made by PostgreSQL 15" in said
    assert "brings 18" in said
    assert "SERAI_DATABASE_URL" in said


def test_a_mark_of_a_later_format_is_refused(ours: Path) -> None:
    mark = ours / "postgres" / MARKER
    mark.write_text(mark.read_text().replace('"format":1', '"format":2'))
    assert "run the serai that made it" in _refused(ours)


def test_a_mark_that_cannot_be_read_is_refused(ours: Path) -> None:
    (ours / "postgres" / MARKER).write_text('{"format":')
    assert "cannot be understood" in _refused(ours)


def test_a_damaged_cluster_is_refused(ours: Path) -> None:
    (ours / "postgres" / "global" / "pg_control").unlink()
    assert "is damaged" in _refused(ours)


def test_a_first_start_that_was_killed_is_done_again(data: Path) -> None:
    cut = user(data)
    deadline = time.monotonic() + 30
    while not (data / "postgres.making" / "cluster" / "PG_VERSION").exists():
        assert time.monotonic() < deadline
    kill(cut)
    assert not (data / "postgres").exists()
    with serve(data) as dsn:
        assert ask(dsn, "select 1") == 1
    assert sorted(path.name for path in data.iterdir()) == ["postgres", "postgres.gate"]


def test_somebody_elses_folder_is_not_cleared_for_making_ours(data: Path) -> None:
    other = data / "postgres.making"
    other.mkdir(parents=True)
    (other / "letter.txt").write_text("Dear reader")
    with pytest.raises(PostgresRefused, match="was not made by serai"), serve(data):
        pass
    assert (other / "letter.txt").read_text() == "Dear reader"


if IS_ROOT:
    # What only root meets: directories that PostgreSQL's user may not enter.

    @pytest.fixture
    def private() -> Iterator[Path]:
        with folder() as path:
            (path / "private").mkdir(mode=0o700)
            yield path / "private"

    def test_root_keeps_its_private_directories_private(private: Path) -> None:
        with serve(private / "data") as dsn:
            ask(dsn, "create table kept as select 42 as answer")
        assert private.stat().st_mode & 0o777 == 0o700
        cluster = (private / "data" / "postgres").resolve()
        assert cluster.parent == cluster_account.ROOT_HOME
        assert cluster.stat().st_mode & 0o777 == 0o700
        with serve(private / "data") as dsn:
            assert ask(dsn, "select answer from kept") == 42
        (private / "data").rename(private / "moved")
        with serve(private / "moved") as dsn:
            assert ask(dsn, "select answer from kept") == 42

    def test_a_copied_link_is_refused(private: Path) -> None:
        with serve(private / "data") as dsn:
            subprocess.run(["cp", "-a", private / "data", private / "copy"], check=True)
            assert "is a copied link" in _refused(private / "copy")
            assert answers(dsn)

    def test_a_database_for_tests_leaves_nothing_outside(private: Path) -> None:
        with serve(private / "data", durable=False) as dsn:
            cluster = (private / "data" / "postgres").resolve()
            assert answers(dsn)
        assert not cluster.exists()
        assert not (private / "data" / "postgres").is_symlink()

    def test_data_moved_where_its_user_may_not_enter_is_refused(ours: Path, private: Path) -> None:
        ours.rename(private / "data")
        assert "may not enter" in _refused(private / "data")

    def test_a_cluster_of_another_user_is_refused(ours: Path) -> None:
        subprocess.run(["chown", "-R", "root:root", ours / "postgres"], check=True)
        assert "belongs to root" in _refused(ours)

    def test_programs_out_of_reach_are_copied_to_where_all_may_run_them(private: Path) -> None:
        package = cluster_account.chosen().bin.parents[1]
        hidden = private / "site"
        hidden.mkdir()
        for name in (package.name, f"{package.name}.libs"):
            (hidden / name).symlink_to(package.parent / name)
        script = """
import sys
from pathlib import Path
from serai.kernel import cluster_account
from serai.kernel.postgres import serve

cluster_account.ROOT_HOME = Path(sys.argv[1])
with serve(Path(sys.argv[2])):
    print(cluster_account.chosen().bin, flush=True)
"""
        open_to_all = private.parent / "home"
        ran = subprocess.run(
            [sys.executable, "-c", script, open_to_all, private.parent / "elsewhere"],
            env={**os.environ, "PYTHONPATH": f"{SOURCE}:{hidden}"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert Path(ran.stdout.strip()).is_relative_to(open_to_all)
