"""Product files: what is right goes in, what is wrong is named, what is written reads back."""

import tracemalloc
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serai import catalog
from serai.catalog import (
    Code,
    Kind,
    Product,
    ProductPicture,
    ProductVariant,
    Reading,
    RowError,
    State,
)
from serai.kernel.errors import Refused

# As a well-known shop system writes it: rows of a product, then rows with only a variant or only
# a picture; quoted commas, quotes and line feeds; columns that mean nothing here.
REAL = Path(__file__).with_name("another_shop.csv").read_text(encoding="utf-8")

Answer = list[Product | RowError]


def read(text: str | bytes, currency: str = "EUR") -> Answer:
    raw = text.encode() if isinstance(text, str) else text
    reading = catalog.read_products(BytesIO(raw), currency)
    assert isinstance(reading, Reading), reading
    return list(reading.products)


def products(answer: Answer) -> list[Product]:
    return [one for one in answer if isinstance(one, Product)]


def errors(answer: Answer) -> list[tuple[int, str]]:
    return [(one.line, one.column) for one in answer if isinstance(one, RowError)]


def test_a_file_of_another_shop_system_is_understood() -> None:
    tee, wrap = read(REAL)
    assert tee == Product(
        line=2,
        handle="classic-tee",
        title='Tee, "Classic"',
        currency="EUR",
        body_html="<p>Soft.</p>\n<p>Washed.</p>",
        vendor="Acme",
        category="Apparel > Shirts",
        product_type="Shirt",
        tags=("cotton", "summer"),
        state=State.PUBLISHED,
        kind=Kind.PHYSICAL,
        option_names=("Colour", "Size"),
        variants=(
            ProductVariant(
                options=("Red", "S"),
                price=1990,
                compare_at=2500,
                sku="T-R-S",
                barcode="4006381333931",
                grams=180,
                quantity=5,
            ),
            ProductVariant(
                options=("Red", "M"),
                price=1990,
                compare_at=None,
                sku="T-R-M",
                barcode="",
                grams=180,
                quantity=0,
            ),
            ProductVariant(
                options=("Blue", "S"), price=2100, compare_at=None, sku="", barcode="", grams=180
            ),
        ),
        pictures=(
            ProductPicture("https://cdn.example.com/tee.jpg?v=1", "Front"),
            ProductPicture("https://cdn.example.com/back.jpg", "Back"),
            ProductPicture("https://cdn.example.com/side.jpg"),
        ),
        seo_title="Tee",
        seo_description="A tee",
    )
    assert isinstance(wrap, Product)
    assert (wrap.line, wrap.option_names, wrap.variants[0].options) == (7, (), ())
    assert (wrap.state, wrap.kind, wrap.variants[0].price) == (State.PAUSED, Kind.DIGITAL, 200)


def test_columns_without_meaning_here_are_named() -> None:
    reading = catalog.read_products(BytesIO(REAL.encode()), "EUR")
    assert isinstance(reading, Reading)
    assert reading.ignored == (
        "Option1 Linked To",
        "Variant Inventory Tracker",
        "Variant Inventory Policy",
        "Variant Fulfillment Service",
        "Variant Taxable",
        "Variant Image",
        "Variant Weight Unit",
        "Cost per item",
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + REAL.encode(),
        REAL.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + REAL.replace("\n", "\r\n").encode(),
        REAL.rstrip("\n").encode(),
        REAL.replace("Handle,Title", "HANDLE , title").encode(),
        REAL.replace("gift-wrap,", "\n,,,\ngift-wrap,").encode(),
    ],
)
def test_marks_line_ends_and_capitals_of_the_header_do_not_matter(raw: bytes) -> None:
    expected = [(p.handle, p.variants, p.body_html) for p in products(read(REAL))]
    answer = read(raw)
    assert [(p.handle, p.variants, p.body_html) for p in products(answer)] == expected
    assert errors(answer) == []


def test_old_line_ends_are_read_too() -> None:
    answer = read("Handle,Title,Variant Price\ra,A,1\rb,B,2\r")
    assert [p.handle for p in products(answer)] == ["a", "b"]


def test_what_a_file_does_not_say_is_not_invented() -> None:
    [bare] = read("Handle,Title,Variant Price\na,A,1\n")
    assert isinstance(bare, Product)
    assert bare == Product(
        line=2,
        handle="a",
        title="A",
        currency="EUR",
        variants=(ProductVariant(price=100),),
    )
    assert bare.variants[0].quantity is None
    [empty] = read("Handle,Title,Vendor,Variant Price,Variant Compare At Price\na,A,,1,\n")
    assert isinstance(empty, Product)
    assert (empty.vendor, empty.variants[0].compare_at) == ("", None)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no column Handle and no column Title"),
        (b"Title,Price\nx,1\n", "no column Handle"),
        (b"Handle;Title;Price\nx;1\n", "no column Handle and no column Title"),
        (b"Handle,Title,Handle\n", "Handle is there twice"),
        (b"Handle,Title,SKU,sku\n", "is there twice"),
        ("Handle,Title\n".encode("utf-16"), "not UTF-8"),
        ("Handle,Titel,Größe\n".encode("latin-1"), "not UTF-8"),
        (b'Handle,"Title\n', "no CSV"),
        (b"\x00\x01\x02", "not UTF-8"),
    ],
)
def test_a_file_without_a_usable_header_is_refused_as_a_whole(raw: bytes, reason: str) -> None:
    answer = catalog.read_products(BytesIO(raw), "EUR")
    assert isinstance(answer, Refused)
    assert answer.code == Code.FILE_UNREADABLE
    assert reason in answer.facts["reason"]


