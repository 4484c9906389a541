"""docs/dependencies.md has an entry for every direct dependency, with its true licence."""

import re
import tomllib
from importlib.metadata import Distribution, distribution, distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docs import reading

_SPDX = {
    "MIT License": "MIT",
    "BSD 2-Clause License": "BSD-2-Clause",
    "Apache Software License": "Apache-2.0",
}
"""What metadata says in words of its own."""

_CLAUSES = {"BSD License": "BSD-3-Clause"}
"""What a classifier leaves open and a licence file settles, by a phrase of the file."""
_THIRD_CLAUSE = "Neither the name of the copyright holder nor the names of its"

_COPYLEFT = re.compile(r"\b(?:A|L)?GPL|General Public|\bMPL|Mozilla Public|\bEPL|\bEUPL|\bCC-BY-SA")

_LABELS = ("For", "Why", "Licence", "Risk", "Instead")


def direct() -> list[str]:
    project = tomllib.loads(reading.text("pyproject.toml"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return [canonicalize_name(Requirement(text).name) for text in asked]


def entries() -> dict[str, dict[str, str]]:
    """What is said of each package, by label."""
    written = reading.sections(reading.text("docs/dependencies.md"), 3)
    return {
        name: dict(re.findall(r"^- \*\*(\w+):\*\* (.+)$", body, re.MULTILINE))
        for name, body in written.items()
    }


def stated(package: Distribution) -> str:
    """A package's licence: as its metadata states it, or failing that as its file does."""
    if expression := told(package, "License-Expression"):
        return expression[0]
    if words := "".join(told(package, "License")).strip():
        first = words.splitlines()[0].strip()
        return _SPDX.get(first, first)
    file = licence_file(package)
    for classifier in told(package, "Classifier"):
        name = classifier.rpartition(" :: ")[2]
        if classifier.startswith("License ::") and name in _CLAUSES:
            assert _THIRD_CLAUSE in " ".join(file.split())
            return _CLAUSES[name]
    found = re.search(r"Licensed under the (\w+ License)", file)
    assert found, f"{package.name} does not say its licence"
    return _SPDX[found[1]]


def told(package: Distribution, field: str) -> list[str]:
    """All that a package's metadata has in a field; a field may be there more than once."""
    return [str(value) for value in package.metadata.get_all(field, [])]


def licence_file(package: Distribution) -> str:
    for path in package.files or []:
        if "dist-info" in str(path) and path.name.startswith("LICENSE"):
            return path.read_text()
    return ""


def test_every_direct_dependency_has_an_entry_and_nothing_else_has() -> None:
    assert sorted(entries()) == sorted(direct())


def test_every_entry_says_all_there_is_to_know() -> None:
    unsaid = {
        name: missing
        for name, entry in entries().items()
        if (missing := [label for label in _LABELS if not entry.get(label, "").strip()])
    }

    assert unsaid == {}


def test_every_licence_is_the_one_that_the_package_states() -> None:
    written = {name: entry.get("Licence") for name, entry in entries().items()}

    assert written == {name: stated(distribution(name)) for name in direct()}


def test_no_copyleft_comes_in_unnoticed() -> None:
    listed = {row[0] for row in reading.table(reading.text("docs/dependencies.md"), "package")}
    found = {
        canonicalize_name(package.metadata["Name"])
        for package in distributions()
        if _COPYLEFT.search(licence_words(package))
    }

    assert found == listed


def licence_words(package: Distribution) -> str:
    """All that a package's metadata says of its licence, whether short or long."""
    classified = [c for c in told(package, "Classifier") if c.startswith("License ::")]
    return "\n".join([*told(package, "License-Expression"), *told(package, "License"), *classified])
