"""Where a request goes: origins, redirects and proxies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Self
from urllib.parse import quote_plus
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from ..classes import frozen
from ..errors import InvalidInput, WrongEndpoint
from .exchange import Address, Request, Response

_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_READS: Final = frozenset({"GET", "HEAD"})
_NEAR: Final = frozenset({"localhost", "metadata.google.internal", "fd00:ec2::254"})


@frozen(eq=False)
class Destination:
    """Where a request goes: a URL, taken apart.

    Attributes:
        url: Whole.
        raw: The same for httpcore, but for its target.
        origin: Scheme, host and port; without the user and password that a URL may hold.
        path: As it is sent: `URL.path` is decoded.
        host: The header of this name.
        address: Host and port to connect to.
    """

    url: httpx.URL
    raw: httpcore.URL
    origin: str
    path: str
    host: bytes
    address: Address

    @classmethod
    def of(cls, url: httpx.URL) -> Self:
        return cls(
            url,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"),
            f"{url.scheme}://{url.netloc.decode('ascii')}",
            url.raw_path.partition(b"?")[0].decode("ascii"),
            url.netloc,
            (url.host, url.port or _PORTS.get(url.scheme, 0)),
        )

    def target(self, params: Mapping[str, str]) -> bytes:
        """Return what the request line asks for: the path with this query, or with the URL's own where there is none."""
        if not params:
            return self.url.raw_path
        query = "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in params.items()])
        return f"{self.path}?{query}".encode("ascii")


@lru_cache(maxsize=256)
def destination_of(url: str) -> Destination:
    """Return where a URL leads. Those without their query are few, and httpx parses one as long as we take for all the rest.

    Raises:
        httpx.InvalidURL: It is none.
    """
    return Destination.of(httpx.URL(url))


@lru_cache(maxsize=256)
def moved(to: Destination, address: Address) -> Destination:
    """Return a destination at another address."""
    return Destination.of(to.url.copy_with(host=address[0], port=address[1]))


_quoted = lru_cache(maxsize=256)(quote_plus)
"""Most parameters are the same in every request."""


def onward(response: Response, to: Destination, asked: Request) -> Destination | None:
    """Return where to ask next, None when this is the answer."""
    location = response.header("location")
    if response.status not in _REDIRECTS or not location:
        return None
    onto = Destination.of(to.url.join(location))
    if onto.origin != to.origin:
        detail = f"it redirects to {onto.origin}, where nothing is sent; if the API is there, use that address"
        raise WrongEndpoint(to.origin, asked.operation, detail, status=response.status)
    if asked.method not in _READS:
        detail = "it redirects a write; check the address"
        raise WrongEndpoint(to.origin, asked.operation, detail, status=response.status)
    return onto


def proxy_of(to: Destination) -> str | None:
    """Return the proxy that the environment names for this destination."""
    if _is_near(to.url.host) or proxy_bypass("{}:{}".format(*to.address)):
        return None
    named = getproxies()
    proxy = named.get(to.url.scheme) or named.get("all")
    if not proxy:
        return None
    full = proxy if "://" in proxy else f"http://{proxy}"
    if not full.startswith(("http://", "https://")):
        raise InvalidInput(
            [f"{to.url.scheme}_proxy: only http:// and https:// proxies are supported; correct or unset it"]
        )
    return full


def _is_near(host: str) -> bool:
    """Whether no proxy could stand between: this machine, and the metadata service of its cloud."""
    try:
        address = ip_address(host)
    except ValueError:
        return host in _NEAR or host.endswith(".localhost")
    return address.is_loopback or address.is_link_local or host in _NEAR
