"""CA bundles: certificates that a Secret holds, by the digest under which a client of HTTP knows them (kmssecret §4).

A run gets the digest and never the certificates: it becomes `Identity.trust`, so that a login, a token and a
connection that were made under one bundle are never used under another.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Mapping, MutableMapping
from types import MappingProxyType
from typing import Final

from secretsync.classes import frozen
from secretsync.queries import query
from secretsync.values import SecretValue

from .queries import ClusterQuery

_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@frozen
class BundleRef:
    """A bundle as objects refer to it: one key of a Secret."""

    namespace: str
    name: str
    key: str


@query
class TrustBundles(ClusterQuery[Mapping[str, str]]):
    """Asks which CA bundles a Secret holds: the digest of each by its key, "" where a key holds no certificate."""

    namespace: str
    name: str
    pushed = True
    private = False

    def __str__(self) -> str:
        return f"Secret {self.namespace}/{self.name}"


def bundles(content: Mapping[str, SecretValue], known: MutableMapping[str, bytes]) -> Mapping[str, str]:
    """Return the digests of the bundles in a Secret, and add the bundles themselves to those that are `known`.

    Only certificates are taken: what else a key holds beside them, a private key perhaps, stays where it is.
    """
    digests = {}
    for key, value in content.items():
        certificates = b"\n".join(_CERTIFICATE.findall(value.reveal()))
        digest = hashlib.sha256(certificates).hexdigest() if _loads(certificates) else ""
        if digest:
            known[digest] = certificates
        digests[key] = digest
    return MappingProxyType(digests)


def _loads(certificates: bytes) -> bool:
    """Whether every certificate can be read; those of one bundle are trusted together or not at all."""
    if not certificates:
        return False
    try:
        ssl.create_default_context(cadata=certificates.decode("ascii"))
    except (ssl.SSLError, ValueError):
        return False
    return True