HEAD = "Handle,Title,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
HEAD += (
    "Variant Grams,Variant Inventory Qty,Variant Price,Image Src,Image Alt Text,Status,Gift Card"
)
GOOD = "a,A,TRUE,Size,S,,,1,1,1.00,https://example.com/a.jpg,,active,FALSE"


def with_cell(column: str, value: str) -> str:
    cells = dict(zip(HEAD.split(","), GOOD.split(","), strict=True)) | {column: value}
    return ",".join(f'"{cell}"' for cell in cells.values())


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("Variant Price", "", "is empty"),
        ("Variant Price", "12,50", "not an amount"),
        ("Variant Price", "1.005", "decimal places"),
        ("Variant Price", "-1", "not an amount"),
        ("Variant Price", "1e3", "not an amount"),
        ("Variant Price", "NaN", "not an amount"),
        ("Variant Price", "1_000", "not an amount"),
        ("Variant Price", "٣", "not an amount"),
        ("Variant Price", "9999999999999999", "more than"),
        ("Variant Price", "$5", "not an amount"),
        ("Variant Grams", "heavy", "not a whole number"),
        ("Variant Grams", "1.5", "not a whole number"),
        ("Variant Grams", "-1", "is not from 0"),
        ("Variant Inventory Qty", "-3", "is not from 0"),
        ("Variant Inventory Qty", "99999999999", "is not from 0"),
        ("Option1 Value", "", "needs a value"),
        ("Option2 Value", "Red", "has no Option2 Name"),
        ("Option1 Value", "x" * 256, "at most 255"),
    ],
)
def test_a_wrong_variant_is_reported_and_the_rest_goes_in(
    column: str, value: str, reason: str
) -> None:
    answer = read(f"{HEAD}\n{with_cell(column, value)}\na,,,,M,,,,,2,,,,\nb,B,,,,,,,,3,,,,\n")
    [error] = [one for one in answer if isinstance(one, RowError)]
    assert (error.line, error.column, error.value) == (2, column, value[:120])
    assert reason in error.reason
    first, second = products(answer)
    assert [v.price for v in first.variants] == [200]
    assert first.pictures == (ProductPicture("https://example.com/a.jpg"),)
    assert second.handle == "b"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Title", ""),
        ("Title", "x" * 256),
        ("Title", "a\x00b"),
        ("Published", "perhaps"),
        ("Status", "sold"),
        ("Gift Card", "TRUE"),
        ("Option2 Name", "Size"),
    ],
)
def test_a_product_that_is_wrong_as_such_is_left_out_with_all_its_rows(
    column: str, value: str
) -> None:
    answer = read(f"{HEAD}\n{with_cell(column, value)}\na,,,,M,,,,,2,,,,\nb,B,,,,,,,,3,,,,\n")
    assert errors(answer)[:1] == [(2, column)]
    assert (3, "Handle") in errors(answer)
    assert [p.handle for p in products(answer)] == ["b"]


def test_a_wrong_picture_does_not_take_its_variant_along() -> None:
    answer = read(f"{HEAD}\n{with_cell('Image Src', 'javascript:alert(1)')}\n")
    assert errors(answer) == [(2, "Image Src")]
    [product] = products(answer)
    assert (len(product.variants), product.pictures) == (1, ())


def test_all_that_is_wrong_with_a_row_is_named() -> None:
    answer = read(f"{HEAD}\na,A,TRUE,Size,S,,,x,y,z,ftp://q,,active,FALSE\n")
    assert errors(answer) == [
        (2, "Variant Price"),
        (2, "Variant Grams"),
        (2, "Variant Inventory Qty"),
        (2, "Image Src"),
    ]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    rows = 'a,"A\n\nB",1\nb,B,free\n\n\nc,"C",\nd,D,4,extra\n,X,1\n"broken"x,Y,1\ne,E,5\n'
    answer = read("Handle,Title,Variant Price\n" + rows)
    assert errors(answer) == [
        (5, "Variant Price"),
        (9, ""),
        (10, "Handle"),
        (11, ""),
    ]
    assert [(p.line, p.handle) for p in products(answer)] == [
        (2, "a"),
        (5, "b"),
        (8, "c"),
        (12, "e"),
    ]


