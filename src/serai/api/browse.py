"""The API for people: a page at `/api`, drawn from the same description as machines read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response, Router, get
from litestar.params import FromPath

from serai.api import callers, examples, openapi
from serai.api.callers import Needs
from serai.api.house import House
from serai.api.says import decline
from serai.kernel import i18n

DOCUMENT = "/api/v1/openapi.json"

_HERE = Path(__file__).parent / "templates"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Cache-Control": "public, max-age=300",
}

_PAGE = {"needs": Needs(public=True, json=False)}

_pages = Environment(
    loader=FileSystemLoader(_HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Description:
    """The description of the API, drawn when somebody first asks for it and then kept."""

    def __init__(self, api: Router, public_url: str) -> None:
        self._api = api
        self._public_url = public_url
        self._document: dict[str, Any] | None = None
        self._json = b""
        self._page = ""

    @property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self._document is None:
            self._document = openapi.describe(self._api, self._public_url)
        return self._document

    @property
    def json(self) -> bytes:
        """The OpenAPI document as bytes."""
        self._json = self._json or msgspec.json.encode(self.document)
        return self._json

    @property
    def page(self) -> str:
        """The page for people."""
        if not self._page:
            self._page = _pages.get_template("api.html").render(
                document=self.document, groups=_groups(self.document, self._public_url)
            )
        return self._page


def _groups(document: dict[str, Any], url: str) -> dict[str, list[dict[str, Any]]]:
    """Sort the operations by tag, each with what the page shows of it."""
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            shown = {
                "method": method.upper(),
                "path": path,
                "operation": operation,
                "fields": examples.fields(document, operation),
                "curl": examples.curl(document, url, method, path, operation),
                "answer": examples.answer(document, operation),
            }
            for tag in operation["tags"]:
                groups[tag].append(shown)
    return groups


@get(DOCUMENT, include_in_schema=False, opt=callers.public())
async def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give the OpenAPI document."""
    description: Description = request.app.state.description
    return Response(description.json, media_type=MediaType.JSON)


@get("/api", include_in_schema=False, opt=_PAGE)
async def api_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the operations to people."""
    description: Description = request.app.state.description
    return Response(description.page, media_type=MediaType.HTML, headers=_HEADERS)


@get("/api/problems", include_in_schema=False, opt=_PAGE)
async def problems_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Show every problem that the API may answer with."""
    house: House = request.app.state.house
    return _problems(request, dict(sorted(house.says.items())))


@get("/api/problems/{code:str}", include_in_schema=False, opt=_PAGE)
async def problem_page(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[str]:
    """Show one problem: where the `type` of an error leads."""
    house: House = request.app.state.house
    if code not in house.says:
        raise decline("not_found")
    return _problems(request, {code: house.says[code]})


def _problems(request: Request[Any, Any, Any], shown: Mapping[str, Any]) -> Response[str]:
    locale = i18n.negotiate(request.headers.get("accept-language"))
    told = {
        code: (says.status, i18n.say(locale, says.title), i18n.say(locale, says.detail))
        for code, says in shown.items()
    }
    page = _pages.get_template("problems.html").render(problems=told, locale=locale)
    headers = {**_HEADERS, "Content-Language": locale, "Vary": "Accept-Language"}
    return Response(page, media_type=MediaType.HTML, headers=headers)


@get("/api/style.css", include_in_schema=False)
async def style() -> Response[str]:
    """Give the one style sheet of these pages."""
    text = (_HERE / "style.css").read_text(encoding="utf-8")
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(text, media_type="text/css; charset=utf-8", headers=headers)


ROUTES = [openapi_json, api_page, problems_page, problem_page, style]
