"""Sprig's private keys: made, read from PEM and written to it. RSA and DSA keys are made with OpenSSL's own chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.dsa import generate_private_key as make_dsa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as make_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as make_rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from ..errors import FunctionError
from ..functions import Function
from ..pem import first_block, write_block
from ..runtime import Run

COST: Final = 80
"""The square of a key's bits over this is what making it counts as, in turns of loops.

It may take seconds, and so the limit bounds how many there may be: nineteen RSA keys of 2048 bits, four of 4096.
"""
_EXPONENT: Final = 65_537
_KEY: Final = " PRIVATE KEY"
_WHERE: Final = {
    "PRIVATE KEY": "decoding PEM as PKCS#8",
    "RSA PRIVATE KEY": "parsing RSA private key from PEM",
    "EC PRIVATE KEY": "parsing EC private key from PEM",
    "DSA PRIVATE KEY": "parsing DSA private key from PEM",
}


def make_rsa_key(run: Run, bits: int) -> RSAPrivateKey:
    """Return a new RSA key."""
    run.spend(bits * bits // COST)
    return make_rsa(_EXPONENT, bits)


def _make_dsa_key(run: Run, bits: int) -> DSAPrivateKey:
    run.spend(bits * bits // COST)
    return make_dsa(bits)


_KINDS: Final[Mapping[str, Callable[[Run], PrivateKeyTypes]]] = {
    "": lambda run: make_rsa_key(run, 4096),
    "rsa": lambda run: make_rsa_key(run, 4096),
    "dsa": lambda run: _make_dsa_key(run, 2048),
    "ecdsa": lambda _: make_ec(SECP256R1()),
    "ed25519": lambda run: Ed25519PrivateKey.from_private_bytes(run.sources.random(32)),
}


def gen_private_key(run: Run, kind: str) -> str:
    """Return a new private key of a kind, `rsa` if it is empty, as PEM; or that the kind is unknown."""
    make = _KINDS.get(kind)
    if make is None:
        return f"Unknown type {kind}"
    return write_key(make(run))


def write_key(key: PrivateKeyTypes) -> str:
    """Return a private key as PEM, in the form of its kind: PKCS#1, SEC 1, that of DSA, or else PKCS#8."""
    has_form = isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey | DSAPrivateKey)
    form = PrivateFormat.TraditionalOpenSSL if has_form else PrivateFormat.PKCS8
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode("ascii")


def read_key(pem: bytes) -> PrivateKeyTypes:
    """Return the private key of the first block of PEM.

    Raises:
        FunctionError: There is none.
    """
    block = first_block(pem)
    if block is None:
        raise FunctionError("no PEM data in input")
    if block.type not in _WHERE:
        what = "invalid private key type" if block.type.endswith(_KEY) else "no private key data in PEM block of type"
        raise FunctionError(f"{what} [redacted]")
    try:
        # Without what surrounded the block, headers of encryption among it, which Go does not look at either.
        return load_pem_private_key(write_block(block.type, block.content).encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise FunctionError(f"{_WHERE[block.type]}: [redacted]") from None


FUNCTIONS: Final[Mapping[str, Function]] = {
    "genPrivateKey": Function(gen_private_key, ("string",), gives="string", needs_run=True),
}
