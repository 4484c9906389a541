"""Every refusal of every hall has words at the door, in every language, with its facts."""

import importlib
import pkgutil
import re
from enum import StrEnum

import pytest

import serai
from serai.api import fields
from serai.api.app import MODULES
from serai.api.says import DOOR, gather
from serai.kernel import i18n

SAYS = gather([DOOR, *(module.REFUSALS for module in MODULES)])
MESSAGES = [
    *(says.title for says in SAYS.values()),
    *(says.detail for says in SAYS.values()),
    *fields.REASONS.values(),
]
FACT = re.compile(r"\{(\w+)")


@pytest.mark.parametrize("locale", [locale for locale in i18n.LOCALES if locale != "en"])
def test_every_message_is_translated_with_all_its_facts(locale: str) -> None:
    catalog = i18n.catalog(locale)
    missing = [message for message in MESSAGES if message not in catalog]
    assert missing == []
    for message in MESSAGES:
        assert sorted(FACT.findall(message)) == sorted(FACT.findall(catalog[message]))


def test_statuses_are_those_of_errors() -> None:
    allowed = {400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 500, 503}
    assert {says.status for says in SAYS.values()} <= allowed


def codes() -> dict[str, str]:
    """List every code of every room: the members of each enum that is called so."""
    found: dict[str, str] = {}
    for module in pkgutil.walk_packages(serai.__path__, "serai."):
        if module.name.startswith(("serai.api", "serai.web", "serai.cli", "serai.worker")):
            continue
        kinds = vars(importlib.import_module(module.name)).values()
        for kind in kinds:
            is_enum = isinstance(kind, type) and issubclass(kind, StrEnum)
            if is_enum and kind.__name__.endswith("Code"):
                found |= {code.value: kind.__module__ for code in kind}
    return found


def test_every_code_of_every_hall_has_words() -> None:
    wordless = {code: room for code, room in codes().items() if code not in SAYS}
    assert wordless == {}
