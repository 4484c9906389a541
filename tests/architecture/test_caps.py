"""Each of the house's own rules finds a planted breach, spares what is right, and holds here."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tools.house import RULES, Rule, breaches, documents, rooms, sizes, wording

ROOT = Path(__file__).parents[2]

Plant = Callable[[str, str], Path]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Write a file into an empty tree, and answer the tree's root."""

    def write(path: str, text: str) -> Path:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
        return tmp_path

    return write


def test_this_tree_keeps_every_rule() -> None:
    assert [str(breach) for breach in breaches(ROOT)] == []


def test_the_rules_do_read_this_tree() -> None:
    """A rule that looked in the wrong folder would find nothing, whatever is there."""
    longest = max(len(p.read_text(encoding="utf-8").splitlines()) for p in ROOT.glob("src/**/*.py"))
    assert longest > 50
    assert all(rule.__module__.startswith("tools.house.") for rule in RULES)


@pytest.mark.parametrize(
    ("path", "lines", "found"),
    [
        ("src/serai/trade/cart.py", 400, 0),
        ("src/serai/trade/cart.py", 401, 1),
        ("benchmarks/orders.py", 401, 1),
        ("tests/trade/test_cart.py", 500, 0),
        ("tests/trade/test_cart.py", 501, 1),
    ],
)
def test_a_file_past_its_cap_is_two_ideas(plant: Plant, path: str, lines: int, found: int) -> None:
    root = plant(path, "x = 1\n" * lines)

    assert len(list(sizes.files_are_one_idea(root))) == found


@pytest.mark.parametrize(("lines", "found"), [(60, 0), (61, 1)])
@pytest.mark.parametrize("head", ["def hold():", "async def hold():"])
def test_a_function_past_sixty_lines_is_two(
    plant: Plant, head: str, lines: int, found: int
) -> None:
    root = plant("src/serai/payments/escrow.py", head + "\n" + "    x = 1\n" * (lines - 1))

    assert len(list(sizes.functions_are_one_idea(root))) == found


def test_a_method_is_capped_like_a_function(plant: Plant) -> None:
    body = "        x = 1\n" * 60
    root = plant("src/serai/kernel/batch.py", f"class Batcher:\n    def drain(self):\n{body}")

    (breach,) = sizes.functions_are_one_idea(root)

    assert (breach.path, breach.line) == (Path("src/serai/kernel/batch.py"), 2)


LATER = "TO" + "DO"
FIX = "FIX" + "ME"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/serai/trade/cart.py", f"x = 1  # {LATER}: limits\n"),
        ("src/serai/trade/cart.py", f'"""Carts.\n\n{FIX} limits.\n"""\n'),
        ("tests/trade/test_cart.py", f"# {'X' * 3} flaky\n"),
        ("migrations/0001_ledger.sql", f"-- {LATER}\nselect 1;\n"),
    ],
)
def test_nothing_is_left_for_later(plant: Plant, path: str, text: str) -> None:
    assert len(list(wording.nothing_is_left_for_later(plant(path, text)))) == 1


def test_the_currency_code_of_no_currency_is_no_promise(plant: Plant) -> None:
    root = plant("src/serai/kernel/money.py", f'NO_CURRENCY = "{"X" * 3}"\n')

    assert list(wording.nothing_is_left_for_later(root)) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pytest\n@pytest.mark.skip\ndef test_it(): ...\n",
        "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_it(): ...\n",
        "import pytest\n@pytest.mark.skipif(True, reason='')\ndef test_it(): ...\n",
        "import pytest\ndef test_it():\n    pytest.skip('later')\n",
        "import pytest\nbeancount = pytest.importorskip('beancount')\n",
        "from pytest import skip\n",
    ],
)
def test_no_test_is_skipped(plant: Plant, text: str) -> None:
    assert len(list(wording.no_test_is_skipped(plant("tests/test_it.py", text)))) == 1


