"""Every operation, asked all that its description allows and forbids, by everyone.

No answer is a 5xx, and none breaks the description: its status, its content type and
its schema are there; what is wrong is refused, and so is who has no token. In the
end every promise of the market holds.

`FUZZ_REQUESTS=500 pytest tests/fuzz` draws 500 right and 500 wrong requests for each operation.
"""

from random import Random
from typing import Any

import pytest
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema

from serai.api.app import MODULES
from serai.api.callers import needs_of
from tests.fuzz.asking import BUDGET, FEW, ask, draw, edges
from tests.fuzz.street import Street

OPERATIONS = {handler.handler_name: handler for module in MODULES for handler in module.ROUTES}


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_breaks_the_door_or_its_description(
    asked: BaseSchema, street: Street, name: str
) -> None:
    operation = find(asked, name)
    things, chance = street.furnish(), Random(name)

    def see(case: Case[Any]) -> None:
        ask(street, things, case, chance)

    for case in edges(operation):
        see(case)
    needs = needs_of(OPERATIONS[name])
    assert needs is not None
    # What costs the market as much as many requests is asked as many times fewer.
    count = max(1, (BUDGET or FEW) // needs.cost)
    for mode in GenerationMode:
        draw(operation, mode, count, see)


def find(asked: BaseSchema, name: str) -> APIOperation[Any, Any, Any, Any]:
    """Find an operation of the description by its name."""
    labels = {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, item in asked.raw_schema["paths"].items()
        for method, operation in item.items()
    }
    found = asked.find_operation_by_label(labels[name])
    assert found is not None
    return found
