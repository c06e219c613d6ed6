"""Who signs the proofs that this server's clouds and issuers hand out, and how proofs are checked.

One key stands in for all: Microsoft's, Google's and that of an OIDC issuer. It is made when first needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Final

from ..auth.rs256 import sign
from ..clock import Clock
from ..errors import InvalidInput
from ..values import SecretValue
from .jwt import Claims, base64url, encoded, parsed
from .refusals import invalid_token, unauthorized

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

KEY_ID: Final = "secretsync-dev"
_BITS: Final = 2048


class Authority:
    """Safe to call from several threads. Needs the package cryptography, which the extra `dev` brings."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._made: RSAPrivateKey | None = None

    @property
    def private_key(self) -> SecretValue:
        """The key in PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return SecretValue(self._key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    @property
    def public_key(self) -> str:
        """The public key in PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def jwt(self, claims: Claims) -> str:
        """Return a token with these claims; `iat` is now and `exp` in an hour, unless they say otherwise."""
        now = int(self._clock.now().timestamp())
        header = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
        text = f"{encoded(header)}.{encoded({'iat': now, 'exp': now + 3600, **claims})}"
        return f"{text}.{base64url(sign(self.private_key, text.encode()))}"

    def claims(self, token: str, *, keys: Iterable[str] = ()) -> Claims:
        """Return what a token says that one of these has signed and that has not ended.

        Args:
            token: A JWT with RS256.
            keys: Public keys in PEM, besides this authority's own.

        Raises:
            Refusal: 401 when nobody known can have signed it, 403 TokenError for everything else.
        """
        signed = parsed(token)
        known = [_public(key) for key in keys]
        if signed.key_id == KEY_ID:
            known.append(self._key().public_key())
        if not known:
            raise unauthorized("Access denied: the token was signed with an unknown key")
        if not any(_verifies(key, signed.text, signed.signature) for key in known):
            raise invalid_token("invalid signature")
        ends = signed.claims.get("exp")
        if isinstance(ends, int | float) and ends <= self._clock.now().timestamp():
            raise invalid_token("jwt expired")
        return signed.claims

    def _key(self) -> RSAPrivateKey:
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

        with self._lock:
            if self._made is None:
                self._made = generate_private_key(public_exponent=65537, key_size=_BITS)
            return self._made


def verifies(key: str, message: bytes, signature: bytes) -> bool:
    """Whether the owner of a public key in PEM has signed this.

    Raises:
        InvalidInput: It is no public RSA key.
    """
    return _verifies(_public(key), message, signature)


def _verifies(key: RSAPublicKey, message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _public(pem: str) -> RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key: object = load_pem_public_key(pem.encode())
    except ValueError:
        key = None
    if not isinstance(key, RSAPublicKey):
        raise InvalidInput(["a key of the seed is no public RSA key in PEM"])
    return key
