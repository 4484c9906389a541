# mypy: disable-error-code="import-not-found,misc,no-any-return"
"""The ordinary way to write it: SQLAlchemy ORM, one transaction an order, locks as needed.

Arguments: the database's address, seconds, threads a process. Prints JSON. It
does what an order of the market does: the same id is answered again, price and
address are read, stock is set aside, the buyer's money is held by a transfer
between wallets, and order, line, steps, timer and event are written.
"""

import json
import multiprocessing
import random
import sys
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, String, Uuid, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

PRODUCTS, BUYERS, SELLERS = 10_000, 2_000, 100
PROCESSES = 2
WARM_SECONDS = 2.0


class Base(DeclarativeBase):
    """What every table has in common."""

    type_annotation_map = {  # noqa: RUF012  as the library's manual has it
        uuid.UUID: Uuid(),
        int: BigInteger(),
        str: String(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSON(),
    }


class Wallet(Base):
    """A member's money, and what of it is held."""

    __tablename__ = "wallet"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    balance: Mapped[int]
    held: Mapped[int]
    coming: Mapped[int]


class Address(Base):
    """Where a buyer's parcels go."""

    __tablename__ = "address"
    buyer_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]


class Product(Base):
    """What is sold, and how much of it there is."""

    __tablename__ = "product"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seller_id: Mapped[uuid.UUID]
    title: Mapped[str]
    price: Mapped[int]
    on_hand: Mapped[int]
    reserved: Mapped[int]


class Order(Base):
    """One buyer, one seller."""

    __tablename__ = "orders"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    buyer_id: Mapped[uuid.UUID] = mapped_column(index=True)
    seller_id: Mapped[uuid.UUID] = mapped_column(index=True)
    state: Mapped[str]
    total: Mapped[int]
    address: Mapped[dict[str, Any]]
    placed_at: Mapped[datetime]
    deadline_at: Mapped[datetime]
    lines: Mapped[list["Line"]] = relationship()
    steps: Mapped[list["Step"]] = relationship()


class Line(Base):
    """What was bought."""

    __tablename__ = "line"
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[uuid.UUID]
    title: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[int]


class Step(Base):
    """That an order came into a state."""

    __tablename__ = "step"
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    actor_id: Mapped[uuid.UUID]
    at: Mapped[datetime]


class Transfer(Base):
    """Money that is held for an order."""

    __tablename__ = "transfer"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    debit_id: Mapped[uuid.UUID] = mapped_column(index=True)
    credit_id: Mapped[uuid.UUID] = mapped_column(index=True)
    amount: Mapped[int]
    phase: Mapped[str]
    order_id: Mapped[uuid.UUID]
    at: Mapped[datetime]


class Movement(Base):
    """Stock that is set aside for an order."""

    __tablename__ = "movement"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    product_id: Mapped[uuid.UUID] = mapped_column(index=True)
    order_id: Mapped[uuid.UUID] = mapped_column(index=True)
    quantity: Mapped[int]
    at: Mapped[datetime]


class Timer(Base):
    """What happens when the seller stays silent."""

    __tablename__ = "timer"
    order_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(index=True)


class Event(Base):
    """What others are to be told."""

    __tablename__ = "event"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(index=True)
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class Answer(Base):
    """What was answered to a request, by the id that its client chose."""

    __tablename__ = "answer"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]


def place(
    session: Session, request_id: uuid.UUID, buyer_id: uuid.UUID, product_id: uuid.UUID
) -> dict[str, Any]:
    """Place and pay one order, and commit it."""
    with session.begin():
        known = session.get(Answer, request_id)
        if known is not None:
            return known.body
        now = datetime.now(UTC)
        address = session.get_one(Address, buyer_id)
        product = session.get_one(Product, product_id, with_for_update=True)
        total = product.price
        if product.on_hand - product.reserved < 1:
            return answered(session, request_id, {"refused": "out_of_stock"})
        wallets = session.scalars(
            select(Wallet)
            .where(Wallet.id.in_([buyer_id, product.seller_id]))
            .order_by(Wallet.id)
            .with_for_update()
        )
        by_id = {wallet.id: wallet for wallet in wallets}
        buyer, seller = by_id[buyer_id], by_id[product.seller_id]
        if buyer.balance - buyer.held < total:
            return answered(session, request_id, {"refused": "insufficient_funds"})
        product.reserved += 1
        buyer.held += total
        seller.coming += total
        order = _order(buyer_id, product, address, now)
        session.add(order)
        session.add_all(_consequences(order, product, now))
        body = {"order_id": str(order.id), "total": total, "state": order.state}
        return answered(session, request_id, body)


