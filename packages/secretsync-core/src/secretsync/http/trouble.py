"""What went wrong below us, as errors of ours."""

from __future__ import annotations

import socket
import ssl
from typing import Final

import httpcore
import httpx

from ..errors import BackendError, TLSError, Unavailable, WrongEndpoint
from .places import destination_of

FAILURES: Final = (
    httpcore.ConnectionNotAvailable,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)
"""Every way in which an exchange goes wrong below us."""

_VERIFY_WORDS: Final = {
    10: "its certificate has expired",
    18: "its certificate is self-signed and not in the trusted bundle",
    19: "its certificate's authority is not in the trusted bundle",
    20: "its certificate's authority is not in the trusted bundle",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}


def translated(exc: Exception, url: str, operation: str) -> BackendError:
    """Return what an exception of httpcore means, or an invalid URL; the text of that is not in it."""
    if isinstance(exc, httpx.InvalidURL | httpcore.UnsupportedProtocol):
        return WrongEndpoint("its address", operation, "it is not a URL that can be asked; check the scheme and host")
    origin, chain = destination_of(url).origin, _chain(exc)
    tls = next((link for link in chain if isinstance(link, ssl.SSLError)), None)
    if isinstance(exc, httpcore.ConnectError) and tls is not None:
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
    (httpcore.ConnectTimeout, "no connection in time"),
    (httpcore.TimeoutException, "no answer in time"),
    (httpcore.ProxyError, "the proxy refused"),
    (socket.gaierror, "its name does not resolve"),
    (ConnectionRefusedError, "the connection was refused"),
    (httpcore.ConnectError, "no connection"),
)
"""What httpcore or what lies below it says, in order of precedence."""
