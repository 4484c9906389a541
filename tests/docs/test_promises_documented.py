"""docs/promises.md speaks of every promise by its name, and of no other."""

from serai import trade, worker
from serai.kernel.tx import Tx
from tests.docs import reading


async def test_every_promise_is_told_by_its_name_and_number(tx: Tx) -> None:
    promises = await trade.audit(tx, worker.reactions())

    told = reading.headings(reading.text("docs/promises.md"), 2)

    assert told == [f"{one.number}. {one.name[0].upper()}{one.name[1:]}" for one in promises]


def test_of_each_it_is_said_how_it_is_kept_and_how_it_is_checked() -> None:
    silent = [
        name
        for name, body in reading.sections(reading.text("docs/promises.md"), 2).items()
        if "*Kept by:*" not in body or "*Checked by:*" not in body
    ]

    assert silent == []
