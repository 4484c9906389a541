"""Descriptions: HTML that sellers write and strangers read, made safe when it is written."""

import html

import nh3

_TAGS = {
    *("p", "br", "hr", "div", "span", "blockquote", "pre", "code"),
    *("h2", "h3", "h4", "h5", "h6"),
    *("b", "strong", "i", "em", "u", "s", "small", "sub", "sup"),
    *("ul", "ol", "li", "dl", "dt", "dd"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
    "a",
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="nofollow noopener",
)
_ROUNDS_MAX = 4


def sanitised(body_html: str) -> str:
    """Keep what describes goods and drop what could run, load or pretend.

    Scripts go with their content, pictures belong to the listing and not into
    its text, links get `rel="nofollow noopener"`. What comes out goes through
    once more unchanged, so that a listing which is exported and imported again
    stays the same; HTML that will not settle is kept as the text it is.
    """
    text = _lines(body_html)
    for _ in range(_ROUNDS_MAX):
        cleaned = _lines(_CLEANER.clean(text))
        if cleaned == text:
            return cleaned
        text = cleaned
    return _lines(_CLEANER.clean(html.escape(text, quote=False)))


def _lines(text: str) -> str:
    """Write line ends as HTML does, and nothing around the text."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
