"""Base64, of texts and of bytes."""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import Function
from ..values import decoded, encoded

_LINE_ENDS: Final = re.compile(r"[\r\n]")


def encode_base64(text: str) -> str:
    """Return a text in base64: the standard alphabet, padded, one line."""
    return binascii.b2a_base64(encoded(text), newline=False).decode("ascii")


def decode_base64(text: str) -> str:
    """Return what base64 says, which need not be UTF-8; ends of lines within are ignored."""
    try:
        return decoded(binascii.a2b_base64(_LINE_ENDS.sub("", text).encode(), strict_mode=True))
    except (binascii.Error, UnicodeEncodeError):
        raise FunctionError("the text is no base64") from None


FUNCTIONS: Final[Mapping[str, Function]] = {
    "decodeBase64ToBytes": Function(decode_base64, ("string",), gives="string"),
    "encodeBase64": Function(encode_base64, ("string",), gives="string"),
}
