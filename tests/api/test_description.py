"""The description: right by the standard, whole, and readable for people."""

import re
from html.parser import HTMLParser

import httpx
from openapi_spec_validator import validate

from serai.api.app import MODULES
from tests.api.conftest import Start

IDS = re.compile(r'id="([^"]+)"')


async def test_the_document_is_openapi_and_tells_all_of_every_operation(
    door: httpx.AsyncClient,
) -> None:
    document = (await door.get("/api/v1/openapi.json")).json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    operations = [op for item in document["paths"].values() for op in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert len(names) == sum(len(module.ROUTES) for module in MODULES)
    for operation in operations:
        assert operation["summary"], operation
        assert operation["tags"], operation
        assert operation["security"], operation
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert set(answer["content"]) == {"application/problem+json"}
        assert {"422", "429", "500", "503"} <= operation["responses"].keys()


async def test_what_takes_a_key_says_so(api: httpx.AsyncClient) -> None:
    document = (await api.get("/api/v1/openapi.json")).json()
    validate(document)
    make = document["paths"]["/api/v1/things"]["post"]
    (key,) = [p for p in make["parameters"] if p["name"] == "Idempotency-Key"]
    assert (key["in"], key["required"]) == ("header", True)
    assert make["security"] == [{"token": []}]
    listed = document["paths"]["/api/v1/things"]["get"]
    assert listed["security"] == [{}, {"token": []}]
    assert {p["name"] for p in listed["parameters"]} == {"limit", "cursor", "colour", "least"}


class Elements(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


async def test_the_page_for_people_shows_every_operation_and_loads_nothing_from_elsewhere(
    door: httpx.AsyncClient,
) -> None:
    document = (await door.get("/api/v1/openapi.json")).json()
    page = await door.get("/api", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    elements = Elements()
    elements.feed(page.text)
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"script", "img", "iframe", "style"}
    assert not [a for _, a in elements.found if "style" in a or any(n.startswith("on") for n in a)]
    loaded = [a["href"] for tag, a in elements.found if tag == "link"]
    assert loaded == ["/api/style.css"]
    shown = {a["id"] for tag, a in elements.found if tag == "details"}
    assert shown == {
        op["operationId"] for item in document["paths"].values() for op in item.values()
    }
    identities = IDS.findall(page.text)
    assert len(identities) == len(set(identities))
    style = await door.get("/api/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text
    assert "prefers-color-scheme: dark" in style.text


async def test_the_type_of_a_problem_leads_to_a_page(start: Start) -> None:
    api = await start()
    problem = (await api.get("/api/v1/nothing")).json()
    page = await api.get(problem["type"], headers={"Accept-Language": "zh"})
    assert page.status_code == 200
    assert '<html lang="zh">' in page.text
    assert "not_found" in page.text
    assert (await api.get("/api/problems")).status_code == 200
    assert (await api.get("/api/problems/never-heard-of")).status_code == 404
    assert (await api.get("/api/problems/<script>")).status_code == 404


async def test_other_forms_than_json_are_not_spoken(api: httpx.AsyncClient) -> None:
    refused = await api.get("/api/v1/things", headers={"Accept": "application/xml"})
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")
    for accept in ("application/json;q=0.5", "text/html, */*;q=0.1", "application/*"):
        assert (await api.get("/api/v1/things", headers={"Accept": accept})).status_code == 200
