# mypy: disable-error-code="import-not-found,import-untyped"
# ruff: noqa: PLC0415
"""django-oscar, as its own checkout places an order: availability, basket, order creator.

Arguments: socket directory, port, database, seconds. Prints JSON: orders a
second over 10,000 products, and how many of 200 last units it sold when eight
buyers wanted each at once.
"""

import json
import multiprocessing
import random
import sys
import threading
import time
from decimal import Decimal
from typing import Any

import django
from django.conf import settings

PRODUCTS, BUYERS, ROUNDS, RIVALS = 10_000, 2_000, 200, 8
PROCESSES = 2
WARM_SECONDS = 2.0


def configure(socket_directory: str, port: str, database: str) -> None:
    """Set django up with oscar; nothing of either may be imported before."""
    from oscar import INSTALLED_APPS, defaults

    given = {name: value for name, value in vars(defaults).items() if name.isupper()}
    given.update(
        SECRET_KEY="a benchmark keeps no secrets",  # noqa: S106  nor does it
        INSTALLED_APPS=INSTALLED_APPS,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": socket_directory,
                "PORT": port,
                "NAME": database,
                "USER": "postgres",
                "CONN_MAX_AGE": None,
            }
        },
        HAYSTACK_CONNECTIONS={
            "default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        SITE_ID=1,
    )
    settings.configure(**given)
    django.setup()


def fill() -> None:
    """Make the tables, the products with their stock, and the buyers."""
    from django.contrib.auth import get_user_model
    from django.contrib.sites.models import Site
    from django.core.management import call_command
    from oscar.core.loading import get_model

    call_command("migrate", verbosity=0)
    Site.objects.get_or_create(id=1, defaults={"domain": "example.com", "name": "Bench"})
    get_model("address", "Country").objects.create(
        iso_3166_1_a2="CN", printable_name="China", is_shipping_country=True
    )
    product_class = get_model("catalogue", "ProductClass").objects.create(name="Tea")
    partner = get_model("partner", "Partner").objects.create(name="Lin")
    product_model = get_model("catalogue", "Product")
    record_model = get_model("partner", "StockRecord")
    count = PRODUCTS + ROUNDS
    products = product_model.objects.bulk_create(
        product_model(title=f"Green tea {n}", slug=f"tea-{n}", product_class=product_class)
        for n in range(count)
    )
    record_model.objects.bulk_create(
        record_model(
            product=product,
            partner=partner,
            partner_sku=f"T{n}",
            price=Decimal("64.00"),
            num_in_stock=1_000_000 if n < PRODUCTS else 1,
        )
        for n, product in enumerate(products)
    )
    user = get_user_model()
    user.objects.bulk_create(
        user(username=f"buyer{n}", email=f"buyer{n}@example.com") for n in range(BUYERS)
    )


def place(user: Any, product: Any) -> bool:  # noqa: ANN401  models of the peer
    """Order one unit, as the checkout's views do; tells whether it was placed."""
    from oscar.apps.order.exceptions import UnableToPlaceOrder
    from oscar.core.loading import get_class, get_model

    strategy = get_class("partner.strategy", "Selector")().strategy()
    allowed, _ = strategy.fetch_for_product(product).availability.is_purchase_permitted(1)
    if not allowed:
        return False
    basket = get_model("basket", "Basket").objects.create(owner=user)
    basket.strategy = strategy
    basket.add_product(product, 1)
    method = get_class("shipping.methods", "Free")()
    charge = method.calculate(basket)
    total = get_class("checkout.calculators", "OrderTotalCalculator")().calculate(basket, charge)
    number = get_class("order.utils", "OrderNumberGenerator")().order_number(basket)
    address = get_model("order", "ShippingAddress").objects.create(
        first_name="At home", line1="1 Lake Road", country_id="CN"
    )
    try:
        get_class("order.utils", "OrderCreator")().place_order(
            order_number=number,
            user=user,
            basket=basket,
            shipping_address=address,
            shipping_method=method,
            shipping_charge=charge,
            total=total,
        )
    except UnableToPlaceOrder:
        return False
    basket.submit()
    return True


def work(where: tuple[str, str, str], seconds: float, threads: int, said: Any) -> None:  # noqa: ANN401  a queue
    """Order from so many threads; tells the time each order took."""
    configure(*where)
    users, products = _everything()
    begin = time.monotonic() + WARM_SECONDS
    latencies: list[float] = []

    def buy() -> None:
        chance = random.Random()
        while (sent := time.monotonic()) < begin + seconds:
            assert place(chance.choice(users), chance.choice(products))
            answered = time.monotonic()
            if begin <= answered < begin + seconds:
                latencies.append(answered - sent)

    _crowd(threads, buy)
    said.put(latencies)


def _everything() -> tuple[list[Any], list[Any]]:
    from django.contrib.auth import get_user_model
    from oscar.core.loading import get_model

    products = get_model("catalogue", "Product").objects.order_by("id")[:PRODUCTS]
    return list(get_user_model().objects.order_by("id")), list(products)


def _crowd(threads: int, target: Any) -> None:  # noqa: ANN401  a function without arguments
    crowd = [threading.Thread(target=target) for _ in range(threads)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()


def measure(where: tuple[str, str, str], seconds: float, threads: int) -> list[float]:
    """Order from two processes."""
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    facts = (where, seconds, threads, said)
    crowd = [context.Process(target=work, args=facts) for _ in range(PROCESSES)]
    for one in crowd:
        one.start()
    latencies = [latency for _ in crowd for latency in said.get()]
    for one in crowd:
        one.join()
    return latencies


def last_units() -> int:
    """Have eight buyers want each last unit at once; gives how many were sold."""
    from oscar.core.loading import get_model

    users, _ = _everything()
    products = list(get_model("catalogue", "Product").objects.order_by("id")[PRODUCTS:])
    gate = threading.Barrier(RIVALS)
    sold: list[bool] = []

    def rival(number: int) -> None:
        for product in products:
            gate.wait()
            sold.append(place(users[number], product))

    crowd = [threading.Thread(target=rival, args=(number,)) for number in range(RIVALS)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    return sum(sold)


def main() -> None:
    """Fill the shop, find the thread count that suits it best, and measure."""
    where, seconds = (sys.argv[1], sys.argv[2], sys.argv[3]), float(sys.argv[4])
    configure(*where)
    fill()
    found = {count: len(measure(where, 3.0, count)) for count in (1, 2, 4)}
    best = max(found, key=lambda count: found[count])
    latencies = sorted(measure(where, seconds, best))
    import oscar

    print(
        json.dumps(
            {
                "per_second": len(latencies) / seconds,
                "p50_ms": 1000 * latencies[len(latencies) // 2],
                "p99_ms": 1000 * latencies[len(latencies) * 99 // 100],
                "threads": best,
                "last_units_sold": last_units(),
                "version": oscar.get_version(),
            }
        )
    )


if __name__ == "__main__":
    main()