@pytest.mark.parametrize(
    "sql",
    ["for update", "FOR UPDATE", "for no key update", "for\\nshare", "for update skip locked"],
)
def test_rows_are_locked_by_the_kernel_alone(plant: Plant, sql: str) -> None:
    text = f'_TAKE = "select id from inventory_stock {sql}"\n'
    plant("src/serai/kernel/lock.py", text)
    root = plant("src/serai/inventory/stock.py", text)

    (breach,) = wording.rows_are_locked_in_one_place(root)

    assert breach.path == Path("src/serai/inventory/stock.py")


def test_a_docstring_may_speak_of_locks(plant: Plant) -> None:
    root = plant(
        "src/serai/inventory/stock.py", '"""No `for update` here; kernel/lock.py has it."""\n'
    )

    assert list(wording.rows_are_locked_in_one_place(root)) == []


@pytest.mark.parametrize(
    "text",
    [
        "def fee(minor: int) -> float: ...\n",
        "def fee(minor: 'float | None') -> int: ...\n",
        "x = float('0.1')\n",
        "rate: dict[str, float] = {}\n",
        "assert isinstance(3, float)\n",
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "src/serai/ledger/transfers.py",
        "src/serai/payments/providers/sandbox.py",
        "src/serai/kernel/money.py",
    ],
)
def test_money_is_never_a_float(plant: Plant, path: str, text: str) -> None:
    assert len(list(wording.money_is_never_a_float(plant(path, text)))) == 1


def test_seconds_may_be_a_float_where_no_money_is(plant: Plant) -> None:
    root = plant("src/serai/kernel/batch.py", "pause_s: float = 0.2\n")

    assert list(wording.money_is_never_a_float(root)) == []


@pytest.mark.parametrize(
    "sql",
    [
        "create trigger seal after insert on ledger_transfer execute function seal();",
        "create or replace trigger seal before insert on t execute function seal();",
        "create table t (id bigserial primary key);",
        "create table t (id serial4);",
        "create table t (id bigint generated always as identity);",
        "create sequence orders;",
        "insert into t values (nextval('orders'));",
    ],
)
def test_migrations_hold_no_trigger_and_no_serial_number(plant: Plant, sql: str) -> None:
    root = plant("migrations/0001_ledger.sql", f"select 1;\n/* why\n\n*/ {sql}\n")

    (breach,) = wording.migrations_stay_fit_for_many_machines(root)

    assert breach.line == 4


def test_a_migration_may_say_why_it_has_none(plant: Plant) -> None:
    text = "-- no trigger, no serial\ncreate table t (serial_code text, n int); /* nextval */\n"
    root = plant("migrations/0001_ledger.sql", text)

    assert list(wording.migrations_stay_fit_for_many_machines(root)) == []


@pytest.mark.parametrize(
    "text",
    [
        "See [the floors](docs/architecture.md).",
        "See [the floors](docs/architecture.md#floors) and [more](https://example.org).",
        "Rows are locked in `src/serai/kernel/lock.py`.",
        "Rows are locked in `kernel/lock.py`.",
        "Look at `migrations/*.sql` and run `make test`.",
        "![a trade](docs/trade.svg)",
        "Settings are in `settings.toml`.",
    ],
)
def test_a_document_names_only_what_exists(plant: Plant, text: str) -> None:
    (_,) = documents.paths_in_documents_exist(plant("README.md", f"# Serai\n\n{text}\n"))


def test_a_document_may_name_what_is_there_and_what_is_no_path(plant: Plant) -> None:
    plant("src/serai/kernel/lock.py", "")
    plant("migrations/0001_ledger.sql", "")
    plant("docs/architecture.md", "Back to [the start](../README.md), or [up](#top).\n")
    root = plant(
        "README.md",
        """
        [The floors](docs/architecture.md#floors), [a page](https://example.org/x.md),
        `kernel/lock.py`, `lock.py`, `src/serai/kernel/`, `migrations/*.sql`,
        `migrations/NUMBER_NAME.sql`, `POST /orders`, `text/html`, `/api/v1`, `data/`,
        `.venv/bin/serai`, `and/or`.

        ```
        src/serai/nowhere.py
        ```
        """,
    )

    assert list(documents.paths_in_documents_exist(root)) == []


