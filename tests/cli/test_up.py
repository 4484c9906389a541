"""`serai up`: a market opens, is shared, and leaves nothing behind however it ends."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx

from serai.kernel.postgres import serve
from tests.cli.running import serai, up
from tests.kernel.servers import answers, ask, server_process


def _children(process_id: int) -> list[int]:
    ran = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process_id)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in ran.stdout.split()]


def _alive(process_id: int) -> bool:
    state = Path(f"/proc/{process_id}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def _wait_until_gone(processes: list[int]) -> None:
    deadline = time.monotonic() + 30
    while any(_alive(one) for one in processes):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_it_opens_a_market_tells_its_operator_and_ends_with_ctrl_c(data: Path) -> None:
    with up(data, "--operator", "me@example.com") as market:
        dsn = f"postgresql://postgres@/postgres?host={data}/postgres/socket&port=5432"
        assert httpx.get(f"{market.url}/api/v1/market").json()["slug"] == "serai"
        assert f"{market.url}/api" in market.said
        assert "me@example.com" in market.said
        password = market.said.partition("me@example.com")[2].split()[0]
        login = {"login": "me@example.com", "password": password}
        entered = httpx.post(f"{market.url}/api/v1/sessions", json=login)
        assert entered.status_code == 201
        began = time.monotonic()
        assert market.stop(signal.SIGINT) == 0
        assert time.monotonic() - began < 20
        assert "Traceback" not in market.said
    assert not answers(dsn)

    with up(data) as again:
        # A password is told once; the market and its operator are there already.
        assert "operator" not in again.said
        token = {"Authorization": f"Bearer {entered.json()['token']}"}
        assert httpx.get(f"{again.url}/api/v1/me", headers=token).json()["roles"] == [
            "buyer",
            "operator",
        ]
        assert again.stop(signal.SIGTERM) == 0


def test_a_port_in_use_is_said_before_anything_is_made(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = serai("up", "--port", port, data=data)
    assert ran.returncode == 4
    assert f"port {port}" in ran.stderr
    assert "--port" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not data.exists()


def test_two_on_one_data_directory_share_it_and_the_last_one_out_stops_it(traded: Path) -> None:
    with up(traded) as first, up(traded) as second:
        with serve(traded) as dsn:
            assert ask(dsn, "select count(*) from members_market") == 1
        assert first.stop() == 0
        assert second.answers()
        assert answers(dsn)
        assert second.stop() == 0
        assert not answers(dsn)


def test_several_processes_serve_and_one_that_dies_is_replaced(traded: Path) -> None:
    with up(traded, "--processes", "2") as market:
        before = _children(market.process.pid)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        deadline = time.monotonic() + 30
        while len(_children(market.process.pid)) < 2 or before[0] in _children(market.process.pid):
            assert time.monotonic() < deadline, market.said
            time.sleep(0.1)
        assert market.answers()
        assert serai("trade", "--url", market.url, data=traded).returncode == 0
        serving = _children(market.process.pid)
        assert market.stop() == 0
        _wait_until_gone(serving)


def test_a_kill_leaves_no_server_process_and_loses_nothing(traded: Path) -> None:
    with up(traded, "--processes", "2") as market:
        serving = _children(market.process.pid)
        market.stop(signal.SIGKILL)
        _wait_until_gone(serving)
    with up(traded) as again:
        assert again.answers()
        assert serai("audit", data=traded).returncode == 0


def test_a_database_that_is_killed_comes_back_under_an_open_market(traded: Path) -> None:
    with up(traded, "--processes", "2") as market:
        serving = _children(market.process.pid)
        killed = server_process(traded)
        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while not (market.answers() and server_process(traded) != killed):
            assert time.monotonic() < deadline, market.said
            time.sleep(0.1)
        assert _children(market.process.pid) == serving
        assert serai("trade", "--url", market.url, data=traded).returncode == 0
        assert "started again" in market.said
        assert market.stop() == 0


def test_a_server_process_may_be_killed_as_often_as_one_likes(traded: Path) -> None:
    with up(traded, "--processes", "2") as market:
        for _ in range(6):
            before = _children(market.process.pid)
            os.kill(before[0], signal.SIGKILL)
            deadline = time.monotonic() + 30
            while before[0] in (now := _children(market.process.pid)) or len(now) < 2:
                assert time.monotonic() < deadline, market.said
                time.sleep(0.05)
        assert market.process.poll() is None
        market.wait_until_open()
        assert market.stop() == 0