def answered(session: Session, request_id: uuid.UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Remember what is answered to a request."""
    session.add(Answer(id=request_id, body=body))
    return body


def _order(buyer_id: uuid.UUID, product: Product, address: Address, now: datetime) -> Order:
    return Order(
        id=uuid.uuid4(),
        buyer_id=buyer_id,
        seller_id=product.seller_id,
        state="paid",
        total=product.price,
        address=address.body,
        placed_at=now,
        deadline_at=now + timedelta(hours=72),
        lines=[
            Line(
                position=0,
                product_id=product.id,
                title=product.title,
                quantity=1,
                unit_price=product.price,
            )
        ],
        steps=[Step(state=state, actor_id=buyer_id, at=now) for state in ("placed", "paid")],
    )


def _consequences(order: Order, product: Product, now: datetime) -> list[Base]:
    body = {"order_id": str(order.id), "total": order.total, "state": order.state}
    return [
        Transfer(
            id=uuid.uuid4(),
            debit_id=order.buyer_id,
            credit_id=order.seller_id,
            amount=order.total,
            phase="pending",
            order_id=order.id,
            at=now,
        ),
        Movement(id=uuid.uuid4(), product_id=product.id, order_id=order.id, quantity=1, at=now),
        Timer(order_id=order.id, due_at=order.deadline_at),
        Event(id=uuid.uuid4(), order_id=order.id, kind="order.paid", body=body, at=now),
    ]


def fill(url: str) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """Make the tables and fill them; gives the buyers and the products."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    buyers, sellers, products = (
        [uuid.uuid4() for _ in range(count)] for count in (BUYERS, SELLERS, PRODUCTS)
    )
    door = {"recipient": "At home", "phone": "+8613800138000", "lines": ["1 Lake Road"]}
    with Session(engine) as session, session.begin():
        session.add_all(Wallet(id=id, balance=10**12, held=0, coming=0) for id in buyers + sellers)
        session.add_all(Address(buyer_id=id, body=door) for id in buyers)
        session.add_all(
            Product(
                id=id,
                seller_id=sellers[number % SELLERS],
                title=f"Green tea of the spring, number {number}",
                price=6_400,
                on_hand=1_000_000,
                reserved=0,
            )
            for number, id in enumerate(products)
        )
    engine.dispose()
    return buyers, products


def work(url: str, people: Any, seconds: float, threads: int, said: Any) -> None:  # noqa: ANN401  a queue
    """Order from so many threads; tells the time each order took."""
    buyers, products = people
    engine = create_engine(url, pool_size=threads)
    begin = time.monotonic() + WARM_SECONDS
    latencies: list[float] = []

    def buy() -> None:
        chance = random.Random()
        while (sent := time.monotonic()) < begin + seconds:
            with Session(engine, expire_on_commit=False) as session:
                place(session, uuid.uuid4(), chance.choice(buyers), chance.choice(products))
            answered_at = time.monotonic()
            if begin <= answered_at < begin + seconds:
                latencies.append(answered_at - sent)

    crowd = [threading.Thread(target=buy) for _ in range(threads)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    said.put(latencies)


def measure(url: str, people: Any, seconds: float, threads: int) -> list[float]:  # noqa: ANN401  as above
    """Order from two processes."""
    said: Any = multiprocessing.Queue()
    facts = (url, people, seconds, threads, said)
    crowd = [multiprocessing.Process(target=work, args=facts) for _ in range(PROCESSES)]
    for one in crowd:
        one.start()
    latencies = [latency for _ in crowd for latency in said.get()]
    for one in crowd:
        one.join()
    return latencies


def main() -> None:
    """Find the thread count that suits it best, and measure with it."""
    url, seconds = sys.argv[1].replace("postgresql:", "postgresql+psycopg:"), float(sys.argv[2])
    people = fill(url)
    found = {count: len(measure(url, people, 2.0, count)) for count in (2, 4, 8)}
    best = max(found, key=lambda count: found[count])
    latencies = sorted(measure(url, people, seconds, best))
    print(
        json.dumps(
            {
                "per_second": len(latencies) / seconds,
                "p50_ms": 1000 * latencies[len(latencies) // 2],
                "p99_ms": 1000 * latencies[len(latencies) * 99 // 100],
                "threads": best,
            }
        )
    )


if __name__ == "__main__":
    main()
