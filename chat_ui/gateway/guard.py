"""Keeps calls of a site that many use from reaching what only its own network should.

An address that was entered on a page may be a name that leads inside. So names are looked up here, every
address they lead to is judged, and the connection goes to the address that was judged: a name that leads
elsewhere the next time gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from chat_ui.words import say

__all__ = ["ForbiddenAddress", "is_public", "public_address"]

# They carry an IPv4 address inside, which is what counts: RFC 6052 and 8215, 3056, 4291.
NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
COMPATIBLE = IPv6Network("::/96")


class ForbiddenAddress(OSError):  # noqa: N818 - it says what happened
    """A name leads to an address that isn't on the open internet."""


async def public_address(host: str, port: int) -> str:
    """Look a name up; returns one of its addresses.

    Raises:
        ForbiddenAddress: one of them isn't on the open internet.
        OSError: it can't be looked up.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    if not all(map(is_public, addresses)):
        raise ForbiddenAddress(say("gateway.private_address", host=host))
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is on the open internet, whatever it is wrapped in."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        inside = _inside(parsed)
        if inside is not None:
            return is_public(str(inside))
        if any(parsed in network for network in NAT64) or parsed in COMPATIBLE:
            return False
    return parsed.is_global and not parsed.is_multicast


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64[0] or (address in COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
