"""The picture of `serai trade`: it shows what was printed, and fetches nothing to do so."""

import re
import xml.etree.ElementTree as ET

from serai import trade, worker
from serai.kernel.tx import Tx
from tests.docs import reading
from tools.picture import drawn

PRINTED = "\n\x1b[1mA trade\x1b[0m\n\n 1  \x1b[32mbuyer & co\x1b[0m   <sign up>  \n"


def words(picture: str) -> list[tuple[float, str]]:
    """Each piece of text, with where it begins."""
    texts = ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314  our own
    return [(float(one.get("x", "")), (one.text or "").replace("\xa0", " ")) for one in texts]


def test_every_piece_of_text_stands_where_its_first_letter_was() -> None:
    found = words(drawn(PRINTED))

    assert [text for _, text in found] == ["A trade", "1", "buyer & co", "<sign up>"]
    assert [x / 12 for x, _ in found] == [0, 1, 4, 17]


def test_the_same_words_give_the_same_picture() -> None:
    assert drawn(PRINTED) == drawn(PRINTED)


def test_the_picture_fetches_nothing() -> None:
    addresses = set(re.findall(r"https?://[^\s\"']+", reading.text("docs/serai-trade.svg")))

    assert addresses == {"http://www.w3.org/2000/svg"}


async def test_the_picture_shows_every_promise_kept(tx: Tx) -> None:
    shown = " ".join(text for _, text in words(reading.text("docs/serai-trade.svg")))
    promises = await trade.audit(tx, worker.reactions())

    assert [one.name for one in promises if one.name not in shown] == []
    assert shown.count("✓") == len(promises) + 1
    assert "Every promise holds." in shown