def test_bytes_that_are_no_utf8_spoil_their_own_cell_only() -> None:
    raw = b"Handle,Title,Variant Price\na,Gr\xfc\xdfe,1\nb,B,2\n"
    [error, fine] = read(raw)
    assert isinstance(error, RowError)
    assert (error.line, error.column) == (2, "Title")
    assert "UTF-8" in error.reason
    error.value.encode()
    assert isinstance(fine, Product)
    assert fine.handle == "b"


def test_the_same_options_twice_are_one_variant_and_one_error() -> None:
    answer = read(f"{HEAD}\n{GOOD}\na,,,,S,,,,,9,,,,\n")
    assert errors(answer) == [(3, "Option1 Value")]
    assert [v.price for v in products(answer)[0].variants] == [100]


def test_rows_of_a_product_that_stand_apart_are_reported() -> None:
    answer = read("Handle,Title,Variant Price\na,A,1\nb,B,1\na,A again,2\na,,3\n")
    assert [(p.handle, p.variants[0].price) for p in products(answer)] == [("a", 100), ("b", 100)]
    assert errors(answer) == [(4, "Handle"), (5, "Handle")]


def test_later_rows_may_repeat_the_product_but_not_contradict_it() -> None:
    head = "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant Price"
    answer = read(f"{head}\na,A,V,Size,S,1\na,A,V,Size,M,1\na,A,W,Size,L,1\na,,,,,\n")
    assert errors(answer) == [(4, "Vendor"), (5, "Handle")]
    assert len(products(answer)[0].variants) == 3


def test_a_product_has_at_most_100_variants_and_20_pictures() -> None:
    head = "Handle,Title,Option1 Name,Option1 Value,Variant Price,Image Src"
    rows = [f"a,,,{n},1,https://example.com/{n}" for n in range(1, 102)]
    answer = read("\n".join([head, "a,A,Size,0,1,https://example.com/0", *rows]))
    [product] = products(answer)
    assert (len(product.variants), len(product.pictures)) == (100, 20)
    assert errors(answer).count((102, "Handle")) == 1
    assert errors(answer).count((22, "Image Src")) == 1


def test_prices_are_read_exactly_in_their_currency() -> None:
    text = "Handle,Title,Variant Price\na,A,{}\n"
    for amount, currency, minor in (
        ("19.99", "EUR", 1999),
        ("1980", "JPY", 1980),
        ("1.234", "KWD", 1234),
        ("0.07", "CNY", 7),
        ("10000000000000.00", "USD", 10**15),
    ):
        [product] = products(read(text.format(amount), currency))
        assert product.variants[0].price == minor
    assert errors(read(text.format("19.5"), "JPY")) == [(2, "Variant Price")]


_HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")),
    st.text(st.sampled_from('a,"\r\n\x00 \ud800\ufeff1.-'), max_size=200).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    ),
)


@settings(max_examples=300, deadline=None)
@given(
    head=st.sampled_from([b"", HEAD.encode() + b"\n", f"{HEAD}\n{GOOD}\n".encode()]), rest=_HOSTILE
)
def test_no_file_is_an_error(head: bytes, rest: bytes) -> None:
    reading = catalog.read_products(BytesIO(head + rest), "EUR")
    if isinstance(reading, Refused):
        assert reading.code == Code.FILE_UNREADABLE
        return
    for one in reading.products:
        assert isinstance(one, Product | RowError)
        if isinstance(one, RowError):
            one.value.encode()
            assert one.line >= 2
            assert one.reason


def test_a_long_file_is_read_a_product_at_a_time() -> None:
    def lines() -> Iterator[bytes]:
        yield b"Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant Price\n"
        body = b"x" * 2_000
        for n in range(10_000):
            yield b"p-%d,P,%s,Size,1,9.99\n" % (n, body)
            for size in range(2, 6):
                yield b"p-%d,,,,%d,9.99\n" % (n, size)

    reading = catalog.read_products(lines(), "EUR")
    assert isinstance(reading, Reading)
    goods = (one for one in reading.products if isinstance(one, Product))
    count = sum(len(product.variants) for product in islice(goods, 9_000))
    # Watching memory is slow, so only the last tenth is watched: 5,000 rows of 2 MB.
    tracemalloc.start()
    try:
        count += sum(len(product.variants) for product in goods)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 50_000
    assert peak < 500_000


def test_a_line_without_end_fills_no_memory() -> None:
    whole = b"Handle,Title\n" + b'"' + b"x" * 8_000_000
    pieces: Iterable[bytes] = catalog.file_lines(BytesIO(whole))
    assert max(len(piece) for piece in pieces) <= 1024 * 1024
    reading = catalog.read_products(catalog.file_lines(BytesIO(whole)), "EUR")
    assert isinstance(reading, Reading)
    assert all(isinstance(one, RowError) for one in reading.products)
