"""What a seller wrote, made tidy, and what is wrong with it.

Everything wrong is named at once, field by field, so that a form or a file is
mended in one go.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from serai.catalog.category_tree import LOCALE
from serai.catalog.description import sanitised
from serai.catalog.model import (
    ATTRIBUTES_MAX,
    BODY_MAX,
    OPTIONS_MAX,
    PICTURES_MAX,
    TAGS_MAX,
    TEXT_MAX,
    VARIANTS_MAX,
    Draft,
    PictureDraft,
    TranslationDraft,
    VariantDraft,
)
from serai.catalog.pictures import FILE
from serai.kernel.money import AMOUNT_MAX

TRANSLATIONS_MAX = 50
ATTRIBUTE_MAX = 1_000
SEO_DESCRIPTION_MAX = 1_000
ALT_MAX = 512
REASON_MAX = 500
URL_MAX = 2_048
WEIGHT_MAX_G = 100_000_000
LIMIT_MAX = 1_000_000

_HANDLE = re.compile(r"[\w-]+")
_URL = re.compile(r"https?://[^\s/?#\"'<>\\]+[^\s\"<>\\]*", re.IGNORECASE)
# PostgreSQL keeps neither NUL nor half of a surrogate pair; the other controls mean nothing.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def tidy(draft: Draft) -> Draft:
    """Write it as it is kept: no stray blanks, safe HTML, each tag once."""
    return replace(
        draft,
        handle=draft.handle.strip(),
        title=line(draft.title),
        body_html=_body(draft.body_html),
        vendor=line(draft.vendor),
        product_type=line(draft.product_type),
        tags=tuple(dict.fromkeys(tag for tag in map(line, draft.tags) if tag)),
        attributes={line(name): line(value) for name, value in draft.attributes.items()},
        option_names=tuple(map(line, draft.option_names)),
        seo_title=line(draft.seo_title),
        seo_description=line(draft.seo_description),
        variants=tuple(
            replace(
                variant,
                options=tuple(map(line, variant.options)),
                sku=line(variant.sku),
                barcode=line(variant.barcode),
            )
            for variant in draft.variants
        ),
        pictures=tuple(replace(picture, alt=line(picture.alt)) for picture in draft.pictures),
        translations={
            locale: TranslationDraft(line(words.title), _body(words.body_html))
            for locale, words in draft.translations.items()
        },
    )


def line(text: str) -> str:
    """Write a text on one line with single blanks."""
    return " ".join(text.split())


def reason_of(text: str) -> str:
    """Write the reason somebody gave as it is kept; a long one is cut off."""
    return line(CONTROL.sub("", text))[:REASON_MAX]


def wrong_fields(draft: Draft) -> dict[str, str]:
    """Say what is wrong with a tidy draft: the names of fields, and the reasons."""
    found = [
        *_wrong_words(draft),
        *_wrong_lists(draft),
        *_wrong_options(draft),
        *(wrong for n, v in enumerate(draft.variants) for wrong in _wrong_variant(n, v)),
        *(wrong for n, p in enumerate(draft.pictures) for wrong in _wrong_picture(n, p)),
    ]
    return dict(reversed(found))


def missing_to_sell(draft: Draft) -> list[str]:
    """Say what it lacks before anyone may see it."""
    missing = [] if draft.title else ["title"]
    if not draft.variants:
        missing.append("variant")
    elif any(variant.price == 0 for variant in draft.variants):
        missing.append("price")
    return missing


def _body(body_html: str) -> str:
    # What cannot be stored is left in for `wrong_fields` to name; the sanitiser would hide it.
    return body_html if CONTROL.search(body_html) else sanitised(body_html)


def _text(field: str, text: str, most: int) -> Iterator[tuple[str, str]]:
    if len(text) > most:
        yield field, f"at most {most} characters"
    if CONTROL.search(text):
        yield field, "has characters that are not text"


def _wrong_words(draft: Draft) -> Iterator[tuple[str, str]]:
    if not is_handle(draft.handle):
        yield "handle", "letters in lower case, digits, hyphens and underscores"
    yield from _text("handle", draft.handle, TEXT_MAX)
    yield from _text("title", draft.title, TEXT_MAX)
    yield from _text("body_html", draft.body_html, BODY_MAX)
    yield from _text("vendor", draft.vendor, TEXT_MAX)
    yield from _text("product_type", draft.product_type, TEXT_MAX)
    yield from _text("seo_title", draft.seo_title, TEXT_MAX)
    yield from _text("seo_description", draft.seo_description, SEO_DESCRIPTION_MAX)
    for locale, words in draft.translations.items():
        field = f"translations.{locale}"
        if not LOCALE.fullmatch(locale):
            yield field, "not a language tag"
        if not words.title:
            yield f"{field}.title", "needed"
        yield from _text(f"{field}.title", words.title, TEXT_MAX)
        yield from _text(f"{field}.body_html", words.body_html, BODY_MAX)


def _wrong_lists(draft: Draft) -> Iterator[tuple[str, str]]:
    for field, count, most in (
        ("tags", len(draft.tags), TAGS_MAX),
        ("attributes", len(draft.attributes), ATTRIBUTES_MAX),
        ("option_names", len(draft.option_names), OPTIONS_MAX),
        ("variants", len(draft.variants), VARIANTS_MAX),
        ("pictures", len(draft.pictures), PICTURES_MAX),
        ("translations", len(draft.translations), TRANSLATIONS_MAX),
    ):
        if count > most:
            yield field, f"at most {most}"
    for tag in draft.tags:
        yield from _text("tags", tag, TEXT_MAX)
        if "," in tag:
            yield "tags", "a tag has no comma"
    for name, value in draft.attributes.items():
        if not name:
            yield "attributes", "an attribute has a name"
        yield from _text("attributes", name, TEXT_MAX)
        yield from _text(f"attributes.{name[:TEXT_MAX]}", value, ATTRIBUTE_MAX)


def _wrong_options(draft: Draft) -> Iterator[tuple[str, str]]:
    for name in draft.option_names:
        yield from _text("option_names", name, TEXT_MAX)
        if not name:
            yield "option_names", "an option has a name"
    if _repeated(draft.option_names):
        yield "option_names", "named twice"
    if not draft.option_names and len(draft.variants) > 1:
        yield "option_names", "several variants need an option to tell them apart"
    elif _repeated(variant.options for variant in draft.variants):
        yield "variants", "two have the same option values"
    for n, variant in enumerate(draft.variants):
        if len(variant.options) != len(draft.option_names):
            yield f"variants[{n}].options", f"one value for each of {len(draft.option_names)}"


def _repeated(values: Iterable[object]) -> bool:
    return any(count > 1 for count in Counter(values).values())


def _wrong_variant(n: int, variant: VariantDraft) -> Iterator[tuple[str, str]]:
    field = f"variants[{n}]"
    for value in variant.options:
        yield from _text(f"{field}.options", value, TEXT_MAX)
        if not value:
            yield f"{field}.options", "needed"
    yield from _text(f"{field}.sku", variant.sku, TEXT_MAX)
    yield from _text(f"{field}.barcode", variant.barcode, TEXT_MAX)
    for name, number, least, most in (
        ("price", variant.price, 0, AMOUNT_MAX),
        ("compare_at", variant.compare_at, 0, AMOUNT_MAX),
        ("weight_g", variant.weight_g, 0, WEIGHT_MAX_G),
        ("limit_per_buyer", variant.limit_per_buyer, 1, LIMIT_MAX),
    ):
        if number is not None and not least <= number <= most:
            yield f"{field}.{name}", f"from {least} to {most}"


def _wrong_picture(n: int, picture: PictureDraft) -> Iterator[tuple[str, str]]:
    field = f"pictures[{n}]"
    if picture.file is None and picture.source_url is None:
        yield field, "needs a file or an address"
    if picture.file is not None and not FILE.fullmatch(picture.file):
        yield f"{field}.file", "not a file of the picture store"
    if picture.source_url is not None and not is_address(picture.source_url):
        yield f"{field}.source_url", "not an address of http or https"
    yield from _text(f"{field}.alt", picture.alt, ALT_MAX)
    for name, size in (("width", picture.width), ("height", picture.height)):
        if size is not None and not 1 <= size <= 1_000_000:  # noqa: PLR2004  a kilometre of dots
            yield f"{field}.{name}", "from 1 to 1000000"


def is_address(text: str) -> bool:
    """Tell whether a picture can be named by it."""
    return len(text) <= URL_MAX and bool(_URL.fullmatch(text)) and not CONTROL.search(text)


def is_handle(text: str) -> bool:
    """Tell whether it can stand in an address: words of small letters and hyphens."""
    return bool(_HANDLE.fullmatch(text)) and text == text.lower()
