"""`OPTIONS`: an address tells all that may be asked of it.

The framework's own answer names the methods of the first handler of an address alone.
"""

from collections.abc import Iterator, Sequence

from litestar import Response
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_204_NO_CONTENT


def tellers(handlers: Sequence[HTTPRouteHandler]) -> Iterator[HTTPRouteHandler]:
    """Make the handler of `OPTIONS` for every address of these handlers."""
    methods: dict[str, set[str]] = {}
    for handler in handlers:
        for path in handler.paths:
            methods.setdefault(path, {HttpMethod.OPTIONS.value}).update(
                map(str, handler.http_methods)
            )
    for path, told in methods.items():
        yield _teller(path, ", ".join(sorted(told)))


def _teller(path: str, allowed: str) -> HTTPRouteHandler:
    async def tell() -> Response[None]:
        return Response(None, status_code=HTTP_204_NO_CONTENT, headers={"Allow": allowed})

    handler = HTTPRouteHandler(
        path,
        http_method=HttpMethod.OPTIONS,
        include_in_schema=False,
        status_code=HTTP_204_NO_CONTENT,
    )
    return handler(tell)
