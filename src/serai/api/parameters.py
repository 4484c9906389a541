"""What is wrong with the parameters of a request: all of them, of path, query and header.

The framework stops at the first function whose parameters do not fit; here the
parameters of the handler and of all that it asks for are tried again.
"""

from collections.abc import Iterator
from types import NoneType
from typing import Annotated, Any, Union, get_args

import msgspec
from litestar import Request
from litestar.enums import ParamType
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.typing import FieldDefinition
from msgspec import Meta

from serai.api import fields
from serai.api.says import FieldError

_CONSTRAINTS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")


def check(request: Request[Any, Any, Any]) -> list[FieldError]:
    """Name every parameter that is wrong or missing; `?name` of the query, `{name}` of the path."""
    errors: list[FieldError] = []
    for name, field, known in _parameters(request.route_handler):
        if known.param_type == ParamType.QUERY:
            given: Any = request.query_params.getall(name, [])
            at = f"?{name}"
        elif known.param_type == ParamType.PATH:
            given, at = [request.path_params[name]], f"{{{name}}}"
        else:
            header = request.headers.get(name)
            given, at = [] if header is None else [header], name
        errors += _check(given, field, known, at)
    return errors


def kinds(handler: HTTPRouteHandler) -> Iterator[tuple[str, Any]]:
    """Tell of what type each parameter is, once it is given, with all its limits."""
    for name, field, known in _parameters(handler):
        yield name, _kind(field, known)


def _parameters(
    handler: HTTPRouteHandler,
) -> Iterator[tuple[str, FieldDefinition, ParameterKwarg]]:
    """List the parameters of a handler and of what it asks for, each once."""
    signatures = [handler.parsed_fn_signature]
    waiting = set(handler.parsed_fn_signature.parameters)
    seen: set[str] = set()
    providers = handler.resolve_dependencies()
    while waiting:
        name = waiting.pop()
        if name in providers and name not in seen:
            seen.add(name)
            signatures.append(providers[name].parsed_fn_signature)
            waiting |= set(providers[name].parsed_fn_signature.parameters)
    for signature in signatures:
        for name, field in signature.parameters.items():
            known = field.kwarg_definition
            if name in providers:
                continue
            if isinstance(known, ParameterKwarg) and known.param_type in {
                ParamType.QUERY,
                ParamType.HEADER,
                ParamType.PATH,
            }:
                yield known.name or known.query or known.header or name, field, known


def _check(
    given: list[str], field: FieldDefinition, known: ParameterKwarg, at: str
) -> list[FieldError]:
    if not given:
        return [] if field.has_default or field.is_optional else [fields.wrong(at, "missing")]
    value: Any = given if field.is_non_string_sequence else given[-1]
    kind = _kind(field, known)
    try:
        # Text as it stands in an address is read first; what it says is then measured.
        value = msgspec.to_builtins(msgspec.convert(value, field.annotation, strict=False))
    except msgspec.ValidationError as error:
        return fields.check(value, kind, at) or [fields.from_decoder(error)]
    return [*fields.check(value, kind, at), *fields.zero_characters(value, at)]


def _kind(field: FieldDefinition, known: ParameterKwarg) -> Any:  # noqa: ANN401  any type
    limits = {name: limit for name in _CONSTRAINTS if (limit := getattr(known, name)) is not None}
    kind = _without_none(field.annotation)
    return Annotated[kind, Meta(**limits)] if limits else kind


def _without_none(kind: Any) -> Any:  # noqa: ANN401  any type
    """Take the `None` out of `X | None`: a value that was given is not missing."""
    options = get_args(kind)
    if NoneType not in options:
        return kind
    return Union[tuple(option for option in options if option is not NoneType)]  # noqa: UP007
