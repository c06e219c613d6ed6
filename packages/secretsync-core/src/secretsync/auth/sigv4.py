"""Signatures of AWS, version 4, with nothing but the standard library.

Only headers that are given are signed, and the query as the URL has it. Compared with botocore on random requests in
the tests.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlsplit

from attrs import field

from ..classes import frozen
from ..values import SecretValue

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_STAMP: Final = "%Y%m%dT%H%M%SZ"


@frozen
class Keys:
    """Whose signature it is; temporary ones have a session token."""

    access_key_id: str
    secret_access_key: SecretValue
    session_token: SecretValue | None = None


@frozen
class Signable:
    """A request; the names of its headers in any spelling, `Host` among them."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@frozen
class Scope:
    """When and for what a signature is good; `moment` is UTC."""

    moment: datetime
    region: str
    service: str

    @property
    def stamp(self) -> str:
        return self.moment.strftime(_STAMP)

    @property
    def text(self) -> str:
        return f"{self.stamp[:8]}/{self.region}/{self.service}/aws4_request"


def signed(request: Signable, keys: Keys, scope: Scope) -> dict[str, str]:
    """Return the request's headers with the date, the session token if there is one, and the signature of them all."""
    headers = {**request.headers, "X-Amz-Date": scope.stamp}
    if keys.session_token is not None:
        headers["X-Amz-Security-Token"] = keys.session_token.text()
    whole = Signable(request.method, request.url, headers, request.body)
    names = ";".join(sorted(name.lower() for name in headers))
    parts = [f"Credential={keys.access_key_id}/{scope.text}", f"SignedHeaders={names}"]
    parts.append(f"Signature={signature(whole, keys.secret_access_key, scope)}")
    return {**headers, "Authorization": f"{_ALGORITHM} {', '.join(parts)}"}


def signature(request: Signable, secret: SecretValue, scope: Scope) -> str:
    """Return the signature of a request with all of its headers, in hexadecimal."""
    hashed = sha256(_canonical(request).encode()).hexdigest()
    text = f"{_ALGORITHM}\n{scope.stamp}\n{scope.text}\n{hashed}"
    key = b"AWS4" + secret.reveal()
    for part in scope.text.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _canonical(request: Signable) -> str:
    url = urlsplit(request.url)
    headers = sorted((name.lower(), " ".join(value.split())) for name, value in request.headers.items())
    return "\n".join(
        (
            request.method,
            quote(_plain(url.path), safe="/~"),
            "&".join("=".join(pair) for pair in sorted(_pairs(url.query))),
            *(f"{name}:{value}" for name, value in headers),
            "",
            ";".join(name for name, _ in headers),
            sha256(request.body).hexdigest(),
        )
    )


def _pairs(query: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(name, value) for name, _, value in parts]


def _plain(path: str) -> str:
    """Return a path without dots and empty segments."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept[-1:] = []
        elif segment not in ("", "."):
            kept.append(segment)
    return f"/{'/'.join(kept)}{'/' if kept and path.endswith('/') else ''}"
