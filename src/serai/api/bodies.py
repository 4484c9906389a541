"""Bodies: JSON in UTF-8, of a bounded depth, exactly of the type that the handler asks for."""

import re
from typing import Any, Generic, TypeVar

import msgspec
from litestar._openapi.schema_generation.schema import SchemaCreator
from litestar.dto import AbstractDTO
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition
from msgspec import Struct

from serai.api import fields
from serai.api.says import FieldError, WrongFieldsError, decline

T = TypeVar("T")

BODY_MAX = 1_000_000
"""Bytes of a JSON body; what takes uploads sets a limit of its own."""
DEPTH_MAX = 32


class Body(Struct, forbid_unknown_fields=True):
    """Base of everything that a client sends: a field that nobody knows is refused."""


class Json(AbstractDTO[T], Generic[T]):
    """Reads the body of every handler that takes `data`; set once, for the whole API."""

    _kinds: dict[str, Any] = {}  # noqa: RUF012  one for all handlers, by their id

    @classmethod
    def create_for_field_definition(
        cls,
        field_definition: FieldDefinition,
        handler_id: str,
        backend_cls: Any = None,  # noqa: ANN401
    ) -> None:
        """Remember the type that a handler asks for."""
        cls._kinds[handler_id] = field_definition.annotation

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        """Describe the body by its type."""
        return schema_creator.for_field_definition(field_definition)

    @classmethod
    def generate_field_definitions(cls, model_type: Any) -> Any:  # noqa: ANN401
        """Give none: nothing is renamed or left out on the way in."""
        return iter(())

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """Give no: the decoder goes into nested types by itself."""
        return False

    def decode_bytes(self, value: bytes) -> Any:  # noqa: ANN401  what the handler asks for
        """Read a body; raises with every wrong field."""
        media_type = self.asgi_connection.headers.get("content-type", "")
        if media_type.partition(";")[0].strip().lower() not in {"application/json", ""}:
            raise decline("media_type")
        return read(value, self._kinds[self.asgi_connection.route_handler.handler_id])


def read(body: bytes, kind: type[T]) -> T:
    """Read a JSON body into a type, or name all that is wrong with it."""
    _check_text(body)
    try:
        value: T = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise WrongFieldsError(_wrong(body, kind) or [fields.from_decoder(error)]) from error
    except msgspec.DecodeError as error:
        raise _malformed(body, error) from error
    # The ends of time are seldom written; a digit of them may be written as its code.
    if any(sign in body for sign in (b"0001-", b"9999-", b"\\u003")):
        beyond = [error for error in _wrong(body, kind) if error.code == "not_moment"]
        if beyond:
            raise WrongFieldsError(beyond)
    if b"\\u0000" in body:
        zeros = list(fields.zero_characters(msgspec.json.decode(body)))
        if zeros:
            raise WrongFieldsError(zeros)
    return value


def _wrong(body: bytes, kind: Any) -> list[FieldError]:  # noqa: ANN401
    try:
        return fields.check(msgspec.json.decode(body), kind)
    except msgspec.ValidationError as error:
        # A number beyond all floats is refused even where anything would do.
        return [fields.from_decoder(error)]
    except msgspec.DecodeError as error:
        # The decoder came to a field that it does not know before it came to the end.
        raise _malformed(body, error) from error


def _check_text(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise decline("not_utf8", byte=error.start) from error
    # Most bodies have too few brackets to be deep, which is quickly counted.
    if body.count(b"{") + body.count(b"[") > DEPTH_MAX and _is_deep(body):
        raise decline("too_deep", depth=DEPTH_MAX)


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


def _is_deep(body: bytes) -> bool:
    depth = 0
    for token in _TOKEN.finditer(body):
        first = body[token.start()]
        if first in b"[{":
            depth += 1
            if depth > DEPTH_MAX:
                return True
        elif first in b"]}":
            depth -= 1
    return False


_BYTE = re.compile(r"\(byte (\d+)\)")


def _malformed(body: bytes, error: msgspec.DecodeError) -> Exception:
    said = str(error)
    found = _BYTE.search(said)
    if found is None:
        return decline("not_json", reason=said.capitalize(), byte=len(body))
    reason = said[: found.start()].removeprefix("JSON is malformed: ").strip()
    return decline("not_json", reason=reason.capitalize(), byte=int(found[1]))
