"""What is wrong with what was sent: every field of it, not only the first.

The decoder stops at the first mistake. Once it has, the value is walked again
beside the type that it should have, and each place that does not fit is named
by a JSON pointer (RFC 6901), with a stable code and a reason for a reader.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect

from serai.api.says import FieldError

_SCALARS: dict[type[inspect.Type], tuple[type, str]] = {
    inspect.UUIDType: (UUID, "uuid"),
    inspect.DateTimeType: (datetime, "moment"),
    inspect.DateType: (date, "date"),
    inspect.TimeType: (time, "time"),
    inspect.TimeDeltaType: (timedelta, "duration"),
    inspect.DecimalType: (Decimal, "decimal"),
    inspect.BytesType: (bytes, "base64"),
}

REASONS = {
    "missing": "This is missing.",
    "unknown": "There is no such field here.",
    "not_integer": "This must be a whole number.",
    "not_number": "This must be a number.",
    "not_text": "This must be text.",
    "not_boolean": "This must be true or false.",
    "not_null": "This must be null.",
    "not_object": "This must be an object.",
    "not_list": "This must be a list.",
    "not_uuid": "This must be a UUID.",
    "not_moment": "This must be a moment in ISO 8601, such as 2026-03-02T08:00:00Z.",
    "not_date": "This must be a date, such as 2026-03-02.",
    "not_time": "This must be a time of day, such as 08:00:00.",
    "not_duration": "This must be a duration in ISO 8601, such as P3D.",
    "not_decimal": "This must be a decimal number.",
    "not_base64": "This must be base64.",
    "no_zone": "This moment must say its time zone, such as a Z at its end.",
    "too_small": "This must be {least:number} or more.",
    "too_large": "This must be {most:number} or less.",
    "too_short": "This must have {least:number} or more characters.",
    "too_long": "This must have {most:number} or fewer characters.",
    "too_few": "This must have {least:number} or more entries.",
    "too_many": "This must have {most:number} or fewer entries.",
    "not_multiple": "This must be a multiple of {of:number}.",
    "wrong_form": "This does not have the right form.",
    "not_one_of": "This must be one of: {choices}.",
    "zero_character": "This must not contain the character U+0000.",
    "invalid": "This is not valid: {reason}",
}
"""Why a field is wrong, by code: messages for `i18n.say`."""


def wrong(field: str, code: str, **facts: Any) -> FieldError:  # noqa: ANN401
    """Name one wrong field, with the reason that belongs to the code."""
    return FieldError(field, code, REASONS[code], facts)


def check(value: object, kind: Any, at: str = "") -> list[FieldError]:  # noqa: ANN401  any type
    """Name everything in a decoded value that does not fit a type; in reading order."""
    return list(_walk(value, inspect.type_info(kind), at))


def pointer(at: str, step: str | int) -> str:
    """Go one step down in a JSON pointer."""
    return f"{at}/{str(step).replace('~', '~0').replace('/', '~1')}"


def zero_characters(value: object, at: str = "") -> Iterator[FieldError]:
    """Name every text that holds U+0000, which no database text can."""
    if isinstance(value, str):
        if "\0" in value:
            yield wrong(at, "zero_character")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from zero_characters(inner, pointer(at, name))
            if "\0" in name:
                yield wrong(at, "zero_character")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from zero_characters(inner, pointer(at, place))


_PATH = re.compile(r" - at `\$(?P<path>.*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


def from_decoder(error: msgspec.ValidationError) -> FieldError:
    """Name the one field that the decoder complained of, in its words."""
    said = str(error)
    found = _PATH.search(said)
    at = ""
    for name, place in _STEP.findall(found["path"]) if found else ():
        at = pointer(at, name or place)
    return wrong(at, "invalid", reason=said[: found.start()] if found else said)


def _walk(value: object, kind: inspect.Type, at: str) -> Iterator[FieldError]:
    match kind:
        case inspect.Metadata():
            yield from _walk(value, kind.type, at)
        case inspect.AnyType() | inspect.RawType():
            return
        case inspect.StructType():
            yield from _struct(value, kind, at)
        case inspect.UnionType():
            yield from _union(value, kind, at)
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType():
            yield from _list(value, kind, at)
        case inspect.FrozenSetType():
            yield from _list(value, kind, at)
        case inspect.TupleType():
            yield from _tuple(value, kind, at)
        case inspect.DictType():
            yield from _dict(value, kind, at)
        case _:
            yield from _scalar(value, kind, at)


def _struct(value: object, kind: inspect.StructType, at: str) -> Iterator[FieldError]:
    if not isinstance(value, dict):
        yield wrong(at, "not_object")
        return
    known = {field.encode_name: field for field in kind.fields}
    for name, field in known.items():
        if name in value:
            yield from _walk(value[name], field.type, pointer(at, name))
        elif field.required:
            yield wrong(pointer(at, name), "missing")
    if kind.forbid_unknown_fields:
        for name in value:
            if name not in known and name != kind.tag_field:
                yield wrong(pointer(at, name), "unknown")


def _union(value: object, kind: inspect.UnionType, at: str) -> Iterator[FieldError]:
    structs = [option for option in kind.types if isinstance(option, inspect.StructType)]
    if isinstance(value, dict) and len(structs) > 1:
        yield from _tagged(value, structs, at)
        return
    complaints = [list(_walk(value, option, at)) for option in kind.types]
    if all(complaints):
        # The complaint about content says more than "this must be null".
        deep = [c for c in complaints if not _is_about_kind(c, at)]
        told = deep or [c for c in complaints if c[0].code != "not_null"] or complaints
        yield from told[0]


def _is_about_kind(complaint: list[FieldError], at: str) -> bool:
    return complaint[0].field == at and complaint[0].code.startswith("not_")


def _tagged(
    value: dict[str, Any], structs: list[inspect.StructType], at: str
) -> Iterator[FieldError]:
    name = structs[0].tag_field or "type"
    by_tag = {struct.tag: struct for struct in structs}
    tag = value.get(name)
    chosen = by_tag.get(tag) if isinstance(tag, str | int) else None
    if name not in value:
        yield wrong(pointer(at, name), "missing")
    elif chosen is None:
        choices = ", ".join(str(tag) for tag in by_tag)
        yield wrong(pointer(at, name), "not_one_of", choices=choices)
    else:
        yield from _struct(value, chosen, at)


_Listed = inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.FrozenSetType


def _list(value: object, kind: _Listed, at: str) -> Iterator[FieldError]:
    if not isinstance(value, list):
        yield wrong(at, "not_list")
        return
    yield from _length(value, kind.min_length, kind.max_length, ("too_few", "too_many"), at)
    for place, inner in enumerate(value):
        yield from _walk(inner, kind.item_type, pointer(at, place))


def _tuple(value: object, kind: inspect.TupleType, at: str) -> Iterator[FieldError]:
    if not isinstance(value, list):
        yield wrong(at, "not_list")
        return
    count = len(kind.item_types)
    yield from _length(value, count, count, ("too_few", "too_many"), at)
    for place, (inner, item) in enumerate(zip(value, kind.item_types, strict=False)):
        yield from _walk(inner, item, pointer(at, place))


def _dict(value: object, kind: inspect.DictType, at: str) -> Iterator[FieldError]:
    if not isinstance(value, dict):
        yield wrong(at, "not_object")
        return
    yield from _length(value, kind.min_length, kind.max_length, ("too_few", "too_many"), at)
    for name, inner in value.items():
        yield from _walk(name, kind.key_type, pointer(at, name))
        yield from _walk(inner, kind.value_type, pointer(at, name))


def _length(
    value: list[Any] | dict[str, Any] | str,
    least: int | None,
    most: int | None,
    codes: tuple[str, str],
    at: str,
) -> Iterator[FieldError]:
    if least is not None and len(value) < least:
        yield wrong(at, codes[0], least=least)
    if most is not None and len(value) > most:
        yield wrong(at, codes[1], most=most)


def _scalar(value: object, kind: inspect.Type, at: str) -> Iterator[FieldError]:
    match kind:
        case inspect.IntType() | inspect.FloatType():
            yield from _number(value, kind, at)
        case inspect.StrType():
            yield from _text(value, kind, at)
        case inspect.BoolType():
            if not isinstance(value, bool):
                yield wrong(at, "not_boolean")
        case inspect.NoneType():
            if value is not None:
                yield wrong(at, "not_null")
        case inspect.EnumType():
            choices = [member.value for member in kind.cls]
            if value not in choices:
                yield wrong(at, "not_one_of", choices=", ".join(map(str, choices)))
        case inspect.LiteralType():
            if value not in kind.values:
                yield wrong(at, "not_one_of", choices=", ".join(map(str, kind.values)))
        case _:
            yield from _written(value, kind, at)


def _number(
    value: object, kind: inspect.IntType | inspect.FloatType, at: str
) -> Iterator[FieldError]:
    whole = isinstance(kind, inspect.IntType)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        yield wrong(at, "not_integer" if whole else "not_number")
        return
    least = kind.ge if kind.ge is not None else kind.gt
    most = kind.le if kind.le is not None else kind.lt
    if least is not None and (value < least or (kind.ge is None and value == least)):
        yield wrong(at, "too_small", least=least + 1 if whole and kind.ge is None else least)
    if most is not None and (value > most or (kind.le is None and value == most)):
        yield wrong(at, "too_large", most=most - 1 if whole and kind.le is None else most)
    if kind.multiple_of is not None and value % kind.multiple_of:
        yield wrong(at, "not_multiple", of=kind.multiple_of)


def _text(value: object, kind: inspect.StrType, at: str) -> Iterator[FieldError]:
    if not isinstance(value, str):
        yield wrong(at, "not_text")
        return
    yield from _length(value, kind.min_length, kind.max_length, ("too_short", "too_long"), at)
    if kind.pattern is not None and not re.search(kind.pattern, value):
        yield wrong(at, "wrong_form")


def _written(value: object, kind: inspect.Type, at: str) -> Iterator[FieldError]:
    """Check what JSON writes as text: ids, moments, decimals."""
    found = _SCALARS.get(type(kind))
    if found is None:
        return
    python, name = found
    try:
        read: Any = msgspec.convert(value, python)
    except msgspec.ValidationError:
        yield wrong(at, f"not_{name}")
        return
    if not isinstance(kind, inspect.DateTimeType):
        return
    if kind.tz and read.tzinfo is None:
        yield wrong(at, "no_zone")
    elif not is_in_time(read):
        yield wrong(at, "not_moment")


def is_in_time(moment: datetime) -> bool:
    """Tell whether a moment is one in UTC too: the first and last hours of time may not be."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True
