"""What went wrong below us, as errors of ours."""

from __future__ import annotations

import socket
import ssl
from typing import Final

import httpx

from ..errors import BackendError, TLSError, Unavailable, WrongEndpoint
from .places import origin_of

_VERIFY_WORDS: Final = {
    10: "its certificate has expired",
    18: "its certificate is self-signed and not in the trusted bundle",
    19: "its certificate's authority is not in the trusted bundle",
    20: "its certificate's authority is not in the trusted bundle",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}


def translated(exc: Exception, url: str, operation: str) -> BackendError:
    """Return what an exception of httpx means; the text of that is not in it."""
    if isinstance(exc, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return WrongEndpoint("its address", operation, "it is not a URL that can be asked; check the scheme and host")
    origin, chain = origin_of(httpx.URL(url)), _chain(exc)
    tls = next((link for link in chain if isinstance(link, ssl.SSLError)), None)
    if isinstance(exc, httpx.ConnectError) and tls is not None:
        return TLSError(origin, operation, _tls_words(tls))
    return Unavailable(origin, operation, _words(chain))


def _chain(exc: BaseException) -> list[BaseException]:
    """Return the exception and what lies below it; httpcore hides some causes from tracebacks, but not from here."""
    chain = [exc]
    while (below := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(below)
    return chain


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY_WORDS.get(error.verify_code, "its certificate does not verify")
    return "the TLS handshake failed; does it speak https on this port?"


def _words(chain: list[BaseException]) -> str:
    for kind, words in _TROUBLE:
        if any(isinstance(link, kind) for link in chain):
            return words
    return "the connection broke off"


_TROUBLE: Final[tuple[tuple[type[Exception], str], ...]] = (
    (httpx.ConnectTimeout, "no connection in time"),
    (httpx.TimeoutException, "no answer in time"),
    (httpx.ProxyError, "the proxy refused"),
    (socket.gaierror, "its name does not resolve"),
    (ConnectionRefusedError, "the connection was refused"),
    (httpx.ConnectError, "no connection"),
)
"""What httpx or what lies below it says, in order of precedence."""
