"""Sprig's AES-256 in CBC mode, with the password as the key: for what other programs have encrypted so."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ..errors import FunctionError
from ..functions import Function
from ..gobase64 import BadBase64, decode_base64
from ..runtime import Run
from ..values import decoded, encoded

_BLOCK: Final = 16
_KEY: Final = 32


def _cipher(password: str, vector: bytes) -> Cipher[CBC]:
    return Cipher(AES256(encoded(password)[:_KEY].ljust(_KEY, b"\0")), CBC(vector))


def encrypt_aes(run: Run, password: str, text: str) -> str:
    """Return a text encrypted, in base64 after the vector that it begins with; nothing of nothing."""
    if not text:
        return ""
    raw = encoded(text)
    missing = _BLOCK - len(raw) % _BLOCK
    vector = run.sources.random(_BLOCK)
    encryptor = _cipher(password, vector).encryptor()
    encrypted = encryptor.update(raw + bytes([missing]) * missing) + encryptor.finalize()
    return b64encode(vector + encrypted).decode("ascii")


def decrypt_aes(password: str, text: str) -> str:
    """Return what `encryptAES` encrypted; Go does not check the padding but for its length.

    Raises:
        FunctionError: It is no base64, or of another length.
    """
    if not text:
        return ""
    try:
        raw = decode_base64(encoded(text))
    except BadBase64 as error:
        raise FunctionError(str(error)) from None
    _check_length(raw)
    decryptor = _cipher(password, raw[:_BLOCK]).decryptor()
    padded = decryptor.update(raw[_BLOCK:]) + decryptor.finalize()
    if padded[-1] > len(padded):
        raise FunctionError("runtime error: slice bounds out of range [redacted]")
    return decoded(padded[: len(padded) - padded[-1]])


def _check_length(raw: bytes) -> None:
    if len(raw) < _BLOCK:
        raise FunctionError("runtime error: slice bounds out of range [redacted]")
    if len(raw) % _BLOCK:
        raise FunctionError("crypto/cipher: input not full blocks")
    if len(raw) == _BLOCK:
        raise FunctionError("runtime error: index out of range [-1]")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "decryptAES": Function(decrypt_aes, ("string", "string"), gives="string"),
    "encryptAES": Function(encrypt_aes, ("string", "string"), gives="string", needs_run=True),
}
