"""Which computers a webhook may reach: none inside the house, unless the site allows it.

Whoever may enter a webhook could otherwise have this server knock at doors that only it can
reach: the cloud's metadata, a database's own pages (server-side request forgery, CWE-918).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: IPv6 addresses that carry an IPv4 address in their last four bytes (RFC 6052).
_NAT64 = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
)


class NotAllowed(ValueError):
    """The name leads to a computer that webhooks may not reach, or nowhere."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """:raises ValueError: one is not a network such as ``10.0.0.0/8``."""
    return tuple(ipaddress.ip_network(text.strip()) for text in texts if text.strip())


def may_reach(address: Address, allowed: Sequence[Network]) -> bool:
    """Public addresses, and those in *allowed*.

    An IPv6 address with an IPv4 address inside (mapped, 6to4, Teredo, NAT64) must satisfy the
    rule for both.
    """
    return all(
        _is_public(each) or any(each in one for one in allowed if one.version == each.version)
        for each in (_inner(address), address)
        # A mapped address is the IPv4 address and nothing else.
        if not (isinstance(each, ipaddress.IPv6Address) and each.ipv4_mapped)
    )


def _is_public(address: Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _inner(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


@dataclass(frozen=True, slots=True)
class Reached:
    """The address to connect to, looked at once: asked again, a name could lead elsewhere."""

    address: str

    @property
    def in_url(self) -> str:
        return f"[{self.address}]" if ":" in self.address else self.address


def look_up(host: str, port: int, allowed: Sequence[Network]) -> Reached:
    """Where *host* is, if webhooks may go to every place that it names.

    :raises NotAllowed: one of its addresses is inside the house.
    :raises OSError: nobody knows the name.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    for address in addresses:
        if not may_reach(address, allowed):
            raise NotAllowed(
                f"{host} leads to {address}, which is inside the house. Its network would have "
                "to stand in ATTUNE_WEBHOOK_NETWORKS."
            )
    if not addresses:
        raise NotAllowed(f"{host} leads nowhere.")
    return Reached(str(addresses[0]))
