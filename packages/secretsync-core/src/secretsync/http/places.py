"""Where a request goes: origins, redirects and proxies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote_plus
from urllib.request import getproxies, proxy_bypass

import httpx

from ..errors import InvalidInput, WrongEndpoint
from .exchange import Address, Request, Response

_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_READS: Final = frozenset({"GET", "HEAD"})
_NEAR: Final = frozenset({"localhost", "metadata.google.internal", "fd00:ec2::254"})


def address_of(url: httpx.URL) -> Address:
    """Return host and port."""
    return url.host, url.port or _PORTS.get(url.scheme, 0)


@lru_cache(maxsize=256)
def url_of(url: str) -> httpx.URL:
    """Return a URL. Those without their query are few, and httpx parses one as long as we take for all the rest."""
    return httpx.URL(url)


@lru_cache(maxsize=256)
def moved(url: httpx.URL, address: Address) -> httpx.URL:
    """Return a URL at another address."""
    return url.copy_with(host=address[0], port=address[1])


def target_of(url: httpx.URL, params: Mapping[str, str]) -> bytes:
    """Return what the request line asks for: the URL's path with this query, or with its own where there is none."""
    if not params:
        return url.raw_path
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in params.items())
    return f"{path_of(url)}?{query}".encode("ascii")


_quoted = lru_cache(maxsize=256)(quote_plus)
"""Most parameters are the same in every request."""


def origin_of(url: httpx.URL) -> str:
    """Return scheme, host and port; without the user and password that a URL may hold."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def path_of(url: httpx.URL) -> str:
    """Return the path as it is sent: `URL.path` is decoded."""
    return url.raw_path.partition(b"?")[0].decode("ascii")


def onward(response: Response, url: httpx.URL, asked: Request) -> httpx.URL | None:
    """Return where to ask next, None when this is the answer."""
    location = response.header("location")
    if response.status not in _REDIRECTS or not location:
        return None
    origin, target = origin_of(url), url.join(location)
    if origin_of(target) != origin:
        detail = f"it redirects to {origin_of(target)}, where nothing is sent; if the API is there, use that address"
        raise WrongEndpoint(origin, asked.operation, detail, status=response.status)
    if asked.method not in _READS:
        raise WrongEndpoint(origin, asked.operation, "it redirects a write; check the address", status=response.status)
    return target


def proxy_of(url: httpx.URL) -> str | None:
    """Return the proxy that the environment names for this URL."""
    if _is_near(url.host) or proxy_bypass("{}:{}".format(*address_of(url))):
        return None
    named = getproxies()
    proxy = named.get(url.scheme) or named.get("all")
    if not proxy:
        return None
    full = proxy if "://" in proxy else f"http://{proxy}"
    if not full.startswith(("http://", "https://")):
        raise InvalidInput(
            [f"{url.scheme}_proxy: only http:// and https:// proxies are supported; correct or unset it"]
        )
    return full


def _is_near(host: str) -> bool:
    """Whether no proxy could stand between: this machine, and the metadata service of its cloud."""
    try:
        address = ip_address(host)
    except ValueError:
        return host in _NEAR or host.endswith(".localhost")
    return address.is_loopback or address.is_link_local or host in _NEAR