@pytest.mark.parametrize(
    "text",
    [
        "import litestar\n",
        "from litestar.exceptions import NotFoundException\n",
        "import uvicorn\n",
        "import httpx\n",
        "from rich.progress import track\n",
        "import rich_click as click\n",
        "def later():\n    import click\n",
    ],
)
@pytest.mark.parametrize("room", ["catalog", "kernel"])
def test_halls_and_ground_know_no_door_library(plant: Plant, room: str, text: str) -> None:
    plant(f"src/serai/{room}/__init__.py", "")
    root = plant(f"src/serai/{room}/importing.py", text)

    assert len(list(rooms.outside_libraries_stay_at_the_doors(root))) == 1


def test_doors_and_the_delivery_of_webhooks_may_speak_http(plant: Plant) -> None:
    plant("src/serai/api/app.py", "import litestar\n")
    plant("src/serai/cli/up.py", "import uvicorn, rich_click, rich\n")
    root = plant("src/serai/kernel/webhooks.py", "import httpx\n")

    assert list(rooms.outside_libraries_stay_at_the_doors(root)) == []


@pytest.fixture
def two_halls(plant: Plant) -> Plant:
    """A tree with the halls trade and payments; the latter exports its ledger of holds."""
    plant("src/serai/trade/__init__.py", "")
    plant("src/serai/payments/providers/__init__.py", "")
    plant("src/serai/payments/escrow.py", "")
    plant("src/serai/payments/sandbox.py", "")
    plant(
        "src/serai/payments/__init__.py",
        'from serai.payments import sandbox\n__all__ = ["hold", "sandbox"]\n',
    )
    return plant


@pytest.mark.parametrize(
    "text",
    [
        "import serai.payments.escrow\n",
        "from serai.payments.escrow import hold\n",
        "from serai.payments import escrow\n",
        "from serai.payments import providers\n",
        "from ..payments.escrow import hold\n",
        "from ..payments import escrow\n",
        "import importlib\nimportlib.import_module('serai.payments.escrow')\n",
        "def later():\n    from serai.payments.escrow import hold\n",
    ],
)
def test_a_hall_is_entered_by_its_face(two_halls: Plant, text: str) -> None:
    root = two_halls("src/serai/trade/checkout.py", text)

    (breach,) = rooms.halls_are_entered_by_their_face(root)

    assert breach.path == Path("src/serai/trade/checkout.py")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/serai/trade/checkout.py", "from serai.payments import hold, sandbox\n"),
        ("src/serai/trade/checkout.py", "import serai.payments\n"),
        ("src/serai/trade/checkout.py", "from serai.kernel.tx import Tx\n"),
        ("src/serai/payments/wallet.py", "from serai.payments.escrow import hold\n"),
        ("tests/payments/test_escrow.py", "from serai.payments.escrow import hold\n"),
    ],
)
def test_the_face_and_the_ground_are_open(two_halls: Plant, path: str, text: str) -> None:
    root = two_halls(path, text)

    assert list(rooms.halls_are_entered_by_their_face(root)) == []


def test_the_tests_of_another_hall_knock_like_everyone(two_halls: Plant) -> None:
    root = two_halls("tests/trade/test_checkout.py", "from serai.payments.escrow import hold\n")

    (breach,) = rooms.halls_are_entered_by_their_face(root)

    assert breach.path == Path("tests/trade/test_checkout.py")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_has_nothing_to_say_about_an_empty_tree(rule: Rule, tmp_path: Path) -> None:
    assert list(rule(tmp_path)) == []
