"""PKCS#12: keys and certificates out of it, and into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import Function
from ..pem import Block, blocks, write_block
from ..runtime import Run
from ..values import decoded, encoded
from .chains import certificates, link, ordered
from .encoding import encode_base64
from .keys import certificate, der_of, opened, pkcs8, private_key, sealed


def key_of(run: Run, password: str, data: str) -> str:
    """Return the private key, as PKCS#8 in PEM."""
    key, _ = opened(run, encoded(data), encoded(password))
    return write_block("PRIVATE KEY", pkcs8(key))


def certificates_of(run: Run, password: str, data: str) -> str:
    """Return the certificates in PEM, from the leaf to the root."""
    _, found = opened(run, encoded(data), encoded(password))
    return certificates(ordered([link(der_of(one)) for one in found]))


def first_into(run: Run, cert: str, key: str, password: str) -> str:
    """Return the first certificate and a key as PKCS#12 in base64."""
    return _into(run, _blocks(cert)[:1], key, password)


def all_into(run: Run, cert: str, key: str, password: str) -> str:
    """Return a certificate, those of its authorities and a key as PKCS#12 in base64."""
    found = _blocks(cert)
    if encoded(cert)[found[-1].end :]:
        raise FunctionError("there is text after the last certificate")
    return _into(run, found, key, password)


def _into(run: Run, found: list[Block], key: str, password: str) -> str:
    chain = [certificate(block.content) for block in found]
    made = sealed(private_key(run, _blocks(key)[0].content), chain, encoded(password))
    return encode_base64(decoded(made))


def _blocks(text: str) -> list[Block]:
    found = list(blocks(encoded(text)))
    if not found:
        raise FunctionError("there is no PEM block")
    return found


def _function(call: Callable[..., str], count: int) -> Function:
    return Function(call, ("string",) * count, gives="string", needs_run=True)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "fullPemToPkcs12": _function(lambda run, cert, key: all_into(run, cert, key, ""), 2),
    "fullPemToPkcs12Pass": _function(all_into, 3),
    "pemToPkcs12": _function(lambda run, cert, key: first_into(run, cert, key, ""), 2),
    "pemToPkcs12Pass": _function(first_into, 3),
    "pkcs12cert": _function(lambda run, data: certificates_of(run, "", data), 1),
    "pkcs12certPass": _function(certificates_of, 2),
    "pkcs12key": _function(lambda run, data: key_of(run, "", data), 1),
    "pkcs12keyPass": _function(key_of, 2),
}
