"""Where a webhook may lead: never into the network that the market itself runs in.

A name is resolved once, every address that it has is checked, and the
connection goes to a checked address, with the name kept for TLS and for the
`Host` header. So a name that resolves to something else a moment later (DNS
rebinding) changes nothing.
"""

import asyncio
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

_URL_MAX = 2000
_RESOLVE_S = 5
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TargetError(Exception):
    """A webhook's address leads nowhere, or where it may not; the message says why."""


class Target(Struct, frozen=True):
    """A checked address to connect to, and the name that it was asked by."""

    url: str
    """With the network address in the place of the name."""
    host: str
    """For the `Host` header."""
    name: str
    """For TLS: the certificate must be the name's."""


def checked(url: str, *, private: bool) -> SplitResult:
    """Check the form of a URL; plain HTTP is only for private networks, where they are allowed."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError as error:
        raise TargetError("it is not a URL") from error
    schemes = {"https", "http"} if private else {"https"}
    if parts.scheme not in schemes:
        raise TargetError(f"it must begin with {' or '.join(sorted(schemes))}://")
    if not parts.hostname or not port_is_fine:
        raise TargetError("it names no host")
    if parts.username is not None or parts.password is not None:
        raise TargetError("it must not hold a user or a password")
    if parts.fragment or len(url) > _URL_MAX:
        raise TargetError(f"it must have no fragment and at most {_URL_MAX} characters")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise TargetError("it must be of printable ASCII characters")
    if not private and (literal := _literal(parts.hostname)) and not is_public(literal):
        raise TargetError("it leads into a private network")
    return parts


async def resolve(url: str, *, private: bool) -> Target:
    """Resolve a URL to an address that may be connected to.

    One address that leads into a private network refuses the whole name: who
    mixes them is up to something.
    """
    parts = checked(url, private=private)
    name, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    addresses = await _addresses(name, port)
    if not private and not all(is_public(address) for address in addresses):
        raise TargetError("it leads into a private network")
    address = addresses[0]
    spelled = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004
    query = f"?{parts.query}" if parts.query else ""
    return Target(
        url=f"{parts.scheme}://{spelled}:{port}{parts.path or '/'}{query}",
        host=parts.netloc,
        name=name,
    )


async def _addresses(name: str, port: int) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVE_S):
            found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise TargetError(f"the name {name} cannot be resolved") from error
    # A zone (%eth0) belongs to link-local addresses alone.
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Tell whether an address is of the open Internet, also where it wraps another one."""
    inner = _wrapped(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _wrapped(address: Address) -> ipaddress.IPv4Address | None:
    """Find the IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
