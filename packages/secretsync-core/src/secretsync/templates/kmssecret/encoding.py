"""Base64, of texts and of bytes."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import Function
from ..gobase64 import BadBase64, decode_base64
from ..values import decoded, encoded


def encode_base64(text: str) -> str:
    """Return a text in base64: the standard alphabet, padded, one line."""
    return binascii.b2a_base64(encoded(text), newline=False).decode("ascii")


def base64_bytes(text: str) -> str:
    """Return what base64 says, which need not be UTF-8; ends of lines within are ignored."""
    try:
        return decoded(decode_base64(encoded(text)))
    except BadBase64:
        raise FunctionError("the text is no base64") from None


FUNCTIONS: Final[Mapping[str, Function]] = {
    "decodeBase64ToBytes": Function(base64_bytes, ("string",), gives="string"),
    "encodeBase64": Function(encode_base64, ("string",), gives="string"),
}
