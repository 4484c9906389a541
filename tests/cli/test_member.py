"""`serai member` and `serai market`: who takes part, as the terminal sees them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import serai

PASSWORD = "a calm and long phrase"


def _json(dsn: str, data: Path, *arguments: str, given: str = "") -> Any:  # noqa: ANN401
    ran = serai(*arguments, "--json", data=data, dsn=dsn, given=given)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture
def market(dsn: str, tmp_path: Path) -> str:
    made = _json(dsn, tmp_path, "market", "add", "here", "--name", "Here", "--currency", "EUR")
    slug: str = made["slug"]
    return slug


def test_people_join_with_a_password_that_nobody_else_sees(
    market: str, dsn: str, tmp_path: Path
) -> None:
    ann = _json(
        dsn, tmp_path, "member", "add", "ann@example.com", "--name", "Ann", "--operator",
        "--generate",
    )  # fmt: skip
    assert len(ann["password"]) >= 20
    arguments = ("member", "add", "bo@example.com", "--name", "Bo", "--stdin")
    bo = _json(dsn, tmp_path, *arguments, given=f"{PASSWORD}\n")
    assert bo["password"] is None
    granted = serai("member", "grant", "bo@example.com", "courier", data=tmp_path, dsn=dsn)
    assert granted.returncode == 0, granted.stderr
    listed = _json(dsn, tmp_path, "member", "list")
    assert {one["email"]: one["roles"] for one in listed} == {
        "ann@example.com": ["buyer", "operator"],
        "bo@example.com": ["buyer", "courier"],
    }


def test_what_cannot_be_is_refused_with_its_reason(market: str, dsn: str, tmp_path: Path) -> None:
    def refused(*arguments: str, code: int, says: str, given: str = "") -> None:
        ran = serai(*arguments, data=tmp_path, dsn=dsn, given=given)
        assert ran.returncode == code, ran.stderr
        assert says in ran.stderr
        assert "Traceback" not in ran.stderr

    add = ("member", "add", "ann@example.com", "--name", "Ann")
    refused(*add, "--stdin", given="short\n", code=3, says="password_length")
    refused(*add, code=2, says="--stdin or --generate")
    assert serai(*add, "--generate", data=tmp_path, dsn=dsn).returncode == 0
    refused(*add, "--generate", code=3, says="email_taken")
    refused("member", "grant", "no@example.com", "courier", code=3, says="no member")
    refused("member", "grant", "ann@example.com", "king", code=2, says="king")
    refused("market", "add", "here", "--name", "Again", code=3, says="slug_taken")
    refused("market", "add", "there", "--name", "There", "--currency", "XXX", code=3,
            says="currency_unknown")  # fmt: skip


def test_of_several_markets_one_has_to_be_named(market: str, dsn: str, tmp_path: Path) -> None:
    _json(dsn, tmp_path, "market", "add", "there", "--name", "There")
    assert [one["slug"] for one in _json(dsn, tmp_path, "market", "list")] == ["here", "there"]
    unsaid = serai("member", "list", data=tmp_path, dsn=dsn)
    assert unsaid.returncode == 2
    assert "here, there" in unsaid.stderr
    arguments = ("member", "add", "cy@example.com", "--name", "Cy", "--generate")
    _json(dsn, tmp_path, *arguments, "--market", "there")
    assert _json(dsn, tmp_path, "member", "list", "--market", "here") == []
    assert len(_json(dsn, tmp_path, "member", "list", "cy", "--market", "there")) == 1


def test_migrating_twice_is_no_matter(dsn: str, tmp_path: Path) -> None:
    assert _json(dsn, tmp_path, "migrate") == {"applied": []}
