"""Examples of requests and answers, made from the schemas that describe them."""

import json
import shlex
from typing import Any

_DEPTH_MAX = 6
_FORMATS = {
    "uuid": "01954b2c-7d00-7a51-8c21-5f0e3a9d4b17",
    "date-time": "2026-03-02T08:00:00Z",
    "date": "2026-03-02",
    "email": "lin@example.org",
    "uri": "https://example.org/hooks",
}
_BY_NAME = {
    "currency": "CNY",
    "country": "CN",
    "locale": "en",
    "email": "lin@example.org",
    "phone": "+8613800138000",
    "name": "Lin's Tea",
    "slug": "lins-tea",
    "url": "https://example.org/hooks",
    "quantity": 1,
    "minor": 12800,
    "reason": "Changed my mind",
    "password": "a long sentence that nobody knows",
}


def curl(
    document: dict[str, Any], url: str, method: str, path: str, operation: dict[str, Any]
) -> str:
    """Write the request as a `curl` command."""
    lines = ["curl"] if method == "get" else [f"curl -X {method.upper()}"]
    wanted = [p for p in operation.get("parameters", []) if p["in"] == "query" and p["required"]]
    query = "&".join(f"{p['name']}={example(document, p['schema'], p['name'])}" for p in wanted)
    lines[0] += " " + shlex.quote(f"{url}{path}" + (f"?{query}" if query else ""))
    if {} not in operation["security"]:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    headers = [p for p in operation.get("parameters", []) if p["in"] == "header"]
    lines += [f'-H "{header["name"]}: $(uuidgen)"' for header in headers if header["required"]]
    schema = body_schema(operation)
    if schema is not None:
        body = json.dumps(example(document, schema), ensure_ascii=False)
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(body)}")
    return " \\\n  ".join(lines)


def answer(document: dict[str, Any], operation: dict[str, Any]) -> str:
    """Write the answer to a request that is done; empty where there is no body."""
    done = [item for status, item in operation["responses"].items() if status < "300"]
    content = done[0].get("content", {}).get("application/json") if done else None
    if content is None:
        return ""
    return json.dumps(example(document, content["schema"]), ensure_ascii=False, indent=2)


def fields(document: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    """List the fields of the body, one level deep, as the page shows them."""
    schema = body_schema(operation)
    if schema is None:
        return []
    schema = _resolve(document, schema)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "kind": kind(document, inner),
            "required": name in required,
            "words": _resolve(document, inner).get("description", ""),
        }
        for name, inner in schema.get("properties", {}).items()
    ]


def body_schema(operation: dict[str, Any]) -> dict[str, Any] | None:
    """Find the schema of the JSON body that an operation takes."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return content["schema"] if content else None


def kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """Tell in a word what a schema asks for."""
    schema = _resolve(document, schema)
    options = schema.get("oneOf") or schema.get("anyOf")
    if options:
        return " or ".join(dict.fromkeys(kind(document, option) for option in options))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    told = schema.get("type", "anything")
    if isinstance(told, list):
        return " or ".join(told)
    if told == "array":
        return f"list of {kind(document, schema.get('items', {}))}"
    return str(schema.get("format", told))


def example(
    document: dict[str, Any], schema: dict[str, Any], name: str = "", depth: int = 0
) -> Any:  # noqa: ANN401  any JSON
    """Make a value that fits a schema."""
    schema = _resolve(document, schema)
    if depth > _DEPTH_MAX:
        return {}
    options = schema.get("oneOf") or schema.get("anyOf") or []
    telling = [o for o in options if _resolve(document, o).get("type") != "null"]
    if telling:
        return example(document, telling[0], name, depth + 1)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    told = schema.get("type")
    if told == "object" or "properties" in schema:
        return {
            inner: example(document, field, inner, depth + 1)
            for inner, field in schema.get("properties", {}).items()
        }
    if told == "array":
        return [example(document, schema.get("items", {}), name, depth + 1)]
    return _scalar(schema, name, told)


def _scalar(schema: dict[str, Any], name: str, told: object) -> Any:  # noqa: ANN401
    if told == "string" or (isinstance(told, list) and "string" in told):
        return _FORMATS.get(schema.get("format", "")) or _BY_NAME.get(name, "…")
    if told in {"integer", "number"}:
        return _BY_NAME.get(name, schema.get("minimum", schema.get("default", 1)))
    if told == "boolean":
        return True
    return None


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found
