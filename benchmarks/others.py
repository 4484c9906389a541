"""The same order as others write it: by hand with an ORM, and with django-oscar."""

from typing import Any

from benchmarks import environment, orders
from benchmarks.ground import Ground
from benchmarks.result import Result, Yardstick, result

_ORM = ("sqlalchemy>=2", "psycopg[binary]>=3")
_OSCAR = ("django-oscar", "psycopg[binary]>=3")


def naive(ground: Ground, seconds: float) -> Result:
    """Place the same order with SQLAlchemy's ORM, one transaction an order, beside `orders`."""
    program = environment.python("orm", _ORM)
    address = ground.database("naive", migrated=False)
    said, against = _beside(
        ground, seconds, lambda: environment.tell(program, "orm.py", address, str(seconds))
    )
    return _result("naive", said, against, seconds, threads=said["threads"])


def peer_oscar(ground: Ground, seconds: float) -> Result:
    """Place the same order with django-oscar, and try its last units, beside `orders`."""
    program = environment.python("oscar", _OSCAR)
    ground.database("oscar", migrated=False)
    where = (ground.socket_directory, ground.port, "oscar")
    said, against = _beside(
        ground,
        seconds,
        lambda: environment.tell(program, "oscar_shop.py", *where, str(seconds)),
    )
    return _result(
        "peer-oscar",
        said,
        against,
        seconds,
        threads=said["threads"],
        version=said["version"],
        last_units=200,
        last_units_sold=said["last_units_sold"],
    )


def _beside(ground: Ground, seconds: float, measure: Any) -> tuple[dict[str, Any], Yardstick]:  # noqa: ANN401  a function
    """Measure something between two halves of `orders`."""
    set_up = orders.prepared(ground)
    before = orders.placed(ground, set_up, seconds / 2)
    said = measure()
    after = orders.placed(ground, set_up, seconds / 2)
    return said, Yardstick("orders", (before.rate + after.rate) / 2)


def _result(
    name: str,
    said: dict[str, Any],
    against: Yardstick,
    seconds: float,
    **facts: Any,  # noqa: ANN401  JSON values
) -> Result:
    return result(
        name,
        said["per_second"],
        "orders/s",
        p50_ms=said["p50_ms"],
        p99_ms=said["p99_ms"],
        against=against,
        seconds=seconds,
        **facts,
    )
