"""Keys and certificates: what the functions about PKCS#12, JWK and chains need of cryptography."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES, load_pkcs12, serialize_key_and_certificates
from cryptography.x509 import (
    AuthorityKeyIdentifier,
    Certificate,
    ExtensionNotFound,
    SubjectKeyIdentifier,
    load_der_x509_certificate,
)

from ..errors import FunctionError
from ..runtime import Run
from .der import iterations

PrivateKey = Any
"""One of cryptography's many kinds of private keys."""
KEY_COST: Final = 250
"""Reading a private key proves its primes: the square of its bytes by this is what it counts in turns of a loop."""
DERIVATION_COST: Final = 4
"""So many iterations of a key derivation count as one turn."""
_LARGEST_KEY: Final = 5000
"""Bytes that a key in a PKCS#12 structure may have, whose size is not known before it is opened."""


def private_key(run: Run, der: bytes) -> PrivateKey:
    """Return the key of a PKCS#8, PKCS#1 or SEC 1 structure."""
    run.spend(len(der) ** 2 // KEY_COST)
    try:
        return load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise FunctionError("the key is not PKCS#1, PKCS#8 or SEC 1") from None


def pkcs8(key: PrivateKey) -> bytes:
    """Return a private key as PKCS#8."""
    der: bytes = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return der


def spki(key: Any) -> bytes:
    """Return a public key as SubjectPublicKeyInfo."""
    der: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return der


def certificate(der: bytes) -> Certificate:
    """Return a certificate."""
    try:
        return load_der_x509_certificate(der)
    except ValueError:
        raise FunctionError("a block is no certificate") from None


def der_of(found: Certificate) -> bytes:
    return found.public_bytes(Encoding.DER)


def key_ids(found: Certificate) -> tuple[bytes, bytes]:
    """Return the key identifiers of the subject and of the authority, empty where there is none."""
    try:
        subject = found.extensions.get_extension_for_class(SubjectKeyIdentifier).value.key_identifier
    except (ExtensionNotFound, ValueError):
        subject = b""
    try:
        authority = found.extensions.get_extension_for_class(AuthorityKeyIdentifier).value.key_identifier
    except (ExtensionNotFound, ValueError):
        authority = None
    return subject, authority or b""


def opened(run: Run, data: bytes, password: bytes) -> tuple[PrivateKey, list[Certificate]]:
    """Return the key and the certificates of a PKCS#12 structure."""
    run.spend(iterations(data) // DERIVATION_COST + min(len(data), _LARGEST_KEY) ** 2 // KEY_COST)
    try:
        found = load_pkcs12(data, password)
    except ValueError:
        raise FunctionError("the data is no PKCS#12, or the password is wrong") from None
    if found.key is None:
        raise FunctionError("there is not exactly one key")
    first = [found.cert.certificate] if found.cert else []
    return found.key, [*first, *(held.certificate for held in found.additional_certs)]


def sealed(key: PrivateKey, certificates: Sequence[Certificate], password: bytes) -> bytes:
    """Return a PKCS#12 structure of a key and certificates, that of the key first.

    It is encrypted with AES-256-CBC under PBKDF2-SHA-256, and has a MAC with SHA-256; without a password, neither.
    """
    lock: KeySerializationEncryption = NoEncryption()
    if password:
        builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2048)
        lock = builder.key_cert_algorithm(PBES.PBESv2SHA256AndAES256CBC).hmac_hash(SHA256()).build(password)
    try:
        return serialize_key_and_certificates(None, key, certificates[0], certificates[1:], lock)
    except (TypeError, ValueError):
        raise FunctionError("the certificate is not that of the key") from None
