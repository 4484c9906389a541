"""Asking an operation: right and wrong requests as its description has them, by anyone.

What may be sent is drawn by schemathesis from the API's own description; who sends
it, and which things that really exist it names, is drawn here.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from itertools import chain, islice
from random import Random
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.core.parameters import ParameterLocation as Place
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import negative_data_rejection

from serai.api import idempotency, pictures
from tests.api import tries
from tests.api.bazaar import Who
from tests.fuzz.street import CALLERS, PEOPLE, Street, Things

BUDGET = int(os.environ.get("FUZZ_REQUESTS", "0"))
"""How many right and how many wrong requests are drawn for an operation, other ones in every
run; without it a few, the same in every run."""

FEW = 5
EDGES = 40

SAMPLES = {
    "text/csv": (
        b"Handle,Title,Variant Price\nred-tea,Red Tea,12.50\n",
        b"Handle,Title,Variant Price,Variant Inventory Qty\ncup,Cup,1e5,99999999999999999999\n",
    ),
    **dict.fromkeys(pictures.TYPES, (tries.GIF,)),
}
KEY = idempotency.HEADER

CONFIG = schemathesis.Config.from_dict(
    {
        # Who asks is drawn here: schemathesis knows no token that is good.
        "generation": {"with-security-parameters": False},
        "checks": {
            # A description cannot say which currencies, places or members there are, nor who
            # may do what: a well-formed request may name what does not exist (404), come from
            # the wrong hands (401, 403), too late (409), or mean what cannot be (422).
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "401", "403", "404", "409", "422", "429"]
            },
            # A text that is too long may make the whole body too large (413).
            "negative_data_rejection": {
                "expected-statuses": [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429]
            },
        },
    }
)

for kind, samples in SAMPLES.items():
    # A file as it should be, one that begins so, and one that is nothing of the kind.
    schemathesis.openapi.media_type(
        kind,
        st.one_of(
            st.sampled_from(samples),
            st.binary().map(samples[0][:10].__add__),
            st.binary(min_size=1),
        ),
    )


def edges(operation: APIOperation[Any, Any, Any, Any]) -> Iterator[Case[Any]]:
    """Give the requests at the edges of what an operation takes: longest, least, missing, …"""
    return chain.from_iterable(
        islice(
            operation.schema.iter_coverage_cases(
                operation,
                generation_modes=[mode],
                generation_config=operation.schema.config.generation_for(operation=operation),
            ),
            None if BUDGET else EDGES,
        )
        for mode in GenerationMode
    )


def draw(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    count: int,
    see: Callable[[Case[Any]], object],
) -> None:
    """Draw so many right or wrong requests."""

    @settings(
        max_examples=count,
        derandomize=not BUDGET,
        database=None,
        deadline=None,
        # What was asked is committed: the same request again is another one, so none is shrunk.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def every(case: Case[Any]) -> None:
        see(case)

    # An operation that takes nothing can be asked nothing wrong.
    with contextlib.suppress(Unsatisfiable):
        every()


def ask(street: Street, things: Things, case: Case[Any], chance: Random) -> Response:
    """Send a request as somebody, about things that may exist, and check the answer."""
    who = chance.choice([_fit(case.operation), chance.choice(CALLERS)])
    _fill(case, things, chance)
    headers = street.headers(who)
    # A description has no schema for what a file holds: a file drawn as a wrong one may be right.
    sends_file = isinstance(case.body, bytes)
    response = case.call_and_validate(
        headers=headers, excluded_checks=[negative_data_rejection] if sends_file else None
    )
    status = response.status_code
    if who is Who.FORGED or (who is Who.NOBODY and not _is_public(case.operation)):
        # What is not even an address of the API is refused before anyone is asked who they are.
        told = case.method == "OPTIONS"
        assert told or status in {401, 404, 405}, f"{case.as_curl_command()}: {status} to {who}"
    if status == 401 and who in PEOPLE:
        street.forget(who)
    return response


def _fill(case: Case[Any], things: Things, chance: Random) -> None:
    """Name what exists, where what was drawn is right; what is wrong stays as it is."""
    assert case.meta is not None
    right = {place for place in Place if not case.meta.is_negative_at(place)}
    if Place.PATH in right:
        case.path_parameters = _named(case.path_parameters, things, chance)
    if Place.QUERY in right:
        case.query = _named(case.query, things, chance)
    if Place.HEADER in right and KEY in case.headers and chance.random() < _REAL:
        # Few keys are drawn, and each stands for one request for ever.
        case.headers[KEY] = chance.randbytes(16).hex()
    if Place.BODY in right:
        case.body = _named(case.body, things, chance)


_ROLES = {"operator": Who.OPERATOR, "courier": Who.COURIER, "seller": Who.SELLER}
_SCOPES = {"catalog:write": Who.SELLER, "shipping:write": Who.SELLER}


def _fit(operation: APIOperation[Any, Any, Any, Any]) -> Who:
    """Tell who would most likely ask this."""
    said = operation.definition.raw
    role = _ROLES.get(said.get("x-serai-role", ""))
    return role or _SCOPES.get(said.get("x-serai-scope", ""), Who.BUYER)


def _is_public(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    return {} in operation.definition.raw["security"]


def _named(value: Any, things: Things, chance: Random) -> Any:  # noqa: ANN401  any JSON
    """Put names of things that exist in the place of most that were made up."""
    if isinstance(value, list):
        return [_named(one, things, chance) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: chance.choice(things[name])
        if name in things and isinstance(inner, str | int) and chance.random() < _REAL
        else _named(inner, things, chance)
        for name, inner in value.items()
    }


_REAL = 0.7
