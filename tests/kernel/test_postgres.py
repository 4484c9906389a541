"""A database of our own: found again, shared, and gone when nobody uses it."""

import os
import pwd
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from serai.kernel.postgres import PostgresRefused, serve
from tests.kernel.servers import (
    IS_ROOT,
    address,
    answers,
    ask,
    kill,
    leave,
    ordinary,
    server_process,
    user,
)


def _socket_directory(dsn: str) -> Path:
    return Path(parse_qs(urlsplit(dsn).query)["host"][0])


def test_a_first_start_makes_a_database_and_leaving_stops_it(data: Path) -> None:
    assert not data.exists()
    with serve(data) as dsn:
        assert ask(dsn, "select current_setting('server_version_num')::int >= 180000") is True
        assert dsn.startswith("postgresql://postgres@/postgres?host=")
    assert not answers(dsn)
    assert sorted(path.name for path in data.iterdir()) == ["postgres", "postgres.gate"]


def test_what_was_written_is_there_at_the_next_start(data: Path) -> None:
    with serve(data) as dsn:
        ask(dsn, "create table kept as select 42 as answer")
    with serve(data) as dsn:
        assert ask(dsn, "select answer from kept") == 42


def test_the_server_is_set_for_a_market(data: Path) -> None:
    with serve(data) as dsn:

        def setting(name: str) -> object:
            return ask(dsn, "select current_setting($1)", name)

        assert setting("listen_addresses") == ""
        assert [setting(name) for name in ("fsync", "full_page_writes", "synchronous_commit")] == [
            "on",
            "on",
            "on",
        ]
        assert setting("max_wal_size") == "384MB"
        assert setting("data_checksums") == "on"
        assert setting("server_encoding") == "UTF8"
        assert setting("TimeZone") == "UTC"
        assert setting("statement_timeout") == "0"
        assert ask(dsn, "select count(*) from pg_stat_statements") is not None
        assert ask(dsn, "select lower('ÄÇП')") == "äçп"


def test_only_its_user_reaches_the_socket(data: Path) -> None:
    with serve(data) as dsn:
        about = _socket_directory(dsn).stat()
        assert stat.S_IMODE(about.st_mode) == 0o700
        assert about.st_uid == (data / "postgres").stat().st_uid
        assert (about.st_uid == 0) is False


def test_two_processes_share_a_server_and_the_last_one_out_stops_it(data: Path) -> None:
    first, second = user(data), user(data)
    dsn = address(first)
    assert address(second) == dsn
    leave(first)
    assert answers(dsn)
    leave(second)
    assert not answers(dsn)


def test_many_that_start_at_once_start_one_server(data: Path) -> None:
    users = [user(data) for _ in range(5)]
    addresses = {address(one) for one in users}
    assert len(addresses) == 1
    began = {
        ask(dsn, "select pg_postmaster_start_time()::text") for dsn in addresses for _ in users
    }
    assert len(began) == 1
    for one in users:
        assert answers(next(iter(addresses)))
        leave(one)
    assert not answers(addresses.pop())


def test_a_killed_user_is_forgotten(data: Path) -> None:
    killed, other = user(data), user(data)
    dsn = address(killed)
    assert address(other) == dsn
    kill(killed)
    assert answers(dsn)
    leave(other)
    assert not answers(dsn)


def test_a_server_whose_user_was_killed_is_taken_over(data: Path) -> None:
    killed = user(data)
    dsn = address(killed)
    before = server_process(data)
    kill(killed)
    assert answers(dsn)
    with serve(data) as again:
        assert again == dsn
        assert server_process(data) == before
    assert not answers(dsn)


def test_a_forked_child_that_outlives_its_parent_keeps_the_server(data: Path) -> None:
    forking = """
import os, sys
from pathlib import Path
from serai.kernel.postgres import serve

with serve(Path(sys.argv[1])) as dsn:
    print(dsn, flush=True)
    if os.fork() == 0:
        sys.stdin.read()
        os._exit(0)
print("left", flush=True)
"""
    parent = user(data, forking)
    dsn = address(parent)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "left\n"
    assert answers(dsn)
    leave(parent)
    with serve(data):
        assert answers(dsn)
    assert not answers(dsn)


def test_a_database_for_tests_is_gone_with_its_last_user(data: Path) -> None:
    with serve(data, durable=False) as dsn, serve(data, durable=False) as same:
        assert same == dsn
        assert ask(dsn, "show fsync") == "off"
        with pytest.raises(PostgresRefused, match="made for tests"), serve(data):
            pass
        assert answers(dsn)
    assert not answers(dsn)
    assert [path.name for path in data.iterdir()] == ["postgres.gate"]


def test_a_lasting_database_is_never_served_as_one_for_tests(data: Path) -> None:
    with serve(data) as dsn:
        ask(dsn, "create table kept as select 42 as answer")
    with pytest.raises(PostgresRefused, match="made to last"), serve(data, durable=False):
        pass
    with serve(data) as dsn:
        assert ask(dsn, "select answer from kept") == 42


def test_an_ordinary_user_is_served_as_himself(data: Path) -> None:
    data.mkdir()
    if IS_ROOT:
        nobody = pwd.getpwnam("nobody")
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
    script = """
import asyncio, asyncpg, os, sys
from pathlib import Path
from serai.kernel.postgres import serve

async def ask(dsn):
    connection = await asyncpg.connect(dsn)
    print(await connection.fetchval("select 6 * 7"), flush=True)
    await connection.close()

assert os.geteuid() != 0
for _ in range(2):
    with serve(Path(sys.argv[1])) as dsn:
        asyncio.run(ask(dsn))
"""
    process = user(data, script, *ordinary())
    answered, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert answered == "42\n42\n"
    assert (data / "postgres").stat().st_uid == data.stat().st_uid


def test_a_path_too_long_for_a_socket_gets_a_short_one(data: Path) -> None:
    data = data / ("long" * 30)
    with serve(data) as dsn:
        sockets = _socket_directory(dsn)
        assert answers(dsn)
        assert data not in sockets.parents
        assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= 103
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert not sockets.exists()


def test_a_path_may_have_any_printable_character(data: Path) -> None:
    with serve(data / """it's "my", $HOME `id` größte = 100%#1""") as dsn:
        assert ask(dsn, "select 1") == 1
    with pytest.raises(PostgresRefused, match="cannot be printed"), serve(data / "two\nlines"):
        pass
    assert [path.name for path in data.iterdir()] == ["""it's "my", $HOME `id` größte = 100%#1"""]


def test_a_place_that_cannot_hold_a_database_is_refused(data: Path) -> None:
    data.write_text("a file")
    with pytest.raises(PostgresRefused, match="cannot hold a database"), serve(data):
        pass
    assert data.read_text() == "a file"
