"""`serai import` and `serai export`: goods as files, the ledger as a journal."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from serai.kernel.tx import Database
from serai.members import Shop
from tests.catalog.sample import open_market, open_shop
from tests.cli.running import serai
from tests.kernel.servers import ask

HEADER = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Published,Colour\n"  # noqa: E501  a line of a file
GOOD = HEADER + (
    "bowl,Bowl,Size,Small,B-S,300,4,12.50,TRUE,blue\n"
    "bowl,,,Large,B-L,600,2,18.00,,\n"
    "cup,Cup,,,C-1,240,9,7.25,TRUE,\n"
)
WRONG = HEADER + (
    "bowl,Bowl,Size,Small,B-S,300,4,twelve,TRUE,\n"
    "bowl,,,Large,B-L,600,2,18.00,,\n"
    "cup,Cup,,,C-1,240,9,7.25,TRUE,\n"
    "jug,,,,J-1,240,9,7.25,TRUE,\n"
)


@pytest.fixture
async def shop(database: Database) -> Shop:
    async with database.tx() as tx:
        return await open_shop(tx, await open_market(tx), "vale")


def _import(dsn: str, file: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return serai("import", "products", "vale", file, *more, data=file.parent, dsn=dsn)


def test_a_file_goes_in_once_however_often_it_is_brought(
    shop: Shop, dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "goods.csv"
    file.write_text(GOOD)
    first = _import(dsn, file)
    assert first.returncode == 0, first.stderr
    assert "2 new, 0 changed, 0 as they were; stock of 3 variants set; 0 refused." in first.stdout
    assert "Colour" in first.stderr
    assert ask(dsn, "select sum(on_hand) from inventory_stock") == 15
    moved = ask(dsn, "select count(*) from inventory_movement")

    again = json.loads(_import(dsn, file, "--json").stdout)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    assert again["counted"] == 0
    assert ask(dsn, "select count(*) from inventory_movement") == moved
    assert ask(dsn, "select count(*) from catalog_listing") == 2


def test_wrong_rows_are_named_by_line_column_and_reason_and_the_rest_goes_in(
    shop: Shop, dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "goods.csv"
    file.write_text(WRONG)
    ran = _import(dsn, file)
    assert ran.returncode == 3
    assert "goods.csv:2: Variant Price: " in ran.stderr
    assert "'twelve'" in ran.stderr
    assert "goods.csv:5: Title: " in ran.stderr
    assert ask(dsn, "select count(*) from catalog_listing where handle = 'cup'") == 1
    assert ask(dsn, "select count(*) from catalog_listing where handle = 'jug'") == 0
    as_json = json.loads(_import(dsn, file, "--json").stdout)
    assert {"line", "column", "value", "reason"} == set(as_json["errors"][0])


def test_what_is_exported_reads_back_the_same(shop: Shop, dsn: str, tmp_path: Path) -> None:
    file, out = tmp_path / "goods.csv", tmp_path / "out.csv"
    file.write_text(GOOD)
    assert _import(dsn, file).returncode == 0
    assert serai("export", "products", "vale", out, data=tmp_path, dsn=dsn).returncode == 0
    again = json.loads(_import(dsn, out, "--json").stdout)
    assert (again["unchanged"], again["counted"], again["errors"]) == (2, 0, [])
    to_stdout = serai("export", "products", "vale", "-", data=tmp_path, dsn=dsn)
    assert to_stdout.stdout == out.read_text()


def test_a_file_that_is_none_and_a_shop_that_is_none_are_refused(
    shop: Shop, dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "goods.csv"
    file.write_text("Name,Colour\nBowl,blue\n")
    ran = _import(dsn, file)
    assert ran.returncode == 3
    assert "file_unreadable" in ran.stderr
    nobody = serai("export", "products", "nobody", "-", data=tmp_path, dsn=dsn)
    assert nobody.returncode == 3
    assert "has no shop nobody" in nobody.stderr
    assert nobody.stdout == ""


@pytest.mark.money
def test_another_program_finds_nothing_wrong_with_the_journal(traded: Path) -> None:
    journal = traded.parent / "market.beancount"
    ran = serai("export", "journal", "--beancount", journal, data=traded)
    assert ran.returncode == 0, ran.stderr
    assert "open Liabilities" in journal.read_text()
    checked = subprocess.run(
        [Path(sys.executable).with_name("bean-check"), journal],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
