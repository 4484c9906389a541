"""What goes in and out, described by what reads and writes it.

The framework's own schemas leave out what it does not know of msgspec: that unknown
fields are refused, least values of 0, and bounds of texts inside of lists and unions.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from serai.api import parameters

_AT = "#/components/schemas/"
_REFERENCE = re.compile(rf'"{_AT}([^"]+)"')
_PAGE = re.compile(r"Page_(?:[\w.]+\.)?(\w+)_")

Place = tuple[dict[str, Any], Any]
"""What holds a schema, and the type that the schema is to describe."""


def put(operations: Mapping[str, tuple[dict[str, Any], HTTPRouteHandler]]) -> dict[str, Any]:
    """Write the schemas of operations in their places; gives the components they refer to."""
    places = [
        place for operation, handler in operations.values() for place in _places(operation, handler)
    ]
    kinds = [kind for _, kind in places]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_AT + "{name}")
    for (place, _), schema in zip(places, schemas, strict=True):
        told = {"default": place["schema"]["default"]} if "default" in place["schema"] else {}
        place["schema"] = _renamed(schema) | told
    return {
        _name(name): _renamed(schema | {"description": inspect.cleandoc(schema["description"])})
        if "description" in schema
        else _renamed(schema)
        for name, schema in components.items()
    }


def _places(operation: dict[str, Any], handler: HTTPRouteHandler) -> Iterator[Place]:
    """Find what holds the schemas of an operation: its parameters, its body, its answer."""
    kinds = dict(parameters.kinds(handler))
    for parameter in operation.get("parameters", []):
        yield parameter, kinds[parameter["name"]]
    signature = handler.parsed_fn_signature
    if "data" in signature.parameters:
        content = operation["requestBody"]["content"]
        yield content["application/json"], signature.parameters["data"].annotation
    given = signature.return_type
    if given.is_subclass_of(Stream) or given.annotation in {None, NoneType}:
        return
    inner = given.inner_types[0] if given.is_subclass_of(Response) else given
    for status, answer in operation["responses"].items():
        if status < "300" and "application/json" in answer["content"]:
            yield answer["content"]["application/json"], inner.annotation


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    text = msgspec.json.encode(schema).decode()
    named = _REFERENCE.sub(lambda found: f'"{_AT}{_name(found[1])}"', text)
    renamed: dict[str, Any] = msgspec.json.decode(named)
    return renamed


def _name(name: str) -> str:
    """Call a page of shops `ShopPage`; of two types of one name, tell the room they are of."""
    page = _PAGE.fullmatch(name)
    short = f"{page[1]}Page" if page else name
    return short.removeprefix("serai.").removeprefix("api.").replace(".", "_")
