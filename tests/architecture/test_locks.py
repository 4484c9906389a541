"""What is installed is pinned, hashed, and says nothing of where it was fetched."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = {"requirements.lock": ["project"], "requirements-dev.lock": ["project", "dev"]}


def pins(lock: str) -> dict[str, list[str]]:
    """The lock's requirement lines by package, each with its hashes joined to it."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            found.setdefault(canonicalize_name(re.split(r"[=\s;]", line)[0]), []).append(line)
    return found


def wanted(groups: list[str]) -> list[Requirement]:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = {"project": told["project"]["dependencies"], "dev": told["dependency-groups"]["dev"]}
    return [Requirement(text) for group in groups for text in lists[group]]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_exact_and_hashed(lock: str) -> None:
    loose = [
        line
        for lines in pins(lock).values()
        for line in lines
        if not re.match(r"^[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
    ]

    assert loose == []
    assert len(pins(lock)) > 20


@pytest.mark.parametrize(("lock", "groups"), LOCKS.items())
def test_a_lock_satisfies_what_the_project_asks_for(lock: str, groups: list[str]) -> None:
    pinned = pins(lock)
    unmet = [
        str(requirement)
        for requirement in wanted(groups)
        if not any(
            requirement.specifier.contains(line.split("==")[1].split()[0])
            for line in pinned.get(canonicalize_name(requirement.name), [])
        )
    ]

    assert unmet == [], "run `make lock`"


def test_what_runs_is_what_was_tested() -> None:
    """The same versions by the same hashes; only the markers of platforms may differ."""

    def versions(lock: str) -> dict[str, list[list[str]]]:
        return {
            name: [re.findall(r"^[^\s;]+|--hash=\S+", line) for line in lines]
            for name, lines in pins(lock).items()
        }

    product, development = versions("requirements.lock"), versions("requirements-dev.lock")

    assert {name: development.get(name) for name in product} == product
