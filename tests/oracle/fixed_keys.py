"""Keys and certificates that are the same each time, so that the cases with them are too. They keep no secret."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

CHANCE = Random(20091110)


def _is_prime(number: int) -> bool:
    odd, twos = number - 1, 0
    while not odd % 2:
        odd, twos = odd // 2, twos + 1
    for _ in range(20):
        power = pow(CHANCE.randrange(2, number - 1), odd, number)
        if power in {1, number - 1}:
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def _prime(bits: int, factor: int = 2) -> int:
    """Return a prime that is 1 more than a multiple of a factor."""
    while True:
        number = CHANCE.getrandbits(bits) | 3 << (bits - 2)
        number -= (number - 1) % factor
        if number % 2 and _is_prime(number):
            return number


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    p, q, e = _prime(512), _prime(512), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    parts = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return rsa.RSAPrivateNumbers(p, q, d, *parts, rsa.RSAPublicNumbers(e, p * q)).private_key()


@cache
def dsa_key() -> dsa.DSAPrivateKey:
    q = _prime(160)
    p = _prime(1024, q)
    g = pow(2, (p - 1) // q, p)
    public = dsa.DSAPublicNumbers(pow(g, 5, p), dsa.DSAParameterNumbers(p, q, g))
    return dsa.DSAPrivateNumbers(5, public).private_key()


def ec_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(2**200 + 7, curve or ec.SECP256R1())


def ed25519_key(first: int = 0) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(first, first + 32)))


def pem(key: PrivateKeyTypes, *, pkcs8: bool = False) -> str:
    """Return a key as PEM, in the form of its kind or as PKCS#8."""
    has_form = not pkcs8 and not isinstance(key, ed25519.Ed25519PrivateKey)
    form = serialization.PrivateFormat.TraditionalOpenSSL if has_form else serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")


def authority() -> str:
    """Return the certificate of an authority, as PEM; it signs itself with `ed25519_key`, the same each time."""
    key = ed25519_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fixed")])
    builder = (
        x509.CertificateBuilder()
        .serial_number(7)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    return builder.sign(key, None).public_bytes(serialization.Encoding.PEM).decode("ascii")
