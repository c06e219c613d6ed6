"""From where requests are taken: lists of addresses and networks, empty for everywhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


def trusted(networks: Collection[str], address: str) -> bool:
    """Return whether a request is taken; one from inside this process has no address, and is."""
    if not networks or not address:
        return True
    peer = ip_address(address)
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer in _network(one) for one in networks)


def unreadable(networks: Sequence[str]) -> str:
    """Return the first that is neither an address nor a network, "" if there is none."""
    for one in networks:
        try:
            _network(one)
        except ValueError:
            return one
    return ""


@lru_cache(maxsize=256)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)
