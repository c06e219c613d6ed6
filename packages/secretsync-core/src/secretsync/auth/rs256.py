"""RSA signatures with SHA-256, as JWTs and signed requests want them. Needs the extra `crypto`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import MissingExtra
from ..values import SecretValue

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


def sign(key: SecretValue, message: bytes) -> bytes:
    """Return the signature of a message with a private key in PEM.

    Raises:
        ValueError: It is no RSA key, or one with a passphrase. The message holds nothing of it.
        MissingExtra: cryptography is not installed.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256
    except ModuleNotFoundError:
        raise MissingExtra("signing with a private key", "secretsync-core[crypto]") from None
    return _loaded(key).sign(message, PKCS1v15(), SHA256())


def _loaded(key: SecretValue) -> RSAPrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        loaded: object = load_pem_private_key(key.reveal(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        loaded = None  # raised anew below, because the original may quote the key
    if isinstance(loaded, RSAPrivateKey):
        return loaded
    msg = "it is no RSA key in PEM without a passphrase"
    raise ValueError(msg)
