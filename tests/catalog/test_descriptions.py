"""Descriptions and pictures that a stranger sent: nothing in them may run or reach out."""

import hashlib
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serai import catalog
from serai.catalog import Code, Stored
from serai.catalog.description import sanitised
from serai.kernel.errors import Refused

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt&colon;alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<p style='background:url(javascript:alert(1))' onclick='alert(1)'>x</p>",
    "<iframe src='https://evil.example'></iframe>",
    "<form action='https://evil.example'><input name=password></form>",
    "<style>@import 'https://evil.example'</style>",
    "<link rel=stylesheet href='https://evil.example'><meta http-equiv=refresh content=0>",
    "<base href='https://evil.example/'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src onerror=1&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<object data='x'></object><embed src='x'>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<<script>script>alert(1)<</script>/script>",
]
_RUNS = re.compile(r"\bon\w+\s*=|style\s*=|javascript:|data:", re.IGNORECASE)
_TAG = re.compile(r"<\s*/?\s*([a-zA-Z0-9]+)([^>]*)>")


def assert_harmless(text: str) -> None:
    for name, attributes in _TAG.findall(text):
        assert name in {"p", "a", "table", "tbody", "tr", "td"}, text
        assert not _RUNS.search(attributes), text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_could_run_or_load_is_dropped(hostile: str) -> None:
    kept = sanitised(f"<p>before</p>{hostile}<p>after</p>")
    assert_harmless(kept)
    assert "before" in kept


def test_what_describes_goods_stays() -> None:
    told = "<h2>Bowl</h2><ul><li><b>Blue</b></li></ul>"
    told += "<table><tbody><tr><td>1</td></tr></tbody></table>"
    assert sanitised(told) == told
    assert sanitised("plain & simple") == "plain &amp; simple"


def test_links_vouch_for_nobody() -> None:
    kept = sanitised('<a href="https://example.com" rel="me" target="_blank">x</a>')
    assert kept == '<a href="https://example.com" rel="nofollow noopener">x</a>'


_PIECES = st.sampled_from(
    [
        *("<pre>", "</pre>", "\n", "\r", "&#13;", "<p>", "</p>", "<table>", "<td>", "<a href=x>"),
        *("</a>", "<b>", "</i>", "&amp;", "&lt;", "<", ">", "x", "<math>", "<svg>"),
        *(
            "<style>",
            "<!--",
            "-->",
            "<noscript>",
            "<ul><li>",
            "\x0c",
            "<textarea>",
            "<select>",
            "<form>",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=14).map("".join))
def test_what_was_made_safe_once_stays_the_same(text: str) -> None:
    kept = sanitised(text)
    assert sanitised(kept) == kept
    assert "\r" not in kept
    assert not re.search(r"<(script|style|svg|math|form|textarea|select)\b", kept)


# ── Pictures ─────────────────────────────────────────────────────────────────────────────

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (640).to_bytes(4) + (480).to_bytes(4) + b"\x08\x06"
GIF = b"GIF89a" + (32).to_bytes(2, "little") + (16).to_bytes(2, "little") + b"\x00"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 "


def svg(inside: str = "", attributes: str = "") -> bytes:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 6" {attributes}>{inside}</svg>'
    ).encode()


@pytest.mark.parametrize(
    ("data", "ending", "media_type", "size"),
    [
        (PNG, "png", "image/png", (640, 480)),
        (GIF, "gif", "image/gif", (32, 16)),
        (JPEG, "jpg", "image/jpeg", (None, None)),
        (WEBP, "webp", "image/webp", (None, None)),
        (svg('<path d="M0 0h8"/>'), "svg", "image/svg+xml", (8, 6)),
        (svg('<use href="#a"/>', 'width="80px" height="60"'), "svg", "image/svg+xml", (80, 60)),
    ],
)
def test_a_picture_is_kept_once_under_the_name_of_its_content(
    tmp_path: Path, data: bytes, ending: str, media_type: str, size: tuple[int | None, int | None]
) -> None:
    stored = catalog.store_picture(tmp_path, data)
    assert isinstance(stored, Stored)
    digest = hashlib.sha256(data).hexdigest()
    assert stored.file == f"{digest[:2]}/{digest[2:]}.{ending}"
    assert (stored.media_type, stored.width, stored.height) == (media_type, *size)
    path = catalog.picture_path(tmp_path, stored.file)
    assert path is not None
    assert path.read_bytes() == data
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    before = path.stat().st_mtime_ns
    assert catalog.store_picture(tmp_path, data) == stored
    assert path.stat().st_mtime_ns == before
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [path.name]


@pytest.mark.parametrize(
    "unsafe",
    [
        svg("<script>alert(1)</script>"),
        svg("<foreignObject/>"),
        svg("<style>@import 'x'</style>"),
        svg("<a href='#x'/>"),
        svg('<image href="https://evil.example/x.png"/>'),
        svg('<use href="https://evil.example/x.svg#a"/>'),
        svg('<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="data:image/svg+xml,x"/>'),
        svg('<path d="M0 0" onclick="alert(1)"/>'),
        svg(attributes='onload="alert(1)"'),
        svg('<path ONLOAD="x"/>'),
        svg('<path fill="url(https://evil.example/#a)"/>'),
        svg('<path style="fill: u\\72l(//evil.example)"/>'),
        svg('<set attributeName="href" to="javascript:alert(1)"/>'),
        svg('<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'),
        svg("<g>" * 100 + "</g>" * 100),
        b'<?xml-stylesheet href="https://evil.example"?>' + svg(),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("<desc>&a;</desc>"),
        b'<!DOCTYPE svg SYSTEM "file:///etc/passwd">' + svg(),
        b'<?xml version="1.0" encoding="UTF-7"?>' + svg(),
        b'<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
        b"<svg><path/></svg>",
    ],
)
def test_a_drawing_that_does_more_than_draw_is_refused(tmp_path: Path, unsafe: bytes) -> None:
    answer = catalog.store_picture(tmp_path, unsafe)
    assert isinstance(answer, Refused)
    assert answer.code == Code.PICTURE_UNSAFE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"MZ\x90", b"hello", svg()[:-3], b"%PDF-1.7", b"\xff" * 40])
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    answer = catalog.store_picture(tmp_path, data)
    assert isinstance(answer, Refused)
    assert answer.code == Code.PICTURE_UNREADABLE
    assert list(tmp_path.iterdir()) == []


def test_a_picture_has_at_most_five_megabytes(tmp_path: Path) -> None:
    most = PNG + b"\x00" * (catalog.PICTURE_MAX_BYTES - len(PNG))
    assert isinstance(catalog.store_picture(tmp_path, most), Stored)
    answer = catalog.store_picture(tmp_path, most + b"\x00")
    assert isinstance(answer, Refused)
    assert answer.code == Code.PICTURE_TOO_LARGE


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "", "ab/cd.png", "ab/" + "c" * 62 + ".exe", "\x00"]
)
def test_a_name_that_is_none_of_ours_leads_nowhere(tmp_path: Path, name: str) -> None:
    assert catalog.picture_path(tmp_path, name) is None


@settings(max_examples=200, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=60),
        st.text(max_size=60).map(lambda inside: svg(inside.encode("utf-8", "replace").decode())),
    )
)
def test_no_bytes_are_an_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp() / "pictures"
    assert isinstance(catalog.store_picture(folder, data), Refused | Stored)
