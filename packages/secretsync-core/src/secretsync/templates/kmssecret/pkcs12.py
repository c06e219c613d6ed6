"""PKCS#12: keys and certificates out of it, and into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import Function
from ..pem import Block, blocks, write_block
from ..values import decoded, encoded
from .chains import certificates, link, ordered
from .encoding import encode_base64
from .keys import certificate, der_of, opened, pkcs8, private_key, sealed


def key_of(password: str, data: str) -> str:
    """Return the private key, as PKCS#8 in PEM."""
    key, _ = opened(encoded(data), encoded(password))
    return write_block("PRIVATE KEY", pkcs8(key))


def certificates_of(password: str, data: str) -> str:
    """Return the certificates in PEM, from the leaf to the root."""
    _, found = opened(encoded(data), encoded(password))
    return certificates(ordered([link(der_of(one)) for one in found]))


def first_into(cert: str, key: str, password: str) -> str:
    """Return the first certificate and a key as PKCS#12 in base64."""
    return _into(_blocks(cert)[:1], key, password)


def all_into(cert: str, key: str, password: str) -> str:
    """Return a certificate, those of its authorities and a key as PKCS#12 in base64."""
    found = _blocks(cert)
    if encoded(cert)[found[-1].end :]:
        raise FunctionError("there is text after the last certificate")
    return _into(found, key, password)


def _into(found: list[Block], key: str, password: str) -> str:
    chain = [certificate(block.content) for block in found]
    made = sealed(private_key(_blocks(key)[0].content), chain, encoded(password))
    return encode_base64(decoded(made))


def _blocks(text: str) -> list[Block]:
    found = list(blocks(encoded(text)))
    if not found:
        raise FunctionError("there is no PEM block")
    return found


FUNCTIONS: Final[Mapping[str, Function]] = {
    "fullPemToPkcs12": Function(lambda cert, key: all_into(cert, key, ""), ("string",) * 2, gives="string"),
    "fullPemToPkcs12Pass": Function(all_into, ("string",) * 3, gives="string"),
    "pemToPkcs12": Function(lambda cert, key: first_into(cert, key, ""), ("string",) * 2, gives="string"),
    "pemToPkcs12Pass": Function(first_into, ("string",) * 3, gives="string"),
    "pkcs12cert": Function(lambda data: certificates_of("", data), ("string",), gives="string"),
    "pkcs12certPass": Function(certificates_of, ("string", "string"), gives="string"),
    "pkcs12key": Function(lambda data: key_of("", data), ("string",), gives="string"),
    "pkcs12keyPass": Function(key_of, ("string", "string"), gives="string"),
}
