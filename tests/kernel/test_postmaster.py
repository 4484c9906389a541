"""The server after a crash, beside strangers, and when it cannot start."""

import asyncio
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from serai.kernel import cluster_account
from serai.kernel.cluster import find
from serai.kernel.postgres import PostgresRefused, revive, serve
from tests.kernel.servers import (
    address,
    answers,
    ask,
    crash,
    kill,
    leave,
    snapshot,
    started,
    user,
)


def _crash(data: Path) -> str:
    """Write, then kill the server and its user at once; the address it had."""
    process = user(data)
    dsn = address(process)
    ask(dsn, "create table kept as select 42 as answer")
    crash(data, dsn)
    kill(process)
    return dsn


def test_a_killed_server_comes_back_with_what_was_committed(ours: Path) -> None:
    _crash(ours)
    assert (ours / "postgres" / "postmaster.pid").exists()
    before = time.monotonic()
    with serve(ours) as again:
        assert time.monotonic() - before < 10
        assert ask(again, "select answer from kept") == 42


def test_a_user_that_joins_after_a_crash_brings_the_server_back(ours: Path) -> None:
    first = user(ours)
    dsn = address(first)
    crash(ours, dsn)
    with serve(ours) as again:
        assert answers(again)
        leave(first)
        assert answers(dsn)
    assert not answers(dsn)


def test_a_user_revives_a_server_that_died_under_it_and_only_such_a_one(ours: Path) -> None:
    with serve(ours) as dsn:
        ask(dsn, "create table kept as select 42 as answer")
        assert not revive(ours)
        crash(ours, dsn)
        deadline = time.monotonic() + 30
        while not revive(ours):
            assert time.monotonic() < deadline
        assert ask(dsn, "select answer from kept") == 42
        assert not revive(ours)
    assert not answers(dsn)


def test_a_process_number_that_was_used_again_is_no_server(ours: Path) -> None:
    _crash(ours)
    cluster = find(ours, durable=True)
    assert cluster is not None
    account = cluster.account
    pid_file = cluster.directory / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"], user=account.uid if account.switched else None) as other:
        try:
            _, rest = pid_file.read_text().split("\n", 1)
            pid_file.write_text(f"{other.pid}\n{rest}")
            with serve(ours) as dsn:
                assert ask(dsn, "select answer from kept") == 42
            assert other.poll() is None
        finally:
            other.kill()


def test_a_start_waits_for_the_children_of_a_killed_server(ours: Path) -> None:
    process = user(ours)
    dsn = address(process)
    background = ask(dsn, "select pid from pg_stat_activity where backend_type = 'checkpointer'")
    assert isinstance(background, int)
    os.kill(background, signal.SIGSTOP)
    try:
        crash(ours, dsn)
        kill(process)
        with ThreadPoolExecutor() as threads:
            starting = threads.submit(lambda: _serves(ours))
            time.sleep(0.5)
            assert not starting.done()
            assert not answers(dsn)
            os.kill(background, signal.SIGCONT)
            assert starting.result(timeout=30) == 1
    finally:
        # Its number is its own until it has ended, and it may have by now.
        if Path(f"/proc/{background}").exists():
            os.kill(background, signal.SIGCONT)


def _serves(data: Path) -> object:
    with serve(data) as dsn:
        return ask(dsn, "select 1")


def test_a_server_started_by_hand_is_refused_and_runs_on(ours: Path) -> None:
    cluster = find(ours, durable=True)
    assert cluster is not None
    with started(cluster) as dsn:
        conf = (cluster.directory / "serai.conf").read_text()
        with pytest.raises(PostgresRefused, match="that serai did not start"), serve(ours):
            pass
        assert answers(dsn)
        assert (cluster.directory / "serai.conf").read_text() == conf
    with serve(ours) as dsn:
        assert answers(dsn)


def test_a_server_that_cannot_start_says_why(ours: Path) -> None:
    (ours / "postgres" / "postgresql.auto.conf").write_text("max_connections = 'many'\n")
    with pytest.raises(PostgresRefused, match="invalid value for parameter"), serve(ours):
        pass


def test_settings_of_the_operator_win(ours: Path) -> None:
    with serve(ours) as dsn:
        ask(dsn, "alter system set work_mem = '9MB'")
    with serve(ours) as dsn:
        assert ask(dsn, "show work_mem") == "9MB"


def test_settings_of_an_older_serai_are_renewed(ours: Path) -> None:
    conf = ours / "postgres" / "serai.conf"
    now = conf.read_text()
    conf.write_text(now.replace("max_connections = 100", "max_connections = 20"))
    with serve(ours) as dsn:
        assert ask(dsn, "show max_connections") == "100"
    assert "max_connections = 100" in conf.read_text()


def test_open_transactions_are_undone_when_the_last_user_leaves(ours: Path) -> None:
    async def hold(dsn: str) -> asyncpg.Connection:
        connection = await asyncpg.connect(dsn)
        await connection.execute("begin; create table lost ()")
        return connection

    loop = asyncio.new_event_loop()
    try:
        before = time.monotonic()
        with serve(ours) as dsn:
            connection = loop.run_until_complete(hold(dsn))
        assert time.monotonic() - before < 30
        connection.terminate()
        loop.run_until_complete(asyncio.sleep(0))
    finally:
        loop.close()
    with serve(ours) as dsn:
        assert ask(dsn, "select to_regclass('lost')") is None


def test_a_program_that_hangs_is_ended() -> None:
    account = cluster_account.chosen()
    with pytest.raises(PostgresRefused, match="did not finish in 1 s"):
        cluster_account.run(account, "/bin/sh", "-c", "sleep 30 & wait", timeout_s=0.6)


def test_a_refusal_leaves_even_a_crashed_cluster_as_it_was(ours: Path) -> None:
    _crash(ours)
    (ours / "postgres" / "PG_VERSION").write_text("17\n")
    before = snapshot(ours)
    with pytest.raises(PostgresRefused, match="made by PostgreSQL 17"), serve(ours):
        pass
    assert snapshot(ours) == before
