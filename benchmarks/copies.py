"""Years of trade in minutes: orders that were placed, copied with other ids and earlier times.

10,000 orders are placed through the hall. Everything they wrote is copied a
hundred times or more, moved back in time by their span each time, and the
counters of wallets and shelves are raised accordingly, so that tables and
indexes have the size, the order and the values that so many orders would have
left.
"""

from benchmarks.ground import Ground

_TABLES = {
    "kernel_command": (("id",), ("at",), "kind = 'Checkout'"),
    "trade_order": (("id", "checkout_id"), ("placed_at", "deadline_at"), "true"),
    "trade_line": (("order_id",), (), "true"),
    "trade_transition": (("order_id", "command_id"), ("at",), "true"),
    "ledger_transfer": (("id", "journal_id", "subject_id"), ("at",), "phase = 'pending'"),
    "payments_hold": (("order_id", "pending_id"), ("opened_at",), "true"),
    "inventory_movement": (("id", "reference_id"), ("at",), "kind = 'reserve'"),
    "kernel_timer": (("subject", "set_id"), ("due_at",), "true"),
    "kernel_event": (("id", "subject"), ("at",), "kind = 'order.paid'"),
}
"""Each table that an order writes, its columns that hold ids of that order, and its times."""

_EARLIER = """
create function earlier(id uuid, milliseconds bigint) returns uuid immutable language sql as $$
    select (lpad(to_hex(
        ('x' || substr(id::text, 1, 8) || substr(id::text, 10, 4))::bit(48)::bigint - milliseconds
    ), 12, '0') || substr(replace(id::text, '-', ''), 13))::uuid
$$
"""

_SPAN = "select 1 + ceil(1000 * extract(epoch from max(at) - min(at))) from kernel_event"

_RAISE = """
update ledger_account set debits_pending = debits_pending * {times},
    credits_pending = credits_pending * {times}
where debits_pending > 0 or credits_pending > 0;
update inventory_stock set reserved = reserved * {times} where reserved > 0
"""


def multiply(ground: Ground, database: str, times: int) -> None:
    """Make the orders of a database so many times as many."""
    ground.run(_EARLIER, database)
    span = int(ground.run(_SPAN, database))
    for table, (_, _, condition) in _TABLES.items():
        made = f"create unlogged table copied_{table} as select * from {table} where {condition}"
        ground.run(made, database)
    columns = {table: _columns(ground, database, table) for table in _TABLES}
    for number in range(times - 1, 0, -1):
        back = number * span
        ground.script("; ".join(_copy(columns, table, back) for table in _TABLES), database)
    ground.script(_RAISE.format(times=times), database)
    ground.script("; ".join(f"drop table copied_{table}" for table in _TABLES), database)
    ground.run("drop function earlier", database)


def _columns(ground: Ground, database: str, table: str) -> list[str]:
    names: list[str] = ground.run(
        "select array_agg(attname::text order by attnum) from pg_attribute"
        f" where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped",
        database,
    )
    return names


def _copy(columns: dict[str, list[str]], table: str, back: int) -> str:
    ids, times, _ = _TABLES[table]
    values = ", ".join(_value(name, name in ids, name in times, back) for name in columns[table])
    return f"insert into {table} select {values} from copied_{table} order by 1"


def _value(name: str, is_id: bool, is_time: bool, back: int) -> str:  # noqa: FBT001  what a column is
    if is_id:
        return f"earlier({name}, {back})"
    if is_time:
        return f"{name} - interval '{back} milliseconds'"
    # What is old was delivered long ago.
    return "at" if name == "delivered_at" else name
