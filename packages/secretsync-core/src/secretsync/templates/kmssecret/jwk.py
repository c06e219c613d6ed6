"""Keys written as JSON: RSA, the NIST curves and Ed25519."""

from __future__ import annotations

import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..errors import FunctionError
from ..functions import Function
from ..pem import write_block
from ..runtime import Run
from .keys import KEY_COST, pkcs8, spki


def public_pem(run: Run, text: str) -> str:
    """Return a public key, as SubjectPublicKeyInfo in PEM."""
    return write_block("PUBLIC KEY", spki(_key(run, text, private=False)))


def private_pem(run: Run, text: str) -> str:
    """Return a private key, as PKCS#8 in PEM."""
    return write_block("PRIVATE KEY", pkcs8(_key(run, text, private=True)))


def _key(run: Run, text: str, *, private: bool) -> Any:
    jwk = _object(text)
    make = _KINDS.get(str(jwk.get("kty")))
    if make is None or ("d" in jwk) != private:
        raise FunctionError(f"the key is no {'private' if private else 'public'} one")
    if private:
        run.spend(len(text) ** 2 // KEY_COST)
    try:
        return make(jwk, private)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        raise FunctionError("the key is no JWK") from None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise FunctionError("the key is no JSON") from None
    if not isinstance(found, dict):
        raise FunctionError("the key is no JSON object")
    return found


def _bytes(jwk: dict[str, Any], name: str) -> bytes:
    written = jwk[name]
    if not isinstance(written, str):
        raise TypeError
    return binascii.a2b_base64(written.translate(_STANDARD) + "=" * (-len(written) % 4), strict_mode=True)


_MOST_BITS: Final = 16384
_STANDARD: Final = str.maketrans("-_+/", "+/  ")


def _number(jwk: dict[str, Any], name: str) -> int:
    return int.from_bytes(_bytes(jwk, name), "big")


def _rsa(jwk: dict[str, Any], private: bool) -> Any:  # noqa: FBT001  # as all of `_KINDS`
    public = rsa.RSAPublicNumbers(_number(jwk, "e"), _number(jwk, "n"))
    if public.n.bit_length() > _MOST_BITS:
        raise ValueError
    if not private:
        return public.public_key()
    d = _number(jwk, "d")
    p, q = (
        (_number(jwk, "p"), _number(jwk, "q")) if "p" in jwk else rsa.rsa_recover_prime_factors(public.n, public.e, d)
    )
    rests = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *rests, public).private_key()


def _elliptic(jwk: dict[str, Any], private: bool) -> Any:  # noqa: FBT001
    curves: dict[str, Callable[[], ec.EllipticCurve]]
    curves = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
    public = ec.EllipticCurvePublicNumbers(_number(jwk, "x"), _number(jwk, "y"), curves[jwk["crv"]]())
    return ec.EllipticCurvePrivateNumbers(_number(jwk, "d"), public).private_key() if private else public.public_key()


def _edwards(jwk: dict[str, Any], private: bool) -> Any:  # noqa: FBT001
    if jwk["crv"] != "Ed25519":
        raise ValueError
    public = Ed25519PublicKey.from_public_bytes(_bytes(jwk, "x"))
    return Ed25519PrivateKey.from_private_bytes(_bytes(jwk, "d")) if private else public


_KINDS: Final[Mapping[str, Callable[[dict[str, Any], bool], Any]]] = {"EC": _elliptic, "OKP": _edwards, "RSA": _rsa}

FUNCTIONS: Final[Mapping[str, Function]] = {
    "jwkPrivateKeyPem": Function(private_pem, ("string",), gives="string", needs_run=True),
    "jwkPublicKeyPem": Function(public_pem, ("string",), gives="string", needs_run=True),
}
