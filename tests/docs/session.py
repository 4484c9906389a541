"""A session of curl and jq as a document writes it, played against a market without either."""

import json
import re
import shlex
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
from msgspec import Struct

_BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INTO = re.compile(r"(\w+)=\$\((.*)\)")
_PATH = re.compile(r"\.(\w+)|\[(\d+)\]")


class Said(Struct, frozen=True):
    """A block of commands, and the answer to the last of them that a document shows."""

    commands: list[str]
    answer: Any


def blocks(document: str) -> Iterator[Said]:
    """A document's blocks of commands, each with the answer that follows it, if any."""
    found = [(kind, text, end) for kind, text, end in _found(document)]
    for place, (kind, text, end) in enumerate(found):
        if kind != "sh" or "curl" not in text:
            continue
        following = found[place + 1] if place + 1 < len(found) else ("", "", end)
        between = document[end : document.find("```json", end)]
        shown = following[0] == "json" and not between.strip()
        yield Said(text.splitlines(), json.loads(following[1]) if shown else None)


def _found(document: str) -> Iterator[tuple[str, str, int]]:
    for found in _BLOCK.finditer(document):
        yield found[1], found[2], found.end()


class Session:
    """A shell that knows curl, jq and variables, and nothing else."""

    def __init__(
        self, client: httpx.AsyncClient, after: Callable[[], Awaitable[object]], **given: str
    ) -> None:
        self._client = client
        self._after = after
        self._variables = given

    async def play(self, commands: list[str]) -> Any:  # noqa: ANN401  whatever JSON says
        """Send the requests of some lines, and give what the last of them would print."""
        printed: Any = None
        for command in commands:
            into = _INTO.fullmatch(command)
            printed = await self._run(into[2] if into else command)
            if into:
                self._variables[into[1]] = str(printed)
        return printed

    async def _run(self, command: str) -> Any:  # noqa: ANN401
        curl, _, jq = command.partition(" | jq ")
        answer = await self._curl(shlex.split(self._filled(curl)))
        await self._after()
        return _jq(jq.removeprefix("-r ").strip("'"), answer) if jq else answer

    def _filled(self, command: str) -> str:
        return re.sub(r"\$(\w+)", lambda found: self._variables[found[1]], command)

    async def _curl(self, words: list[str]) -> Any:  # noqa: ANN401
        assert words[:2] == ["curl", "-sS"], words
        url, rest = words[2], words[3:]
        headers: dict[str, str] = {}
        body: str | None = None
        while rest:
            option, value, *rest = rest
            assert option in {"-H", "--json"}, option
            if option == "-H":
                name, _, content = value.partition(": ")
                headers[name] = content
            else:
                body = value
                headers["Content-Type"] = "application/json"
        method = "GET" if body is None else "POST"
        answer = await self._client.request(method, url, content=body, headers=headers)
        return answer.json()


def _jq(wanted: str, answer: Any) -> Any:  # noqa: ANN401
    """Take a path such as `.orders[0].id`, or some fields such as `{name, state}`."""
    if wanted.startswith("{"):
        return {name.strip(): answer[name.strip()] for name in wanted.strip("{}").split(",")}
    for name, place in _PATH.findall(wanted):
        answer = answer[name] if name else answer[int(place)]
    return answer


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def timeless(value: Any) -> Any:  # noqa: ANN401
    """An answer without what is another every time: ids and moments."""
    if isinstance(value, dict):
        return {name: timeless(one) for name, one in value.items()}
    if isinstance(value, list):
        return [timeless(one) for one in value]
    if isinstance(value, str):
        return _MOMENT.sub("(a moment)", _ID.sub("(an id)", value))
    return value
