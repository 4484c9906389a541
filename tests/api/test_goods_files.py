"""Pictures and product files over HTTP."""

import base64

import httpx

from tests.api.bazaar import Bazaar, Who, send

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><circle r="2"/></svg>'
EVIL = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


async def keep(stall: httpx.AsyncClient, bazaar: Bazaar, data: bytes, kind: str) -> httpx.Response:
    headers = await bazaar.session(Who.SELLER) | {"Content-Type": kind}
    return await send(stall, "POST", "/pictures", headers, data)


async def test_a_picture_is_kept_by_its_content_and_served_for_ever(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    kept = await keep(stall, bazaar, GIF, "image/gif")
    assert (kept.status_code, kept.json()["media_type"]) == (201, "image/gif")
    assert (await keep(stall, bazaar, GIF, "image/png")).json() == kept.json()
    path = f"/media/{kept.json()['file']}"
    assert kept.json()["url"].endswith(path)
    shown = await stall.get(path)
    assert (shown.status_code, shown.content) == (200, GIF)
    assert shown.headers["content-type"] == "image/gif"
    assert "immutable" in shown.headers["cache-control"]
    assert shown.headers["x-content-type-options"] == "nosniff"
    again = await stall.get(path, headers={"If-None-Match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_drawing_runs_nothing(stall: httpx.AsyncClient, bazaar: Bazaar) -> None:
    kept = await keep(stall, bazaar, SVG, "image/svg+xml")
    shown = await stall.get(f"/media/{kept.json()['file']}")
    assert shown.headers["content-type"].startswith("image/svg+xml")
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    refused = await keep(stall, bazaar, EVIL, "image/svg+xml")
    assert (refused.status_code, refused.json()["code"]) == (422, "picture_unsafe")


async def test_what_is_no_picture_is_refused(stall: httpx.AsyncClient, bazaar: Bazaar) -> None:
    for data, kind, status, code in (
        (b"MZ\x90 not a picture", "image/png", 422, "picture_unreadable"),
        (b"", "image/png", 422, "picture_unreadable"),
        (GIF, "text/html", 415, "media_type_picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(5 * 1024 * 1024), "image/png", 413, "too_large"),
    ):
        answer = await keep(stall, bazaar, data, kind)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    for path in ("ab/cd.gif", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", ""):
        answer = await stall.get(f"/media/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


FILE = (
    b"Handle,Title,Variant Price,Variant Inventory Qty,Colour Of Moon\n"
    b"oolong,Oolong,12.50,7,blue\n"
    b"broken,Broken,a lot,1,\n"
    b"black-tea,Black Tea,3.00,2,\n"
)


async def test_a_product_file_goes_in_row_by_row_and_twice_changes_nothing(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    path = f"/shops/{bazaar.world.tea_shop}/product-imports"
    headers = await bazaar.session(Who.SELLER) | {"Content-Type": "text/csv"}
    first = await send(stall, "POST", path, headers, FILE)
    assert first.status_code == 201, first.text
    told = first.json()
    assert (told["created"], told["counted"], told["refused"]) == (3, 2, 1)
    [error] = told["errors"]
    assert (error["line"], error["column"], error["value"]) == (3, "Variant Price", "a lot")
    assert told["ignored"] == ["Colour Of Moon"]
    before = await bazaar.state()
    again = (await send(stall, "POST", path, headers, FILE)).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 3)
    assert await bazaar.state() == before
    out = await stall.get(
        f"/api/v1/shops/{bazaar.world.tea_shop}/products.csv",
        headers=headers | {"Accept": "text/csv"},
    )
    assert out.headers["content-type"].startswith("text/csv")
    [row] = [line for line in out.text.splitlines() if line.startswith("oolong,")]
    assert "12.50" in row
    back = (await send(stall, "POST", path, headers, out.content)).json()
    assert (back["created"], back["updated"], back["errors"]) == (0, 0, [])
    assert await bazaar.state() == before


async def test_a_file_that_is_none_and_a_shop_of_another_are_refused(
    stall: httpx.AsyncClient, bazaar: Bazaar
) -> None:
    path = f"/shops/{bazaar.world.tea_shop}/product-imports"
    seller = await bazaar.session(Who.SELLER)
    csv = {"Content-Type": "text/csv"}
    before = await bazaar.state()
    for headers, data, status, code in (
        (seller | csv, b"Name,Price\ntea,1\n", 422, "file_unreadable"),
        (seller | csv, b"\xff\xfe\x00Handle", 422, "file_unreadable"),
        (seller | csv, b"x" * (10 * 1024 * 1024 + 1), 413, "too_large"),
        (seller | {"Content-Type": "application/json"}, b"{}", 415, "media_type_csv"),
        (await bazaar.session(Who.OTHER_SELLER) | csv, FILE, 403, "not_yours"),
    ):
        answer = await send(stall, "POST", path, headers, data)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await bazaar.state() == before
