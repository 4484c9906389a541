"""Product files, there and back: what is written reads as what it was, and is written the same."""

from string import printable

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from serai import catalog
from serai.catalog import Kind, Product, ProductPicture, ProductVariant, Reading, State
from serai.catalog.draft import CONTROL, is_handle
from serai.catalog.product_columns import WRITTEN

_words = st.text(max_size=20).map(lambda text: " ".join(CONTROL.sub("", text).split()))
_name = _words.filter(bool)
_tag = _name.map(lambda text: text.replace(",", "").strip()).filter(bool)
_amounts = st.integers(0, 10**15)
_handle = st.text("abcdefghij0123456789-_üß中文", min_size=1, max_size=12).filter(is_handle)
_url = st.text("abc/?&=%,.+", max_size=20).map(lambda path: f"https://example.com/{path}")
_body = st.text(st.sampled_from(printable + "碗ü\u2028"), max_size=60).map(
    lambda text: CONTROL.sub("", text).replace("\r", "").strip()
)


@st.composite
def told(draw: st.DrawFn) -> Product:
    """A product of which everything is said."""
    names = tuple(draw(st.lists(_name, max_size=3, unique=True)))
    choices = st.lists(st.tuples(*[_name for _ in names]), max_size=5 if names else 1, unique=True)
    variants = tuple(
        ProductVariant(
            options=options,
            price=draw(_amounts),
            compare_at=draw(st.none() | _amounts),
            sku=draw(_words),
            barcode=draw(_words),
            grams=draw(st.none() | st.integers(0, 10**6)),
            quantity=draw(st.none() | st.integers(0, 10**6)),
        )
        for options in draw(choices)
    )
    if names == ("Title",) and [v.options for v in variants] == [("Default Title",)]:
        names, variants = (), ()
    return Product(
        handle=draw(_handle),
        title=draw(_name),
        currency="EUR",
        body_html=draw(_body),
        vendor=draw(_words),
        category=draw(_words),
        product_type=draw(_words),
        tags=tuple(draw(st.lists(_tag, max_size=4, unique=True))),
        state=draw(st.sampled_from(State)),
        kind=draw(st.sampled_from(Kind)) if variants else None,
        option_names=names,
        variants=variants,
        pictures=tuple(
            ProductPicture(url, draw(_words))
            for url in draw(st.lists(_url, max_size=6, unique=True))
        ),
        seo_title=draw(_words),
        seo_description=draw(_words),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(told(), max_size=4, unique_by=lambda product: product.handle))
def test_what_is_written_reads_back_and_is_written_the_same(goods: list[Product]) -> None:
    text = "".join(catalog.write_products(goods))
    reading = catalog.read_products(text.encode().splitlines(keepends=True), "EUR")
    assert isinstance(reading, Reading)
    back = [replace(one, line=0) for one in reading.products if isinstance(one, Product)]
    assert back == goods
    assert "".join(catalog.write_products(back)) == text


def test_an_export_has_the_columns_in_their_order_and_invents_nothing() -> None:
    text = "".join(catalog.write_products([Product(handle="a", title="A", currency="EUR")]))
    first, second = text.splitlines()
    assert first == ",".join(WRITTEN)
    cells = dict(zip(WRITTEN, second.split(","), strict=True))
    assert {column: cell for column, cell in cells.items() if cell} == {
        "Handle": "a",
        "Title": "A",
        "Gift Card": "FALSE",
    }
